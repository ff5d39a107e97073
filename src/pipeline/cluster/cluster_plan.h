// Before and after the tasks of a cluster: the study's plan in shards of like duration, and what is
// done once when all shards are there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/annotate.h"
#include "pipeline/study/duplicates.h"

namespace mien {

struct ShardPlanSummary {
  std::int64_t videos = 0;  // of the whole plan
  std::int64_t shards = 0;
  std::int64_t new_videos = 0;
  std::int64_t new_shards = 0;
  std::int64_t without_duration = 0;  // of the new videos; taken by the size of their file
  double least_s = 0;                 // of the new shards, with Plan::kOpening_s a video
  double most_s = 0;
};

// Plans the videos of STUDY/corpus.parquet that the plan does not have yet as `shards` new shards,
// balanced by the corpus's own column duration_s. A video without one counts as long as its file
// has bytes at the rate of the others (of none, kBytesPerSecond); a file that is missing, nothing.
// The plan depends on the corpus, the files' sizes and `shards` alone. Uses of `request` the study,
// what decides the measurement, and `redo`. Errors: kNotFound: no corpus; those of Study.
inline constexpr double kBytesPerSecond = 125'000;  // 1 Mbit/s, a 480p film of the web
Result<ShardPlanSummary> plan_shards(const AnnotateRequest& request, int shards);

struct MergeSummary {
  std::int64_t videos = 0;
  std::int64_t shards = 0;
  DuplicateSummary duplicates;
  std::vector<std::string> problems;  // what did not hold
};

// After the tasks: clears what killed ones left, publishes what is finished, and writes what is
// told of the study as a whole (duplicates.parquet). kNotFound where a shard is not whole, naming
// them all: nothing is measured here. One at a time; kBusy.
Result<MergeSummary> merge_shards(const std::filesystem::path& study);

// "0-3, 7"
std::string number_ranges(const std::vector<std::int64_t>& sorted, const char* separator);

}  // namespace mien
