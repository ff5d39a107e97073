// What `mien verify` found in a study folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

// Something that a reader may rely on and that does not hold.
struct VerifyFinding {
  std::filesystem::path file;
  std::string what;
  std::string remedy;
};

struct CoverageCounts {
  std::int64_t videos = 0;  // of corpus and plan
  std::int64_t ok = 0;
  std::int64_t partial = 0;
  std::int64_t failed = 0;
  std::int64_t pending = 0;     // finished, their shard not yet published
  std::int64_t never = 0;       // never attempted
  std::int64_t with_faces = 0;  // of ok and partial
};

// The videos of one country and region; both empty where the corpus tells neither.
struct CoverageRow : CoverageCounts {
  std::string country;
  std::string region;
  CoverageCounts uploaders;  // distinct, behind each of the counts
};

struct VerifyReport {
  std::int64_t shards_planned = 0;
  std::int64_t shards_sound = 0;
  std::int64_t files = 0;  // that were read to their end
  std::int64_t bytes = 0;
  std::int64_t rows = 0;  // of Parquet files, counted in the files themselves
  CoverageRow videos;     // of all countries
  std::vector<CoverageRow> coverage;
  std::map<std::string, std::int64_t> program_versions;  // version -> sound shards made by it
  // At most kMostFindings of each are kept; the counts tell all.
  std::vector<VerifyFinding> damage;
  std::int64_t damage_count = 0;
  std::vector<std::string> notes;     // what is no damage but should be known
  std::vector<std::string> repaired;  // what --repair did
  double seconds = 0;

  bool is_sound() const { return damage_count == 0; }
};

inline constexpr std::size_t kMostFindings = 1000;

// Takes findings in and, where asked to repair, removes at once what does not hold.
class VerifyFindings {
 public:
  VerifyFindings(VerifyReport& report, bool repair) : report_(report), repair_(repair) {}

  bool repairs() const { return repair_; }
  VerifyReport& report() { return report_; }

  void note(std::string text);
  void repaired(std::string text);
  void damage(VerifyFinding finding);
  // Damage of something that can be made again, so that --repair takes `goes` away, out of readers'
  // sight in one step.
  void damage_that_goes(VerifyFinding finding, const std::filesystem::path& goes);

 private:
  VerifyReport& report_;
  bool repair_;
};

// Coverage is told as docs/suppression.md says: rows of fewer videos or uploaders than `minimum`
// are one row, counts of as few are null, all others are to the nearest ten; up to 1 tells
// everything.
nlohmann::ordered_json to_json(const VerifyReport& report, std::int64_t minimum);
// For people, ends with a line end.
std::string to_text(const VerifyReport& report, std::int64_t minimum);

}  // namespace mien
