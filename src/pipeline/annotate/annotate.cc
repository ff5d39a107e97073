#include "pipeline/annotate/annotate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "pipeline/annotate/annotate_setup.h"
#include "pipeline/annotate/inputs.h"
#include "pipeline/annotate/overlay_video.h"
#include "pipeline/annotate/pending.h"
#include "pipeline/study/corpus.h"
#include "pipeline/study/duplicates.h"
#include "pipeline/study/study.h"
#include "pipeline/worker/process.h"
#include "pipeline/worker/worker_pool.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kListedFailures = 100;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The rows that `corpus.parquet` gets: the list's, or id and file; uri is the absolute path.
Table corpus_rows(const Inputs& inputs) {
  Table rows(inputs.corpus.has_value() ? inputs.corpus->schema() : corpus_schema());
  const int uri = rows.schema().index_of("uri");
  const int id = rows.schema().index_of("video_id");
  std::vector<Cell> cells(rows.schema().columns.size());
  for (std::size_t row = 0; row < inputs.videos.size(); ++row) {
    for (std::size_t c = 0; c < cells.size(); ++c) {
      cells[c] = inputs.corpus.has_value() ? inputs.corpus->column(c).at(row) : Cell{};
    }
    cells[static_cast<std::size_t>(id)] = inputs.videos[row].video_id;
    cells[static_cast<std::size_t>(uri)] = inputs.videos[row].path;
    rows.append(cells);
  }
  return rows;
}

class AnnotateRun {
 public:
  AnnotateRun(const AnnotateRequest& request, const std::atomic<bool>& stop)
      : request_(request), stop_(stop), progress_(request.progress_style, request.write_progress) {}

  Result<AnnotateSummary> run() {
    const auto begin = Clock::now();
    MIEN_TRY(setup, worker_setup(request_));
    setup_ = std::move(setup);
    MIEN_TRY(program, own_program());
    program_ = program;
    // It opens its networks while inputs and study are read.
    MIEN_TRY(started, start_worker(program_, setup_));
    started_ = std::move(started);
    MIEN_TRY(database, Database::open());
    MIEN_TRY(study, open_study(database));
    if (request_.retry_failed) MIEN_TRY_VOID(study.retry_failed(named_));
    MIEN_TRY(published_before, study.publish_ready_shards());
    static_cast<void>(published_before);

    // A shard is published once; a video that turns out damaged just before is done again.
    for (int round = 0; round < 3; ++round) {
      std::vector<WorkerTask> tasks = round == 0 ? first_tasks(study) : table_tasks(study);
      if (round == 0) MIEN_TRY_VOID(count_done(study, database));
      if (stop_) {  // before the first video, or between two rounds
        summary_.not_done = std::max(summary_.not_done, static_cast<std::int64_t>(tasks.size()));
      }
      if (tasks.empty() || stop_) break;
      const Status worked = work(std::move(tasks), study);
      if (worked.ok()) continue;
      // Another task may have finished the same shards, and the merge cleared away after it.
      if (request_.shards.empty()) return worked.error();
      MIEN_TRY(now, open_study(database));
      if (!now.todo().empty()) return worked.error();
      study = std::move(now);
      break;
    }
    summary_.problems = study.problems();
    if (request_.shards.empty() && !stop_) {
      MIEN_TRY(duplicates, find_duplicates(database, study.folder()));
      summary_.duplicates = duplicates;
    }
    if (request_.shards.empty() && stop_) {
      MIEN_TRY_VOID(clear_left_overs(study.folder() / "annotations" / "pending"));
    }
    if (!stop_ && request_.inputs.empty()) MIEN_TRY_VOID(check_whole(study));
    summary_.seconds = seconds_since(begin);
    return summary_;
  }

 private:
  // The study with its plan as it is to be.
  Result<Study> open_study(Database& database) {
    if (!request_.shards.empty()) {
      MIEN_TRY(study,
               Study::open_shards(request_.study, setup_.settings, request_.shards, database));
      name_planned(study);
      return study;
    }
    const StudyOpenOptions how{request_.redo, request_.shard_videos};
    if (request_.inputs.empty()) {
      MIEN_TRY(study, Study::open_or_create(request_.study, setup_.settings, how, database));
      name_planned(study);
      return study;
    }
    MIEN_TRY(inputs, expand_inputs(request_.inputs, request_.options.image_sequence, database));
    if (inputs.videos.empty()) {
      return Error{ErrorCode::kNotFound,
                   request_.inputs.front().string() + ": no video or picture in it (" +
                       std::to_string(inputs.files_passed_over) +
                       " files of other kinds passed over); remedy: name videos, or a folder that "
                       "holds some"};
    }
    MIEN_TRY(forgotten, Forgotten::read(request_.study));
    summary_.forgotten = leave_out_forgotten(inputs, forgotten);
    MIEN_TRY(study, Study::open_or_create(request_.study, setup_.settings, how, database));
    MIEN_TRY_VOID(take_in(inputs, study, database));
    MIEN_TRY_VOID(remember_own_files(request_));
    return study;
  }

