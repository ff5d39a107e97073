#include "pipeline/rate/prepare_clips.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/outside_json.h"
#include "base/sha256.h"
#include "model/model_set.h"
#include "pipeline/annotate/plan.h"
#include "pipeline/rate/clip_job.h"
#include "pipeline/rate/clip_publication.h"
#include "pipeline/study/duplicates.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/near_duplicates.h"
#include "pipeline/study/study_settings.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/worker/process.h"
#include "pipeline/worker/worker_pool.h"
#include "store/durable_file.h"
#include "survey/clip_list.h"
#include "survey/definition.h"
#include "survey/rating_database.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr int kMostRounds = 100;
constexpr int kCutVersion = 2;  // raised when the same task would give other pictures

// What is wrong with a clip and not with its video.
constexpr std::string_view kOfClip[] = {"face_lost", "face_covered", "too_few_frames",
                                        "too_short", "size_changes", "size_not_encoded"};

bool is_of_clip(const std::string& code) {
  return std::ranges::find(kOfClip, code) != std::end(kOfClip);
}

// Beside the options what else decides which clips there are: the list of excluded videos.
Json options_json(ClipOptions options, const std::set<std::string>& excluded) {
  Json json;
  each_clip_value(options, [&](const char* key, const auto& value) { json[key] = value; });
  json.erase("exclude");
  if (!excluded.empty()) {
    std::string all;
    for (const std::string& id : excluded) all += id + "\n";
    json["exclude_sha256"] = sha256_of_bytes(all);
  }
  return json;
}

class PrepareRun {
 public:
  PrepareRun(const PrepareRequest& request, const std::atomic<bool>& stop)
      : request_(request),
        options_(request.options),
        rating_(rating_folder(request.study)),
        stop_(stop) {}

  Result<PrepareSummary> run() {
    const auto begin = Clock::now();
    MIEN_TRY_VOID(open());
    MIEN_TRY_VOID(compare_with_last());
    MIEN_TRY(chooser, ClipChooser::open(*database_, request_.study, options_, request_.sensitive,
                                        excluded_));
    MIEN_TRY(candidates, chooser.candidates());
    summary_.candidates = candidates;
    std::vector<ClipChoice> chosen;
    for (int round = 0; round < kMostRounds; ++round) {
      MIEN_TRY(drawn, chooser.choose(refused_clips_, refused_videos_));
      chosen = std::move(drawn);
      MIEN_TRY_VOID(cut(chooser, chosen));
      if (stop_) break;
      if (!refuse_unfit(chosen)) break;
    }
    summary_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (stop_) return summary_;
    std::erase_if(chosen, [&](const ClipChoice& clip) { return !is_fit(clip); });
    if (chosen.empty()) return nothing_fit();
    MIEN_TRY_VOID(publish_clips({rating_, options_, json_, models_}, chosen, records_, summary_));
    summary_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return summary_;
  }

 private:
  Status open() {
    if (shard_folders(request_.study).empty()) {
      return Error{ErrorCode::kNotFound,
                   fmt::format("{0}: there are no annotated videos to cut clips from; remedy: mien "
                               "annotate VIDEOS --out {0}",
                               request_.study.string())};
    }
    MIEN_TRY_VOID(make_folders(rating_));
    MIEN_TRY(lock, FileLock::acquire(rating_ / "prepare.lock"));
    lock_.emplace(std::move(lock));
    if (!options_.exclude.empty()) {
      MIEN_TRY(ids, read_excluded(options_.exclude));
      excluded_ = std::move(ids);
    }
    MIEN_TRY(models, ModelSet::open(request_.manifest_folder, request_.model_folder));
    const fs::path annotations = request_.study / "annotations";
    MIEN_TRY(text, read_whole_file(annotations / "run.json"));
    MIEN_TRY(settings, decode_settings(text));
    MIEN_TRY(annotated, annotate_options_from_json(settings.options));
    MIEN_TRY(database, Database::open());
    database_.emplace(std::move(database));
    MIEN_TRY(duplicates, find_duplicates(*database_, request_.study));
    static_cast<void>(duplicates);
    MIEN_TRY(plan, Plan::read(*database_, annotations / "plan.parquet"));
    plan_ = std::move(plan);
    setup_.options.reader = annotated.reader;
    setup_.options.channels.action = setup_.options.channels.label = false;
    setup_.settings.model_set_hash = models.hash();
    setup_.study = fs::absolute(request_.study);
    setup_.manifest_folder = request_.manifest_folder;
    setup_.model_folder = request_.model_folder;
    models_ = models.hash();
    json_ = options_json(options_, excluded_);
    return Ok{};
  }

