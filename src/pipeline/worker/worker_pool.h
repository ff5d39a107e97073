// Tasks over worker processes: hands them out, hears the replies, starts workers and replaces those
// that die.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "pipeline/worker/process.h"
#include "pipeline/worker/protocol.h"

namespace mien {

struct WorkerPoolRequest {
  std::filesystem::path program;  // started as "PROGRAM worker"
  WorkerSetup setup;
  std::optional<ChildProcess> started;  // a worker that opens its networks already, with this setup
  std::vector<WorkerTask> tasks;        // begun in this order; `threads` is filled in here
  // In all. Where there are at least as many tasks, one a worker; else a task has several.
  int threads = 1;
  // Called from the calling thread. What on_done is told is on disk.
  std::function<void(const WorkerTask& task, const WorkerReply& reply)> on_progress;
  std::function<Status(const WorkerTask& task, const WorkerReply& reply)> on_done;
};

struct WorkerPoolResult {
  std::int64_t not_done = 0;               // tasks left because somebody asked to stop
  std::vector<StageTime> stages;           // summed over workers
  std::optional<Confinement> confinement;  // of the workers; none got so far: nullopt
};

// Workers are shut in to what their tasks need (worker_limits.h) and ended where they go beyond
// setup.limits (worker_watch.h). One that dies takes its task with it: it is tried once more, then
// a fresh worker is told to give it up (WorkerTask::given_up); one that only wanted an overlay,
// clips or features is dropped, with reason and message in the reply's facts. Errors: a worker that
// cannot go on (models, disk), workers that die without having opened a video, a limit of memory
// that the networks alone exceed (kUsage), or what on_done says; the others are ended first. After
// `stop` the running tasks are given up within moments.
Result<WorkerPoolResult> run_worker_pool(WorkerPoolRequest request, const std::atomic<bool>& stop);

// A worker that has got its set-up and no task yet.
Result<ChildProcess> start_worker(const std::filesystem::path& program, const WorkerSetup& setup);

// Adds the calls and seconds of `times` to those of the same name in `total`, new names at the end.
void add_stage_times(std::vector<StageTime>& total, const std::vector<StageTime>& times);

}  // namespace mien
