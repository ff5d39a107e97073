// Whom a study has forgotten: STUDY/forgotten.json.
//
//   {"version": 1, "salt": hexadecimal, "videos": [...], "uploaders": [...], "raters": [...]}
//
// It holds marks, not names: a mark is the SHA-256 of the study's salt and the id. So a study can
// pass over what it has forgotten when it comes again in a list, and no list of ids can be read
// from it; who has the file and guesses an id can tell whether it is there. Models that are trained
// on a study mark what they were trained on with the same salt (pipeline/forget/trained_on.h).
//
// Errors: kCorrupt (not such a file), kIo.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mien {

class Forgotten {
 public:
  // Nobody, and no salt, where there is no file.
  static Result<Forgotten> read(const std::filesystem::path& study);
  // Writes a file with a salt and no marks where there is none.
  static Result<Forgotten> read_or_begin(const std::filesystem::path& study);

  bool any() const { return !videos.empty() || !uploaders.empty() || !raters.empty(); }
  const std::string& salt() const { return salt_; }
  std::string mark_of(std::string_view id) const;

  bool has_video(std::string_view id) const { return videos.contains(mark_of(id)); }
  bool has_uploader(std::string_view name) const { return uploaders.contains(mark_of(name)); }
  bool has_rater(std::string_view id) const { return raters.contains(mark_of(id)); }

  // A condition in SQL that is true where the expressions' video or uploader is forgotten, and
  // never null.
  std::string sql_is_forgotten(std::string_view video, std::string_view uploader) const;

  Status write(const std::filesystem::path& study) const;

  std::set<std::string, std::less<>> videos, uploaders, raters;  // marks

 private:
  std::string salt_;
};

// The mark that a salt gives an id.
std::string mark_with(std::string_view salt, std::string_view id);

std::filesystem::path forgotten_file(const std::filesystem::path& study);

// STUDY/.forget.json: what a call of `mien forget` has begun to remove and not yet removed.
std::filesystem::path forget_journal(const std::filesystem::path& study);
// kBusy where there is one: until it is done, nothing else writes into the study.
Status no_forgetting_undone(const std::filesystem::path& study);

}  // namespace mien
