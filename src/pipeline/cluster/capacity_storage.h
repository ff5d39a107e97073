// What a video's rows take on disk, from shards that were measured.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/shard.h"
#include "pipeline/cluster/capacity.h"

namespace mien {

struct MeasuredShard {
  std::filesystem::path folder;
  ShardManifest manifest;
  double seconds = 0;  // of its videos that could be read whole
};
Result<MeasuredShard> read_measured_shard(Database& database, const std::filesystem::path& folder);

// By table, and "manifest". Rows compress the better the more lie together, so that the size of a
// file is taken from two: the mean of the shards given, and all of them published as one shard in
// `folder`. Where there is one alone, `empty` (a shard of a picture that shows nothing) is the
// small size. Errors: those of publish_shard().
Result<std::map<std::string, TableCost>> table_costs(Database& database,
                                                     const StudySettings& settings,
                                                     const std::vector<MeasuredShard>& shards,
                                                     const MeasuredShard& empty,
                                                     const std::filesystem::path& folder);

}  // namespace mien