  // Clips of other options stay as they are, but for more of the same.
  Status compare_with_last() {
    const fs::path file = rating_ / "clips.json";
    auto text = read_whole_file(file);
    if (!text.ok()) return Ok{};
    const Json last = parse_own_json<Json>(*text);
    if (!last.is_object() || !last.contains("options") || !last["options"].is_object()) {
      return last_is_other(file, "it was not made by this program");
    }
    std::string differences;
    Json before = last["options"];
    Json now = json_;
    const bool is_more = !before.contains("count") || !before["count"].is_number() ||
                         before["count"].get<std::int64_t>() <= options_.count;
    if (is_more) before["count"] = now["count"];
    for (const auto& [key, value] : now.items()) {
      if (before.contains(key) && before[key] == value) continue;
      differences +=
          fmt::format("{}{}: {} in the study, {} now", differences.empty() ? "" : "; ", key,
                      before.contains(key) ? before[key].dump() : "none", value.dump());
    }
    if (before.contains("exclude_sha256") && !now.contains("exclude_sha256")) {
      differences +=
          fmt::format("{}no list of excluded videos now", differences.empty() ? "" : "; ");
    }
    if (differences.empty()) return Ok{};
    return last_is_other(file, differences);
  }

  Status last_is_other(const fs::path& file, const std::string& what) {
    if (!request_.redo) {
      return Error{ErrorCode::kMismatch,
                   fmt::format("{}: clips of other options are there: {}; remedy: the options of "
                               "before, or --redo to replace the clips",
                               file.string(), what)};
    }
    if (!is_rating_study(request_.study)) return Ok{};
    MIEN_TRY(ratings, read_only_ratings(request_.study));
    MIEN_TRY(answers, ratings.integer("SELECT count(*) FROM answers"));
    if (answers.value_or(0) == 0) return Ok{};
    return Error{ErrorCode::kMismatch,
                 fmt::format("{}: raters gave {} answers about the clips that are there; remedy: "
                             "prepare other clips in another study, or export the ratings and move "
                             "{} away",
                             file.string(), *answers, ratings_file(request_.study).string())};
  }

