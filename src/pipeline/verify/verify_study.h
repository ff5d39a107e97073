// Holds a whole study folder against what docs/study-folder.md promises of it.
//
// Checksums, columns, rows and provenance of every shard, the plan, pending folders and left-overs,
// the tables of texts, maps and comparison, the ratings' database, and which videos were attempted.
// Nothing is written unless `repair` is asked for: that takes the study's lock, brings back what a
// crash left aside, makes run.json and plan.parquet again from the shards where they are damaged,
// and removes what does not hold and can be made again, so that `mien annotate` and the other verbs
// do it. What is sound is not touched. Memory: the plan, and what DuckDB is allowed.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "pipeline/verify/verify_report.h"

namespace mien {

struct VerifyRequest {
  std::filesystem::path study;
  bool repair = false;
};

// kNotFound: no such folder; kBusy: to be repaired, but another process writes. Damage is no error
// but in the report.
Result<VerifyReport> verify_study(const VerifyRequest& request);

}  // namespace mien
