#include "pipeline/worker/worker.h"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <future>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/outside_json.h"
#include "pipeline/annotate/engine_pool.h"
#include "pipeline/annotate/overlay_video.h"
#include "pipeline/annotate/pending.h"
#include "pipeline/annotate/video_job.h"
#include "pipeline/rate/clip_job.h"
#include "pipeline/worker/feature_task.h"
#include "pipeline/worker/protocol.h"
#include "pipeline/worker/sanitizer.h"
#include "pipeline/worker/worker_limits.h"
#include "store/durable_file.h"

namespace mien {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Lines of standard input. From watch() on they are read by a thread of its own: when the input
// ends, the process does, at once and whatever the other threads are at. Everything on disk stands
// that: see pending.h. Before, next() reads, and the process has one thread less.
class InputLines {
 public:
  void watch() {
    is_watched_ = true;
    std::thread([this] { read(); }).detach();
  }

  std::string next() {
    if (!is_watched_) return read_line();
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !lines_.empty(); });
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }

 private:
  static std::string read_line() {
    std::string line;
    if (!std::getline(std::cin, line)) _exit(0);
    return line;
  }

  void read() {
    for (;;) {
      std::string line = read_line();
      {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
      }
      arrived_.notify_one();
    }
  }

  bool is_watched_ = false;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::string> lines_;
};

// Standard output is the coordinator's; what a library prints by mistake goes to standard error.
class Replies {
 public:
  Replies() : fd_(dup(STDOUT_FILENO)) { dup2(STDERR_FILENO, STDOUT_FILENO); }

  void send(const WorkerReply& reply) {
    const std::string line = encode(reply) + "\n";
    const std::lock_guard lock(mutex_);
    std::size_t written = 0;
    while (written < line.size()) {
      const ssize_t n = write(fd_, line.data() + written, line.size() - written);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) _exit(0);  // nobody listens any more
      written += static_cast<std::size_t>(n);
    }
  }

 private:
  int fd_;
  std::mutex mutex_;
};

// A file that vanished since the plan was made is noted as one that is not there: its video is to
// be done again once the file is back.
StudyInput as_found(StudyInput input) {
  std::error_code failed;
  if (std::filesystem::exists(input.path, failed) || failed) return input;
  input.size_bytes = -1;
  input.mtime_ns = 0;
  return input;
}

// Tells the coordinator, from any thread and not too often, that work goes on.
class SignsOfLife {
 public:
  SignsOfLife(Replies& replies, double timeout_s)
      : replies_(replies), every_s_(timeout_s > 0 ? std::min(1.0, timeout_s / 8) : 1) {}

  void give() {
    const double now_s = seconds_since(start_);
    double last_s = last_s_;
    if (now_s - last_s < every_s_ || !last_s_.compare_exchange_strong(last_s, now_s)) return;
    WorkerReply reply;
    reply.kind = WorkerReply::Kind::kAlive;
    replies_.send(reply);
  }

 private:
  Replies& replies_;
  const double every_s_;
  const Clock::time_point start_ = Clock::now();
  std::atomic<double> last_s_ = -1e9;
};

// A file of some size takes no more processor time from now on than its coordinator lets it take.
void limit_processor_time(const WorkerLimits& limits, const WorkerTask& task) {
  rusage used{};
  rlimit now{};
  if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &now) != 0) return;
  rlim_t most = now.rlim_max;
  if (limits.timeout_s > 0 && task.input.size_bytes > 0) {
    const double seconds = most_seconds(limits.timeout_s, 1e9, task.input.size_bytes);
    const auto until = static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec +
                                           task.threads * seconds + 2);
    most = std::min(most, until);
  }
  now.rlim_cur = most;
  setrlimit(RLIMIT_CPU, &now);
}

class Worker {
 public:
  static Result<std::unique_ptr<Worker>> open(WorkerSetup setup, Replies& replies) {
    MIEN_TRY(models,
             ModelSet::open(setup.manifest_folder, setup.model_folder, setup.extra_manifests));
    if (models.hash() != setup.settings.model_set_hash) {
      return Error{ErrorCode::kMismatch,
                   "the manifests of the models changed while the work was going on; remedy: run "
                   "the command again"};
    }
    std::unique_ptr<Worker> worker(new Worker(std::move(setup), std::move(models), replies));
    MIEN_TRY_VOID(worker->open_parts());
    return worker;
  }

