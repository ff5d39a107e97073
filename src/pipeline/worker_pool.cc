#include "pipeline/worker_pool.h"

#include <poll.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace mien {

namespace {

constexpr int kPollMs = 100;
constexpr double kPatience_s = 5;

struct Job {
  WorkerTask task;
  int deaths = 0;  // of workers that had it
};

struct Worker {
  std::optional<ChildProcess> process;
  std::optional<Job> job;         // that it is at
  std::vector<StageTime> stages;  // of this process so far
};

class WorkerPool {
 public:
  WorkerPool(WorkerPoolRequest request, const std::atomic<bool>& stop)
      : request_(std::move(request)), stop_(stop) {
    workers_.resize(std::min(request_.tasks.size(), static_cast<std::size_t>(request_.threads)));
    if (!workers_.empty()) workers_.front().process = std::move(request_.started);
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
      if (poll(listened.data(), listened.size(), kPollMs) <= 0) continue;
      for (std::size_t i = 0; i < listened.size(); ++i) {
        if (listened[i].revents != 0) MIEN_TRY_VOID(hear(workers_[whose[i]]));
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
      worker.job = std::move(job);
    }
    return Ok{};
  }

  Status start(Worker& worker) {
    MIEN_TRY(process, start_worker(request_.program, request_.setup));
    worker.process.emplace(std::move(process));
    return Ok{};
  }

  Status hear(Worker& worker) {
    for (const std::string& line : worker.process->read_lines()) {
      MIEN_TRY(reply, decode_reply(line));
      switch (reply.kind) {
        case WorkerReply::Kind::kError:
          return Error{reply.code, reply.error};
        case WorkerReply::Kind::kProgress:
          if (worker.job.has_value()) request_.on_progress(worker.job->task, reply);
          break;
        case WorkerReply::Kind::kDone:
          MIEN_TRY_VOID(take_done(worker, reply));
          break;
      }
    }
    if (worker.process->ended()) return bury(worker);
    return Ok{};
  }

  Status take_done(Worker& worker, const WorkerReply& reply) {
    if (!worker.job.has_value()) return Ok{};
    const WorkerTask task = std::move(worker.job->task);
    worker.job.reset();
    worker.stages = reply.stages;
    MIEN_TRY_VOID(hand_out());  // before anything that takes time here
    return request_.on_done(task, reply);
  }

  Status bury(Worker& worker) {
    const std::string how = end(worker, kPatience_s).value_or("ended on its own");
    if (!worker.job.has_value()) return Ok{};
    Job job = std::move(*worker.job);
    worker.job.reset();
    ++job.deaths;
    if (!job.task.given_up.empty()) {
      return Error{ErrorCode::kInternal, "a worker process died before it opened a video (" + how +
                                             "); remedy: see whether memory is short, and try "
                                             "'mien models verify'"};
    }
    if (job.deaths >= 2) {
      job.task.given_up = "the process that read it died twice (" + how +
                          "); the file may be hostile or memory short: try it alone, or re-encode "
                          "it";
      if (!job.task.tables) {
        WorkerReply dropped;
        dropped.kind = WorkerReply::Kind::kDone;
        dropped.video_id = job.task.input.video_id;
        return request_.on_done(job.task, dropped);
      }
    }
    again_.push_front(std::move(job));
    return Ok{};
  }

  std::optional<std::string> end(Worker& worker, double patience_s) {
    if (!worker.process.has_value()) return std::nullopt;
    auto how = worker.process->finish(patience_s);
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
