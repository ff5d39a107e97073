// A small study that goes the whole way of `mien run` in a second or two, again and again: a few
// stills and clips of a second, some with faces, one without, one that is no video; titles, two
// countries, two uploaders each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "program/program.h"
#include "support/paths.h"

namespace mien::testing {

class FaultStudy {
 public:
  // Whether the pages' scripts are built, without which no run ends well.
  static bool can_run();
  FaultStudy();  // makes videos, list and vocabulary

  const std::filesystem::path& root() const { return folder_.path(); }
  std::filesystem::path media() const { return root() / "media"; }
  std::filesystem::path study(const std::string& name) const { return root() / name / "study"; }

  // `mien run` of a study of this name; its study.toml is written where it is missing.
  std::vector<std::string> command(const std::string& name) const;

  static constexpr int kVideos = 9;

 private:
  TemporaryFolder folder_;
};

// SHA-256 of every file that a finished run leaves, by its path relative to the study: shards with
// their manifests, texts, maps and sums, comparison, pages. Without the run's own notes (log/), the
// plan, which has the study's settings of no table, and locks.
std::map<std::string, std::string> study_hashes(const std::filesystem::path& study);

// Names that a crash may leave and that must be gone after a run that ended well.
std::vector<std::string> left_overs(const std::filesystem::path& study);

// Rows of every Parquet file below the study, by its path, and how many ids of its media tables
// stand in more than one row.
struct StudyRows {
  std::map<std::string, std::int64_t> files;
  std::int64_t total = 0;
  std::int64_t videos = 0;  // rows of media
  std::int64_t doubled = 0;
};
StudyRows count_rows(const std::filesystem::path& study);

// An environment variable that is set while this lives.
class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const std::string& value);
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;
  ~EnvironmentVariable();

 private:
  const char* name_;
};

}  // namespace mien::testing
