// Which videos of a study were attempted and what came of them, by country and region.
#pragma once

#include <filesystem>
#include <vector>

#include "pipeline/verify/verify_report.h"
#include "store/database.h"

namespace mien {

// `media` are the tables of sound shards, `pending` of finished videos whose shard is not there
// yet. Videos are those of corpus and plan; a video of the corpus without a file is none of them.
// Fills `videos` and `coverage`, and finds ids that two shards hold. DuckDB's memory, not that of
// the videos.
struct CoverageRequest {
  std::filesystem::path study;
  bool has_plan = false;  // that can be read
  std::vector<std::filesystem::path> media;
  std::vector<std::filesystem::path> pending;
};
Status verify_coverage(Database& database, const CoverageRequest& request,
                       VerifyFindings& findings);

}  // namespace mien