  // All videos that the study is open for.
  void name_planned(const Study& study) {
    settings_hash_ = settings_hash(study.settings());
    for (const StudyInput& video : study.planned()) named_.insert(video.video_id);
  }

  static Status check_whole(const Study& study) {
    const auto missing = static_cast<std::int64_t>(study.todo().size());
    if (missing == 0 && study.count(VideoState::kPending) == 0) return Ok{};
    return Error{ErrorCode::kIo,
                 fmt::format("{}: {} videos were measured but their shards did not hold when they "
                             "were put together; remedy: run the same command again",
                             study.folder().string(), missing + study.count(VideoState::kPending))};
  }

  // Into plan and corpus.
  Status take_in(const Inputs& inputs, Study& study, Database& database) {
    for (const InputVideo& video : inputs.videos) named_.insert(video.video_id);
    const std::vector<StudyInput> described = described_inputs(inputs);
    MIEN_TRY_VOID(study.add_inputs(described));
    MIEN_TRY_VOID(update_corpus(database, study.folder(), corpus_rows(inputs)));
    settings_hash_ = settings_hash(study.settings());
    std::error_code ignored;
    if (fs::exists(study.folder() / "overlays", ignored)) {
      std::vector<fs::path> current;
      for (const StudyInput& video : study.plan().videos()) {
        current.push_back(overlay_path(study.folder(), settings_hash_, video));
        current.push_back(masked_path(study.folder(), settings_hash_, video));
      }
      std::ranges::sort(current);
      clear_overlays(study.folder(), current);
    }
    return Ok{};
  }

  // What was named and is not done, and what shares a shard with it: shards appear whole.
  std::vector<WorkerTask> table_tasks(const Study& study) const {
    const Plan& plan = study.plan();
    std::set<std::int64_t> shards;
    const std::vector<StudyInput> todo = study.todo();
    const auto shard_of = [&](const StudyInput& video) {
      return plan.shard_of(plan.find(video.video_id).value_or(0));
    };
    for (const StudyInput& video : todo) {
      if (named_.contains(video.video_id)) shards.insert(shard_of(video));
    }
    std::vector<WorkerTask> tasks;
    for (const StudyInput& video : todo) {
      if (!shards.contains(shard_of(video))) continue;
      WorkerTask task;
      task.input = video;
      task.overlay = request_.overlay;
      tasks.push_back(std::move(task));
    }
    // Within a shard the largest first, so that no long video is left for the end.
    std::ranges::stable_sort(tasks, [&](const WorkerTask& a, const WorkerTask& b) {
      const std::int64_t shard_a = shard_of(a.input);
      const std::int64_t shard_b = shard_of(b.input);
      return shard_a != shard_b ? shard_a < shard_b : a.input.size_bytes > b.input.size_bytes;
    });
    return tasks;
  }

  std::vector<WorkerTask> first_tasks(const Study& study) {
    std::vector<WorkerTask> tasks = table_tasks(study);
    std::set<std::string> counted = named_;
    for (const WorkerTask& task : tasks) counted.insert(task.input.video_id);
    summary_.videos = static_cast<std::int64_t>(counted.size());
    summary_.already_done = summary_.videos - static_cast<std::int64_t>(tasks.size());
    if (!request_.overlay) return tasks;
    std::error_code ignored;
    for (const StudyInput& video : study.plan().videos()) {
      const bool is_done =
          named_.contains(video.video_id) && study.state_of(video.video_id) != VideoState::kTodo;
      const bool is_drawn =
          fs::exists(overlay_path(study.folder(), settings_hash_, video), ignored) &&
          (!setup_.options.contexts.masked ||
           fs::exists(masked_path(study.folder(), settings_hash_, video), ignored));
      if (!is_done || is_drawn) continue;
      WorkerTask task;
      task.input = video;
      task.tables = false;
      task.overlay = true;
      tasks.push_back(std::move(task));
    }
    return tasks;
  }

