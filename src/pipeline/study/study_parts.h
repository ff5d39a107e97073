// What was made of one shard of a study's plan alone, by whatever machine: folders with a
// checksummed manifest (shard.h) under STUDY/maps/parts and STUDY/texts/parts, and how they are
// held against the study when they are put together.
//
// A part tells what it was made of: file `part.json` holds names and values, the corpus's SHA-256,
// the checksum of the shard, options. A part of which any differs from what would be made now is
// refused by name; so are parts that are missing, damaged, or of a shard that the plan has not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/shard.h"
#include "store/database.h"

namespace mien {

using PartOrigin = std::map<std::string, std::string>;

std::string shard_name(std::int64_t shard);  // "shard-00003"

// How many shards the study's plan has; 0 where it has no plan.
Result<std::int64_t> planned_shards(Database& database, const std::filesystem::path& study);

// For FROM: video_id and shard of the plan's videos.
std::string planned_videos(const std::filesystem::path& study);

// The checksum in a folder's manifest, which is not held against its files; kNotFound where there
// is no manifest, kCorrupt.
Result<std::string> manifest_checksum(const std::filesystem::path& folder);

// Takes the files named, each written to writer.path_of(name), and publishes the part.
Status commit_part(ShardWriter& writer, const PartOrigin& origin,
                   const std::vector<std::string>& files);

// What a part says that it was made of; kNotFound, kCorrupt.
Result<PartOrigin> part_origin(const std::filesystem::path& part);

// Whether a part is there, holds, and was made of this; else kMismatch says what is wrong.
Status check_part(const std::filesystem::path& part, const PartOrigin& now);

// Which parts are missing, damaged, too many, or not made of what `origin_now` says of their shard.
// kMismatch names the first few, what is wrong and `remedy`, which ends with "--shard".
using OriginNow = std::function<Result<PartOrigin>(std::int64_t shard)>;
Status check_parts(const std::filesystem::path& folder, std::int64_t shards,
                   const OriginNow& origin_now, const std::string& remedy);

}  // namespace mien