  // From here on hostile bytes may come: see confinement.h. The input is watched from here on too,
  // since its thread has to be shut in like this one.
  Status shut_in(const ReachableFiles& files, InputLines& lines) {
    for (const std::filesystem::path& folder : files.writable) MIEN_TRY_VOID(make_folders(folder));
    WorkerReply reply;
    reply.kind = WorkerReply::Kind::kReady;
    MIEN_TRY(landlock_abi, confine_files(files));
    reply.confinement.landlock_abi = landlock_abi;
    lines.watch();
    MIEN_TRY(system_calls, confine_system_calls());
    reply.confinement.system_calls = system_calls;
    reply.confinement.with_sanitizer = kWithSanitizer;
    replies_.send(reply);
    return Ok{};
  }

  // The reply is kDone, or this worker can do no more.
  Result<WorkerReply> run(const WorkerTask& task) {
    limit_processor_time(setup_.limits, task);
    WorkerReply reply;
    reply.kind = WorkerReply::Kind::kAlive;
    replies_.send(reply);
    if (!task.clips.empty()) MIEN_TRY_VOID(cut(task, reply));
    MIEN_TRY(facts, task.is_reading() ? read(task) : facts_of(task));
    reply.kind = WorkerReply::Kind::kDone;
    reply.video_id = task.input.video_id;
    reply.facts = facts;
    reply.stages = stages();
    return reply;
  }

 private:
  Worker(WorkerSetup setup, ModelSet models, Replies& replies)
      : setup_(std::move(setup)),
        models_(std::move(models)),
        engines_(models_, setup_.options),
        replies_(replies),
        alive_(replies, setup_.limits.timeout_s) {
    setup_.options.reader.on_frame = [this] { alive_.give(); };
    engines_.set_on_frame([this] { alive_.give(); });
  }

  // The database opens while the networks do: a short clip waits for nothing else.
  Status open_parts() {
    const auto begin = Clock::now();
    auto opening = std::async(std::launch::async, [] { return Database::open(); });
    MIEN_TRY_VOID(engines_.open_first());
    add_stage(opening_, begin);
    MIEN_TRY(database, opening.get());
    database_ = std::move(database);
    return Ok{};
  }

  Status cut(const WorkerTask& task, WorkerReply& reply) {
    if (!masker_.has_value()) {
      MIEN_TRY(masker, FaceMasker::open(models_));
      masker_.emplace(std::move(masker));
    }
    const auto begin = Clock::now();
    MIEN_TRY(clips, clip_task_from(parse_own_json(task.clips)));
    MIEN_TRY(records, make_clips(task.input.path, setup_.options.reader, clips, *masker_));
    nlohmann::json list = nlohmann::json::array();
    for (const ClipRecord& record : records) list.push_back(to_json(record));
    reply.clips = list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    add_stage(cutting_, begin);
    return Ok{};
  }

  Result<VideoFacts> read(const WorkerTask& task) {
    if (!task.clips.empty()) return VideoFacts{};
    const auto begin = Clock::now();
    MIEN_TRY(facts, read_for_training(task, setup_.options, engines_));
    add_stage(reading_, begin);
    return facts;
  }

  Result<VideoFacts> facts_of(const WorkerTask& task) {
    if (task.input.size_bytes == kSizeOfUnreadableName) {
      if (!task.tables) return VideoFacts{};
      return give_up(task, media_error(MediaReason::kNameNotText, task.input.path,
                                       "the name is not UTF-8 text, so no table can hold it; "
                                       "rename the file or folder"));
    }
    if (task.given_up == MediaReason::kNone) return measure(task);
    return give_up(task, media_error(task.given_up, task.input.path, task.given_up_words));
  }

  Result<VideoFacts> measure(const WorkerTask& task) {
    std::optional<PendingWriter> writer;
    if (task.tables) {
      MIEN_TRY(opened, PendingWriter::open(*database_, setup_.study, setup_.settings,
                                           as_found(task.input)));
      writer.emplace(std::move(opened));
    }
    std::vector<OverlayFrame> overlay;
    VideoJob job = job_for(task, writer, overlay);
    MaskedVideo masked(masked_path(setup_.study, settings_hash(setup_.settings), task.input));
    if (task.overlay && setup_.options.contexts.masked) {
      job.on_masked = [&masked](std::int64_t pts_us, Image image) {
        return masked.add(pts_us, std::move(image));
      };
    }
    MIEN_TRY(facts, annotate_video(job, setup_.options, engines_));
    MIEN_TRY_VOID(masked.finish());
    decode_.seconds += facts.decode_seconds;
    decode_.calls += facts.frames_decoded;
    if (task.overlay && !overlay.empty()) {
      const auto drawn = Clock::now();
      MIEN_TRY_VOID(
          write_overlay(task.input.path, setup_.options, overlay,
                        overlay_path(setup_.study, settings_hash(setup_.settings), task.input)));
      add_stage(drawing_, drawn);
    }
    if (writer.has_value()) MIEN_TRY_VOID(commit(*writer));
    return facts;
  }

