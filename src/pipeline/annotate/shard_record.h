// What a task that works at a shard leaves behind for people and `mien cluster status`:
//
//   STUDY/cluster/shards/shard-00042.json
//
// Whether a shard is done is told by the shard alone; nothing here decides anything. Times are the
// task's own clock, which may be wrong; `seconds` is not of that clock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace mien {

struct ShardRecord {
  std::int64_t shard = 0;
  std::string stage;  // the verb: "annotate", "contexts text", "associate"
  int attempt = 1;    // of the shard, from 1
  std::string host;
  std::int64_t process = 0;
  std::string job;    // what the queue calls it; empty without one
  std::string begin;  // 2026-01-31T12:00:00Z
  std::string end;    // empty: at work, or killed
  double seconds = 0;
  int exit = -1;  // 0 done, 75 to be tried again, else failed; -1: not ended
  std::string message;
};

std::filesystem::path shard_record_file(const std::filesystem::path& study, std::int64_t shard);

Status write_shard_record(const std::filesystem::path& study, const ShardRecord& record);

// Nothing where there is none, or one that cannot be read.
std::optional<ShardRecord> read_shard_record(const std::filesystem::path& study,
                                             std::int64_t shard);

}  // namespace mien
