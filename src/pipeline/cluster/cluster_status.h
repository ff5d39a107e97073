// How far the shards of a study are: from the shards themselves, from what their tasks left behind
// and, where there is one, from the queue. Read only; takes no lock; no clock is compared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/shard_record.h"
#include "pipeline/cluster/slurm_queue.h"

namespace mien {

enum class ShardProgress {
  kDone,     // published, its manifest and its files' sizes hold, its videos those of the plan
  kRunning,  // the queue says so; without a queue: its task began and has not ended
  kWaiting,  // in the queue
  kFailed,   // its last task ended otherwise
  kTodo      // nobody tried
};

std::string_view to_string(ShardProgress progress);  // "done"

struct ShardStatus {
  std::int64_t shard = 0;
  ShardProgress progress = ShardProgress::kTodo;
  std::int64_t videos = 0;
  std::int64_t videos_done = 0;  // of a running one: those that are pending
  std::string reason;            // why it failed or waits
  std::string node;
  std::optional<ShardRecord> record;  // of its last task
};

struct ClusterStatus {
  std::int64_t videos = 0;
  std::int64_t videos_done = 0;
  std::vector<ShardStatus> shards;  // in order
  std::int64_t text_parts = 0;      // shards whose texts or sums for maps are there
  std::int64_t map_parts = 0;
  bool queue_known = false;
  std::vector<QueuedTask> jobs;  // merge and those after it

  // Of the shards that are done and whose tasks said how long they took; nullopt before the first.
  std::optional<double> seconds_per_shard;
  std::optional<double> videos_per_hour;  // with as many tasks as run now
  std::optional<double> seconds_left;     // with as many tasks as run now, one if none does

  std::int64_t count(ShardProgress progress) const;
  std::vector<std::int64_t> shards_that_are(ShardProgress progress) const;
};

// Whether it runs or waits; the queue also tells of those that have ended.
bool is_in_queue(const QueuedTask& task);

// Of the shards that are done: those with videos whose measuring failed.
Result<std::set<std::int64_t>> shards_with_failures(const std::filesystem::path& study,
                                                    const ClusterStatus& status);

// kNotFound: no plan.
Result<ClusterStatus> cluster_status(const std::filesystem::path& study, const SlurmQueue& queue);

}  // namespace mien
