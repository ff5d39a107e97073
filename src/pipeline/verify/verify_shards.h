// Whether shards and pending folders hold, deeper than `verify_shard`: their Parquet files are read
// and held against manifest, settings and the columns that the program declares.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "pipeline/annotate/plan.h"
#include "pipeline/study/study_settings.h"
#include "pipeline/verify/verify_report.h"
#include "store/database.h"

namespace mien {

// How a table of this name begins, or, unless it has channels or columns of the user's own, all of
// it. kMismatch says how `found` differs; a table that the program does not know is Ok.
Status check_columns(const std::string& table, const TableSchema& found);

// The shards of a study's annotations. Without a plan that can be read, shards are held against
// themselves alone. Gives the folders that stand.
struct ShardsToVerify {
  std::filesystem::path study;
  const StudySettings* settings = nullptr;
  const Plan* plan = nullptr;
};
std::vector<std::filesystem::path> verify_shard_folders(Database& database,
                                                        const ShardsToVerify& study,
                                                        VerifyFindings& findings);

// The folders under annotations/pending; gives those that stand and wait for their shard.
std::vector<std::filesystem::path> verify_pending_folders(Database& database,
                                                          const ShardsToVerify& study,
                                                          VerifyFindings& findings);

}  // namespace mien
