// A verb as a task of a cluster: leaves a record of each shard (pipeline/annotate/shard_record.h)
// and ends in 75 where it may be tried again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "app/command.h"

namespace mien {

struct ShardTask {
  std::filesystem::path study;
  std::vector<std::int64_t> shards;
  std::string stage;  // the verb
};

// What `action` says. A record that cannot be written is told on standard error and stops nothing.
Status run_shard_task(CommandLine& line, const ShardTask& task, const Action& action);

}  // namespace mien
