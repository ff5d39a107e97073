#include "pipeline/cluster/cluster_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <system_error>

#include "pipeline/annotate/pending.h"
#include "pipeline/annotate/plan.h"
#include "pipeline/annotate/shard.h"
#include "pipeline/study/study_parts.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

std::int64_t parts_in(const fs::path& folder) {
  std::int64_t count = 0;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with("shard-")) ++count;
  }
  return count;
}

bool is_as_planned(const fs::path& folder, const std::string& settings, const Plan& plan,
                   std::int64_t shard) {
  const auto manifest = verify_shard(folder, settings, ShardCheck::kSizes);
  const std::size_t begin = plan.shard_begin(shard);
  const std::size_t videos = plan.shard_end(shard) - begin;
  if (!manifest.ok() || manifest->videos.size() != videos) return false;
  for (std::size_t i = 0; i < videos; ++i) {
    if (!manifest->videos[i].is_of(plan.videos()[begin + i])) return false;
  }
  return true;
}

bool is_at_work(const std::string& state) {
  return state == "RUNNING" || state == "COMPLETING" || state == "CONFIGURING" ||
         state == "SUSPENDED" || state == "STAGE_OUT" || state == "SIGNALING";
}

bool is_waiting(const std::string& state) {
  return state == "PENDING" || state == "REQUEUED" || state == "REQUEUE_HOLD" ||
         state == "REQUEUE_FED" || state == "SPECIAL_EXIT" || state == "RESV_DEL_HOLD";
}

// A shard that is published has texts and maps before it, or they failed.
bool is_at_later_stage(const std::optional<ShardRecord>& record, const QueuedTask* task) {
  if (task != nullptr && (is_at_work(task->state) || is_waiting(task->state))) return true;
  return record && record->stage != "annotate" && record->exit != 0;
}

std::string reason_of(const std::optional<ShardRecord>& record) {
  if (!record) return "its task left no word";
  if (record->exit < 0) {
    return fmt::format("its task ended without a word (attempt {} at {})", record->attempt,
                       record->stage);
  }
  if (record->exit == 0) return "its task said that it was done, but the shard does not hold";
  return fmt::format("{} ended in {} (attempt {}): {}", record->stage, record->exit,
                     record->attempt, record->message);
}

void judge(ShardStatus& status, const QueuedTask* queued, bool queue_known) {
  if (queued != nullptr) {
    status.node = queued->node;
    if (is_at_work(queued->state)) {
      status.progress = ShardProgress::kRunning;
    } else if (is_waiting(queued->state)) {
      status.progress = ShardProgress::kWaiting;
      status.reason = queued->reason;
    } else {
      status.progress = ShardProgress::kFailed;
      status.reason = queued->state + ": " + reason_of(status.record);
    }
    return;
  }
  if (!status.record) return;
  status.node = status.record->host;
  const bool may_run = status.record->exit < 0 && !(queue_known && !status.record->job.empty());
  status.progress = may_run ? ShardProgress::kRunning : ShardProgress::kFailed;
  if (!may_run) status.reason = reason_of(status.record);
}

void estimate(ClusterStatus& status) {
  double seconds = 0;
  std::int64_t shards = 0;
  std::int64_t videos = 0;
  for (const ShardStatus& shard : status.shards) {
    if (shard.progress != ShardProgress::kDone || !shard.record || shard.record->exit != 0)
      continue;
    seconds += shard.record->seconds;
    videos += shard.videos;
    ++shards;
  }
  if (shards == 0 || seconds <= 0) return;
  const auto at_work =
      static_cast<double>(std::max<std::int64_t>(1, status.count(ShardProgress::kRunning)));
  status.seconds_per_shard = seconds / static_cast<double>(shards);
  status.videos_per_hour = static_cast<double>(videos) / seconds * 3600 * at_work;
  status.seconds_left =
      static_cast<double>(status.videos - status.videos_done) / *status.videos_per_hour * 3600;
}

}  // namespace

std::string_view to_string(ShardProgress progress) {
  constexpr std::string_view kNames[] = {"done", "running", "waiting", "failed", "todo"};
  return kNames[static_cast<int>(progress)];
}

std::vector<std::int64_t> ClusterStatus::shards_that_are(ShardProgress progress) const {
  std::vector<std::int64_t> found;
  for (const ShardStatus& shard : shards) {
    if (shard.progress == progress) found.push_back(shard.shard);
  }
  return found;
}

std::int64_t ClusterStatus::count(ShardProgress progress) const {
  return static_cast<std::int64_t>(shards_that_are(progress).size());
}

bool is_in_queue(const QueuedTask& task) {
  return is_at_work(task.state) || is_waiting(task.state);
}

Result<std::set<std::int64_t>> shards_with_failures(const fs::path& study,
                                                    const ClusterStatus& status) {
  MIEN_TRY(database, Database::open());
  std::set<std::int64_t> found;
  for (const std::int64_t shard : status.shards_that_are(ShardProgress::kDone)) {
    const fs::path media = study / "annotations" / shard_name(shard) / "media.parquet";
    MIEN_TRY(failed, database.query("SELECT count(*) AS videos FROM " + sql_read_parquet(media) +
                                    " WHERE status = 'failed'"));
    if (failed.column("videos").integers()[0] > 0) found.insert(shard);
  }
  return found;
}

Result<ClusterStatus> cluster_status(const fs::path& study, const SlurmQueue& queue) {
  const fs::path annotations = study / "annotations";
  const Result<std::string> text = read_whole_file(annotations / "run.json");
  if (!text.ok()) {
    return Error{ErrorCode::kNotFound,
                 study.string() + ": nothing is planned there; remedy: 'mien cluster plan'"};
  }
  MIEN_TRY(settings, decode_settings(*text));
  MIEN_TRY(database, Database::open());
  MIEN_TRY(plan, Plan::read(database, annotations / "plan.parquet"));
  std::map<std::int64_t, const QueuedTask*> queued;
  for (const QueuedTask& task : queue.tasks) queued[task.shard] = &task;

  ClusterStatus status;
  status.queue_known = queue.known;
  status.jobs = queue.jobs;
  status.videos = static_cast<std::int64_t>(plan.videos().size());
  status.text_parts = parts_in(study / "texts" / "parts");
  status.map_parts = parts_in(study / "maps" / "parts");
  const std::string hash = settings_hash(settings);
  for (std::int64_t shard = 0; shard < plan.shards(); ++shard) {
    ShardStatus& one = status.shards.emplace_back();
    one.shard = shard;
    const std::size_t begin = plan.shard_begin(shard);
    const std::size_t end = plan.shard_end(shard);
    one.videos = static_cast<std::int64_t>(end - begin);
    one.record = read_shard_record(study, shard);
    const auto found = queued.find(shard);
    const QueuedTask* task = found == queued.end() ? nullptr : found->second;
    const bool published = is_as_planned(annotations / shard_name(shard), hash, plan, shard);
    if (published && !is_at_later_stage(one.record, task)) {
      one.progress = ShardProgress::kDone;
    } else {
      judge(one, task, queue.known);
    }
    if (published) one.videos_done = one.videos;
    std::error_code ignored;
    for (std::size_t i = begin; i < end && one.progress == ShardProgress::kRunning && !published;
         ++i) {
      one.videos_done +=
          fs::exists(pending_folder(study, plan.videos()[i].video_id), ignored) ? 1 : 0;
    }
    status.videos_done += one.videos_done;
  }
  estimate(status);
  return status;
}

}  // namespace mien