  std::string stamp_of(const StudyInput& video) const {
    return sha256_of_bytes(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", kCutVersion, models_,
                                       options_.view, options_.face_px, options_.scene_px,
                                       options_.seed, video.size_bytes, video.mtime_ns))
        .substr(0, 32);
  }

  // The record of a clip whose files are as it says.
  std::optional<ClipRecord> done_before(const ClipChoice& clip, const std::string& stamp) const {
    const auto text = read_whole_file(clip_record_path(rating_, clip.id));
    if (!text.ok()) return std::nullopt;
    auto record = clip_record_from(parse_own_json(*text));
    if (!record.ok() || record->id != clip.id || record->stamp != stamp) return std::nullopt;
    if (!record->refused.empty() && !is_of_clip(record->refused)) return std::nullopt;
    for (const ClipFile& file : record->files) {
      const auto mp4 = sha256_of_file(rating_ / "clips" / file.mp4);
      const auto webm = sha256_of_file(rating_ / "clips" / file.webm);
      if (!mp4.ok() || *mp4 != file.mp4_sha256) return std::nullopt;
      if (!webm.ok() || *webm != file.webm_sha256) return std::nullopt;
    }
    return std::move(*record);
  }

  void skip(const std::string& video_id, const std::string& reason, const std::string& message) {
    refused_videos_.insert(video_id);
    summary_.skipped.push_back({video_id, reason, message});
  }

  Status cut(ClipChooser& chooser, const std::vector<ClipChoice>& chosen) {
    std::vector<ClipChoice> todo;
    for (const ClipChoice& clip : chosen) {
      if (records_.contains(clip.id)) continue;
      const auto at = plan_.find(clip.video_id);
      if (!at.has_value()) {
        if (!refused_videos_.contains(clip.video_id)) {
          skip(clip.video_id, "missing", clip.video_id + ": is not in the study's plan");
        }
        continue;
      }
      if (auto record = done_before(clip, stamp_of(plan_.videos()[*at]))) {
        if (record->refused.empty()) ++summary_.kept;
        records_.emplace(clip.id, std::move(*record));
      } else {
        todo.push_back(clip);
      }
    }
    std::vector<WorkerTask> tasks;
    MIEN_TRY_VOID(plan_tasks(chooser, todo, tasks));
    if (tasks.empty()) return Ok{};
    return work(std::move(tasks));
  }

  // One task a video, its clips by time.
  Status plan_tasks(ClipChooser& chooser, const std::vector<ClipChoice>& todo,
                    std::vector<WorkerTask>& tasks) {
    MIEN_TRY(seen, chooser.seen(todo));
    std::vector<std::pair<StudyInput, ClipTask>> videos;
    std::map<std::string, std::size_t> positions;
    for (const ClipChoice& clip : todo) {
      if (refused_videos_.contains(clip.video_id)) continue;
      const auto [at, is_new] = positions.emplace(clip.video_id, videos.size());
      if (is_new) {
        const StudyInput& input = plan_.videos()[*plan_.find(clip.video_id)];
        if (!is_as_annotated(input)) continue;
        ClipTask task;
        task.folder = fs::absolute(rating_).string();
        task.stamp = stamp_of(input);
        task.face = options_.shows_face();
        task.scene = options_.shows_scene();
        task.face_px = static_cast<int>(options_.face_px);
        task.scene_px = static_cast<int>(options_.scene_px);
        task.seed = static_cast<std::uint64_t>(options_.seed);
        videos.emplace_back(input, std::move(task));
      }
      ClipRequest& request = videos[at->second].second.clips.emplace_back();
      request.id = clip.id;
      request.track_id = clip.track_id;
      request.start_us = clip.start_us;
      request.end_us = clip.end_us;
      request.known = {{clip.start_us, clip.box}};
      if (const auto boxes = seen.find(clip.id); boxes != seen.end()) request.known = boxes->second;
    }
    for (auto& [input, task] : videos) {
      std::ranges::sort(task.clips, {}, [](const ClipRequest& clip) {
        return std::pair(clip.start_us, clip.track_id);
      });
      WorkerTask& whole = tasks.emplace_back();
      whole.input = input;
      whole.tables = false;
      whole.clips = to_json(task).dump();
    }
    return Ok{};
  }

  bool is_as_annotated(const StudyInput& input) {
    const StudyInput now = describe_input(input.video_id, input.path);
    if (now.size_bytes < 0) {
      skip(input.video_id, "missing", input.path + ": is gone; remedy: put it back");
    } else if (now.size_bytes != input.size_bytes || now.mtime_ns != input.mtime_ns) {
      skip(input.video_id, "changed",
           input.path + ": has changed since it was annotated; remedy: mien annotate");
    }
    return !refused_videos_.contains(input.video_id);
  }

  Status work(std::vector<WorkerTask> tasks) {
    StageProgress progress{"clips", 0, 0, "clips"};
    std::map<std::string, std::int64_t> sizes;
    for (const WorkerTask& task : tasks) {
      MIEN_TRY(clips, clip_task_from(parse_own_json(task.clips)));
      sizes[task.input.video_id] = static_cast<std::int64_t>(clips.clips.size());
      progress.total += sizes[task.input.video_id];
    }
    if (request_.progress) request_.progress(progress);
    MIEN_TRY(program, own_program());
    WorkerPoolRequest pool;
    pool.program = program;
    pool.setup = setup_;
    pool.tasks = std::move(tasks);
    pool.threads = request_.threads;
    pool.on_progress = [](const WorkerTask&, const WorkerReply&) {};
    pool.on_done = [&](const WorkerTask& task, const WorkerReply& reply) -> Status {
      progress.done += sizes[task.input.video_id];
      if (request_.progress) request_.progress(progress);
      return take(task, reply);
    };
    MIEN_TRY(result, run_worker_pool(std::move(pool), stop_));
    summary_.not_done = result.not_done;
    return Ok{};
  }

  Status take(const WorkerTask& task, const WorkerReply& reply) {
    if (reply.clips.empty()) {
      skip(task.input.video_id, reply.facts.reason, task.input.path + ": " + reply.facts.message);
      return Ok{};
    }
    const auto list = parse_own_json(reply.clips);
    if (!list.is_array()) return Error{ErrorCode::kCorrupt, "a worker's reply: no list of clips"};
    for (const auto& entry : list) {
      MIEN_TRY(record, clip_record_from(entry));
      if (record.refused.empty()) ++summary_.cut;
      if (!record.refused.empty() && !is_of_clip(record.refused) &&
          !refused_videos_.contains(task.input.video_id)) {
        skip(task.input.video_id, record.refused, record.message);
      }
      records_.insert_or_assign(record.id, std::move(record));
    }
    return Ok{};
  }

  bool is_fit(const ClipChoice& clip) const {
    const auto record = records_.find(clip.id);
    return record != records_.end() && record->second.refused.empty() &&
           !refused_clips_.contains(clip.id) && !refused_videos_.contains(clip.video_id);
  }

  // Whether some of them have to be replaced.
  bool refuse_unfit(const std::vector<ClipChoice>& chosen) {
    bool is_any = false;
    const auto refuse = [&](const ClipChoice& clip, const std::string& reason) {
      refused_clips_.insert(clip.id);
      ++summary_.refused[reason];
      is_any = true;
    };
    std::vector<const ClipChoice*> fit;
    for (const ClipChoice& clip : chosen) {
      const auto record = records_.find(clip.id);
      if (refused_videos_.contains(clip.video_id)) {
        refuse(clip, "video_skipped");
      } else if (record == records_.end() || !record->second.refused.empty()) {
        refuse(clip, record == records_.end() ? "not_cut" : record->second.refused);
      } else {
        fit.push_back(&clip);
      }
    }
    for (const ClipChoice* clip : same_pictures(fit)) refuse(*clip, "near_duplicate");
    return is_any;
  }

  // Those that show what a clip of another video before them shows.
  std::vector<const ClipChoice*> same_pictures(const std::vector<const ClipChoice*>& clips) const {
    std::vector<FrameHashes> hashes;
    std::vector<std::uint32_t> positions;
    for (std::size_t i = 0; i < clips.size(); ++i) {
      const auto parsed = parse_frame_hashes(records_.at(clips[i]->id).hashes);
      if (!parsed.has_value()) continue;
      hashes.push_back(*parsed);
      positions.push_back(static_cast<std::uint32_t>(i));
    }
    Clusters clusters(clips.size());
    unite_near_duplicates(hashes, positions, clusters);
    std::vector<const ClipChoice*> copies;
    for (std::size_t i = 0; i < clips.size(); ++i) {
      const ClipChoice& first = *clips[clusters.of(static_cast<std::uint32_t>(i))];
      if (first.video_id != clips[i]->video_id) copies.push_back(clips[i]);
    }
    return copies;
  }

  Error nothing_fit() const {
    std::string why;
    for (const auto& [reason, count] : summary_.refused) {
      why += fmt::format(", {} {}", count, reason);
    }
    return {ErrorCode::kNotFound,
            fmt::format(
                "{}: no clip is fit to be shown ({} candidates, {} flagged videos{}); remedy: "
                "annotate more videos, or lower [clips] min_face_px, or flagged = \"keep\"{}",
                request_.study.string(), summary_.candidates.windows, summary_.candidates.flagged,
                why, summary_.skipped.empty() ? "" : "; " + summary_.skipped.front().message)};
  }

  const PrepareRequest& request_;
  const ClipOptions options_;
  const fs::path rating_;
  const std::atomic<bool>& stop_;
  std::optional<FileLock> lock_;
  std::optional<Database> database_;
  std::set<std::string> excluded_;
  Plan plan_;
  WorkerSetup setup_;
  std::string models_;
  Json json_;
  std::map<std::string, ClipRecord> records_;
  std::set<std::string> refused_clips_;
  std::set<std::string> refused_videos_;
  PrepareSummary summary_;
};

}  // namespace

Result<PrepareSummary> prepare_clips(const PrepareRequest& request, const std::atomic<bool>& stop) {
  return PrepareRun(request, stop).run();
}

}  // namespace mien