  Result<VideoFacts> give_up(const WorkerTask& task, const Error& error) {
    MIEN_TRY(opened, PendingWriter::open(*database_, setup_.study, setup_.settings, task.input));
    std::optional<PendingWriter> writer(std::move(opened));
    std::vector<OverlayFrame> none;
    const VideoJob job = job_for(task, writer, none);
    MIEN_TRY(facts, record_failure(job, setup_.options, engines_, error));
    MIEN_TRY_VOID(commit(*writer));
    return facts;
  }

  VideoJob job_for(const WorkerTask& task, std::optional<PendingWriter>& writer,
                   std::vector<OverlayFrame>& overlay) {
    VideoJob job;
    job.video_id = task.input.video_id;
    job.path = task.input.path;
    job.threads = task.threads;
    job.sink = [this, &writer](const std::string& table, const Table& batch) -> Status {
      if (!writer.has_value()) return Ok{};
      const auto begin = Clock::now();
      MIEN_TRY_VOID(writer->append(table, batch));
      writing_.seconds += seconds_since(begin);
      return Ok{};
    };
    job.progress = [this, id = task.input.video_id](const VideoFacts& so_far, double position_s,
                                                    double duration_s) {
      WorkerReply reply;
      reply.video_id = id;
      reply.facts = so_far;
      reply.position_s = position_s;
      reply.duration_s = duration_s;
      replies_.send(reply);
    };
    if (task.overlay) {
      job.on_frame = [&overlay](OverlayFrame frame) { overlay.push_back(std::move(frame)); };
    }
    return job;
  }

  Status commit(PendingWriter& writer) {
    const auto begin = Clock::now();
    MIEN_TRY_VOID(writer.commit());
    add_stage(writing_, begin);
    return Ok{};
  }

  static void add_stage(StageTime& stage, Clock::time_point begin) {
    stage.seconds += seconds_since(begin);
    ++stage.calls;
  }

  std::vector<StageTime> stages() const {
    std::vector<StageTime> all{decode_};
    for (const StageTime& stage : engines_.stage_times()) all.push_back(stage);
    all.push_back(opening_);
    all.push_back(writing_);
    if (drawing_.calls > 0) all.push_back(drawing_);
    if (cutting_.calls > 0) all.push_back(cutting_);
    if (reading_.calls > 0) all.push_back(reading_);
    return all;
  }

  WorkerSetup setup_;
  ModelSet models_;
  std::optional<Database> database_;  // there once open_parts() is done
  EnginePool engines_;
  std::optional<FaceMasker> masker_;  // there once clips were asked for
  Replies& replies_;
  SignsOfLife alive_;
  StageTime decode_{"decode", 0, 0};
  StageTime opening_{"open models", 0, 0};
  StageTime writing_{"write tables", 0, 0};
  StageTime drawing_{"draw overlay", 0, 0};
  StageTime cutting_{"cut clips", 0, 0};
  StageTime reading_{"read features", 0, 0};
};

Status serve(InputLines& lines, Replies& replies) {
  MIEN_TRY(setup, decode_setup(lines.next()));
  const WorkerLimits& limits = setup.limits;
  MIEN_TRY_VOID(
      limit_resources(limits.memory_mb > 0 ? most_data_mb(limits.memory_mb, setup.threads) : 0));
  MIEN_TRY(worker, Worker::open(std::move(setup), replies));
  MIEN_TRY(files, decode_reachable(lines.next()));
  MIEN_TRY_VOID(worker->shut_in(files, lines));
  for (;;) {
    MIEN_TRY(task, decode_task(lines.next()));
    auto reply = worker->run(task);
    if (!reply.ok()) return std::move(reply).error();
    replies.send(*reply);
  }
}

}  // namespace

Status run_worker() {
  std::signal(SIGPIPE, SIG_IGN);
  Replies replies;
  InputLines lines;
  Status ended = serve(lines, replies);
  WorkerReply reply;
  reply.kind = WorkerReply::Kind::kError;
  reply.error = ended.error().message;
  reply.code = ended.error().code;
  replies.send(reply);
  for (;;) lines.next();  // the coordinator closes the input; nothing else is to be done here
}

}  // namespace mien
