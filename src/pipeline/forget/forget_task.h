// What the steps of forgetting share. For the forget_*.cc files only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/plan.h"
#include "pipeline/forget/forget.h"
#include "store/database.h"
#include "store/forgotten.h"

namespace mien {

struct ForgetTask {
  const std::filesystem::path& study;
  Database& database;
  bool dry_run;
  ForgetSummary& summary;
  const Forgotten& forgotten;  // before this call, for its salt

  std::set<std::string> videos, uploaders, raters;
  std::set<std::string> paths;  // of the videos' files
  std::string corpus_before;  // SHA-256 of corpus.parquet before anything was removed; empty: none

  void note(const std::filesystem::path& place, std::string what) {
    summary.changes.push_back({place.lexically_relative(study).string(), std::move(what)});
  }
  // A file or a folder; nothing where it is not there. In one step, so that no half of it stays.
  Status remove(const std::filesystem::path& path, std::string what = "removed");
  // Whether a text names what is forgotten, as a word of its own: an id, a name, a path or the name
  // of a file.
  bool is_named_in(std::string_view text) const;
  std::string sql_list_of_videos() const;  // 'a', 'b'
};

inline bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// The tables that are one file, duplicates among them; then the shards, pending videos and plan.
Status forget_in_tables(ForgetTask& task);
Status forget_in_annotations(ForgetTask& task);
// Maps, comparison, report; parts of them.
Status remove_sums(ForgetTask& task);
// Clips and their list; what raters said about them; raters.
Status forget_in_ratings(ForgetTask& task);
// Overlays and features; lines of logs.
Status forget_in_files(ForgetTask& task);
// Files of the study that still name what was forgotten, and the videos' own files.
void look_for_rest(ForgetTask& task);

}  // namespace mien
