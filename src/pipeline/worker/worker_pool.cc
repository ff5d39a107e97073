#include "pipeline/worker/worker_pool.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "pipeline/worker/worker_limits.h"
#include "pipeline/worker/worker_watch.h"

namespace mien {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPollMs = 50;
constexpr double kPatience_s = 5;
constexpr double kWatchEvery_s = 0.04;
// More than this did not pass for the workers either: the machine slept, or all of us were stopped.
constexpr double kLongestTick_s = 1;
constexpr double kMostOpening_s = 600;

struct Job {
  WorkerTask task;
  int deaths = 0;  // of workers that had it
};

struct Worker {
  std::optional<ChildProcess> process;
  std::optional<Job> job;         // that it is at
  std::vector<StageTime> stages;  // of this process so far
  WorkerWatch watch;
  std::optional<MediaError> ended_for;  // why it is being ended from here
};

std::string_view remedy_for(MediaReason reason) {
  switch (reason) {
    case MediaReason::kWorkerMemory:
      return "the file may be made to fill memory: if it is honest, give more with "
             "--worker-memory and --retry-failed";
    case MediaReason::kWorkerTimeout:
      return "the file may be made never to end: if it is honest, give more with --video-timeout "
             "and --retry-failed";
    case MediaReason::kWorkerDenied:
      return "the file may be hostile: do not open it elsewhere either";
    default:
      return "the file may be hostile or memory short: try it alone with --retry-failed, or "
             "re-encode it";
  }
}

class WorkerPool {
 public:
  WorkerPool(WorkerPoolRequest request, const std::atomic<bool>& stop)
      : request_(std::move(request)), stop_(stop) {
    workers_.resize(std::min(request_.tasks.size(), static_cast<std::size_t>(request_.threads)));
    reachable_ = encode(reachable_for(request_.setup, request_.tasks));
    if (workers_.empty() || !request_.started.has_value()) return;
    workers_.front().process = std::move(request_.started);
    shut_in(workers_.front());
  }

  Result<WorkerPoolResult> run() {
    const Status ran = run_all();
    WorkerPoolResult result;
    for (Worker& worker : workers_) {
      if (worker.job.has_value()) ++result.not_done;
      end(worker, ran.ok() && !worker.job.has_value() ? kPatience_s : 0.5);
    }
    if (!ran.ok()) return ran.error();
    result.not_done += static_cast<std::int64_t>(waiting());
    result.stages = std::move(stages_);
    result.confinement = confinement_;
    return result;
  }

 private:
  Status run_all() {
    while (!stop_) {
      MIEN_TRY_VOID(hand_out());
      if (is_idle()) return Ok{};
      std::vector<pollfd> listened;
      std::vector<std::size_t> whose;
      for (std::size_t i = 0; i < workers_.size(); ++i) {
        if (!workers_[i].process.has_value()) continue;
        listened.push_back({workers_[i].process->output_fd(), POLLIN, 0});
        whose.push_back(i);
      }
      const int heard = poll(listened.data(), listened.size(), kPollMs);
      for (std::size_t i = 0; heard > 0 && i < listened.size(); ++i) {
        if (listened[i].revents != 0) MIEN_TRY_VOID(hear(workers_[whose[i]]));
      }
      MIEN_TRY_VOID(look_after());
    }
    return Ok{};
  }

  // Ends workers that go beyond their limits; hear() then finds them dead.
  Status look_after() {
    const auto now = Clock::now();
    const double passed_s = std::chrono::duration<double>(now - looked_).count();
    if (passed_s < kWatchEvery_s) return Ok{};
    looked_ = now;
    for (Worker& worker : workers_) {
      if (!worker.process.has_value() || !worker.job.has_value() || worker.ended_for.has_value()) {
        continue;
      }
      worker.ended_for = worker.watch.check(request_.setup.limits, worker.process->pid(),
                                            std::min(passed_s, kLongestTick_s));
      if (worker.ended_for.has_value()) worker.process->kill();
      if (!worker.watch.has_begun() && worker.watch.waited_s() > kMostOpening_s) {
        return Error{ErrorCode::kInternal,
                     fmt::format("a worker process did not open its networks within {:.0f} s; "
                                 "remedy: see whether the disk or the machine is overloaded",
                                 kMostOpening_s)};
      }
    }
    return Ok{};
  }

  std::size_t waiting() const { return again_.size() + request_.tasks.size() - next_; }

  Job next_job() {
    if (again_.empty()) return {request_.tasks[next_++], 0};
    Job job = std::move(again_.front());
    again_.pop_front();
    return job;
  }

  bool is_idle() const {
    return std::ranges::none_of(workers_, [](const Worker& w) { return w.job.has_value(); });
  }

  // Free threads are shared out evenly among the workers that get a task now.
  Status hand_out() {
    for (Worker& worker : workers_) {
      if (worker.job.has_value() || waiting() == 0) continue;
      int in_use = 0;
      std::size_t idle = 0;
      for (const Worker& other : workers_) {
        if (other.job.has_value()) in_use += other.job->task.threads;
        idle += other.job.has_value() ? 0U : 1U;
      }
      const auto takers = static_cast<int>(std::min(idle, waiting()));
      Job job = next_job();
      job.task.threads = std::max(1, (request_.threads - in_use + takers - 1) / takers);
      if (!worker.process.has_value()) MIEN_TRY_VOID(start(worker));
      // A worker that does not listen has died; hear() finds out.
      const Status ignored = worker.process->write_line(encode(job.task));
      static_cast<void>(ignored);
      worker.watch.begin(job.task);
      worker.job = std::move(job);
    }
    return Ok{};
  }