  // Counts what earlier runs found out about the videos that are named now.
  Status count_done(const Study& study, Database& database) {
    if (summary_.already_done == 0) return Ok{};
    const std::vector<fs::path> files = study.media_of(named_);
    if (files.empty()) return Ok{};
    return database.query(
        "SELECT video_id, status, reason, message FROM " + sql_read_parquet(files),
        [&](const Table& batch) -> Status {
          for (std::size_t row = 0; row < batch.rows(); ++row) {
            const std::string& id = batch.column("video_id").strings()[row];
            if (!named_.contains(id) || study.state_of(id) == VideoState::kTodo) continue;
            count(id, batch.column("status").strings()[row], batch.column("reason").strings()[row],
                  batch.column("message").strings()[row]);
          }
          return Ok{};
        });
  }

  void count(const std::string& id, const std::string& status, const std::string& reason,
             const std::string& message) {
    (status == "ok" ? summary_.ok : status == "partial" ? summary_.partial : summary_.failed) += 1;
    if (status != "ok" && summary_.failures.size() < kListedFailures) {
      summary_.failures.push_back({id, status, reason, message});
    }
  }

  Status work(std::vector<WorkerTask> tasks, Study& study) {
    const auto weight_of = [](const WorkerTask& task) {
      return std::max<double>(1, static_cast<double>(task.input.size_bytes));
    };
    double total_weight = 0;  // of all work, by the files' sizes
    for (const WorkerTask& task : tasks) total_weight += weight_of(task);
    double done_weight = 0;
    struct Running {
      double weight = 0;
      WorkerReply reply;
    };
    std::map<std::string, Running> running;
    std::vector<StageTime> publishing{{"publish", 0, 0}};
    const auto state = [&] {
      ProgressState now;
      now.videos_done = summary_.ok + summary_.partial + summary_.failed;
      now.videos_failed = summary_.failed;
      now.videos_total = summary_.videos;
      now.face_seconds = summary_.face_seconds;
      double weight = done_weight;
      for (const auto& [id, at] : running) {
        now.face_seconds += at.reply.facts.face_seconds;
        now.current += now.current.empty() ? id : ", " + id;
        if (at.reply.duration_s > 0) {
          weight += at.weight * std::clamp(at.reply.position_s / at.reply.duration_s, 0.0, 1.0);
        }
      }
      now.fraction = weight / total_weight;
      return now;
    };

    WorkerPoolRequest pool;
    pool.program = program_;
    pool.setup = setup_;
    pool.started = std::exchange(started_, std::nullopt);
    pool.tasks = std::move(tasks);
    pool.threads = request_.threads;
    pool.on_progress = [&](const WorkerTask& task, const WorkerReply& reply) {
      running[reply.video_id] = {weight_of(task), reply};
      progress_.update(state());
    };
    pool.on_done = [&](const WorkerTask& task, const WorkerReply& reply) -> Status {
      running.erase(reply.video_id);
      done_weight += weight_of(task);
      if (task.tables) {
        const auto begin = Clock::now();
        MIEN_TRY_VOID(study.note_committed(reply.video_id));
        MIEN_TRY(published, study.publish_ready_shards());
        publishing[0].seconds += seconds_since(begin);
        publishing[0].calls += published;
        const VideoFacts& facts = reply.facts;
        count(reply.video_id, facts.status, facts.reason, facts.message);
        summary_.frames_analysed += facts.frames_analysed;
        summary_.faces += facts.tracks;
        summary_.face_seconds += facts.face_seconds;
      }
      progress_.update(state());
      return Ok{};
    };
    MIEN_TRY(result, run_worker_pool(std::move(pool), stop_));
    summary_.not_done = result.not_done;
    if (result.confinement.has_value()) summary_.confinement = result.confinement;
    add_stage_times(summary_.stages, result.stages);
    add_stage_times(summary_.stages, publishing);
    progress_.finish(state());
    return Ok{};
  }

  const AnnotateRequest& request_;
  const std::atomic<bool>& stop_;
  Progress progress_;
  fs::path program_;
  WorkerSetup setup_;
  std::optional<ChildProcess> started_;
  std::set<std::string> named_;
  std::string settings_hash_;
  AnnotateSummary summary_;
};

}  // namespace

Result<AnnotateSummary> annotate(const AnnotateRequest& request, const std::atomic<bool>& stop) {
  return AnnotateRun(request, stop).run();
}

}  // namespace mien