  Status start(Worker& worker) {
    MIEN_TRY(process, start_worker(request_.program, request_.setup));
    worker.process.emplace(std::move(process));
    shut_in(worker);
    return Ok{};
  }

  void shut_in(Worker& worker) {
    const Status ignored = worker.process->write_line(reachable_);  // as in hand_out()
    static_cast<void>(ignored);
  }

  Status hear(Worker& worker) {
    for (const std::string& line : worker.process->read_lines()) {
      if (worker.ended_for.has_value()) break;
      auto reply = decode_reply(line);
      if (!reply.ok()) {  // what decodes hostile bytes may end up saying anything
        worker.ended_for = MediaError{MediaReason::kWorkerCrashed, "spoke nonsense"};
        worker.process->kill();
        break;
      }
      MIEN_TRY_VOID(take(worker, *reply));
    }
    if (worker.process->ended()) return bury(worker);
    return Ok{};
  }

  Status take(Worker& worker, WorkerReply& reply) {
    if (reply.kind == WorkerReply::Kind::kError) return Error{reply.code, reply.error};
    if (reply.kind == WorkerReply::Kind::kReady) confinement_ = reply.confinement;
    if (reply.kind == WorkerReply::Kind::kReady || !worker.job.has_value()) return Ok{};
    reply.video_id = worker.job->task.input.video_id;
    worker.watch.hear(reply);
    if (reply.kind == WorkerReply::Kind::kProgress) request_.on_progress(worker.job->task, reply);
    if (reply.kind == WorkerReply::Kind::kDone) return take_done(worker, reply);
    return Ok{};
  }

  Status take_done(Worker& worker, const WorkerReply& reply) {
    const WorkerTask task = std::move(worker.job->task);
    worker.job.reset();
    worker.stages = reply.stages;
    MIEN_TRY_VOID(hand_out());  // before anything that takes time here
    return request_.on_done(task, reply);
  }

  Status bury(Worker& worker) {
    const std::optional<MediaError> ended_for = std::exchange(worker.ended_for, std::nullopt);
    const ProcessEnd how = end(worker, kPatience_s);
    if (!worker.job.has_value()) return Ok{};
    Job job = std::move(*worker.job);
    worker.job.reset();
    ++job.deaths;
    const MediaError cause = ended_for.has_value() ? *ended_for : cause_of(how);
    if (!worker.watch.has_begun() && cause.reason == MediaReason::kWorkerMemory) {
      return Error{
          ErrorCode::kUsage,
          fmt::format("--worker-memory {}: the networks alone need more; remedy: give more",
                      request_.setup.limits.memory_mb)};
    }
    if (job.task.given_up != MediaReason::kNone) {
      return Error{ErrorCode::kInternal, "a worker process died before it opened a video (" +
                                             how.words() +
                                             "); remedy: see whether memory is short, and try "
                                             "'mien models verify'"};
    }
    if (job.deaths >= 2) {
      job.task.given_up = cause.reason;
      job.task.given_up_words = "the process that read it, twice tried, " + cause.message + "; " +
                                std::string(remedy_for(cause.reason));
      if (!job.task.tables) {
        WorkerReply dropped;
        dropped.kind = WorkerReply::Kind::kDone;
        dropped.video_id = job.task.input.video_id;
        dropped.facts.reason = to_string(cause.reason);
        dropped.facts.message = job.task.given_up_words;
        return request_.on_done(job.task, dropped);
      }
    }
    again_.push_front(std::move(job));
    return Ok{};
  }

  ProcessEnd end(Worker& worker, double patience_s) {
    if (!worker.process.has_value()) return {};
    worker.process->finish(patience_s);
    const ProcessEnd how = worker.process->how_it_ended();
    worker.process.reset();
    add_stage_times(stages_, worker.stages);
    worker.stages.clear();
    return how;
  }

  WorkerPoolRequest request_;
  const std::atomic<bool>& stop_;
  std::size_t next_ = 0;   // the first task that nobody had yet
  std::deque<Job> again_;  // tasks of workers that died
  std::vector<Worker> workers_;
  std::vector<StageTime> stages_;
  std::string reachable_;  // the line that tells a worker
  std::optional<Confinement> confinement_;
  Clock::time_point looked_ = Clock::now();
};

}  // namespace

Result<WorkerPoolResult> run_worker_pool(WorkerPoolRequest request, const std::atomic<bool>& stop) {
  return WorkerPool(std::move(request), stop).run();
}

Result<ChildProcess> start_worker(const std::filesystem::path& program, const WorkerSetup& setup) {
  MIEN_TRY(process, ChildProcess::start(program, {"worker"}));
  // One that does not listen has died; who reads from it finds out.
  const Status ignored = process.write_line(encode(setup));
  static_cast<void>(ignored);
  return process;
}

void add_stage_times(std::vector<StageTime>& total, const std::vector<StageTime>& times) {
  for (const StageTime& time : times) {
    const auto it = std::ranges::find(total, time.stage, &StageTime::stage);
    if (it == total.end()) {
      total.push_back(time);
    } else {
      it->calls += time.calls;
      it->seconds += time.seconds;
    }
  }
}

}  // namespace mien
