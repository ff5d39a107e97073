#include "pipeline/train/train_expression.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "base/sha256.h"
#include "expression/track_features.h"
#include "pipeline/forget/trained_on.h"
#include "pipeline/rate/rating_list.h"
#include "pipeline/simulate/simulate.h"
#include "pipeline/study/study.h"
#include "pipeline/train/feature_cache.h"
#include "pipeline/train/head_folder.h"
#include "pipeline/train/rated_clips.h"
#include "pipeline/train/rated_persons.h"
#include "pipeline/worker/feature_task.h"
#include "pipeline/worker/process.h"
#include "pipeline/worker/worker_pool.h"
#include "store/durable_file.h"
#include "training/dataset.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr int kPollMs = 200;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Beside OUT, under a name of its own.
fs::path beside(const fs::path& out, const char* what) {
  return out.parent_path() / ("." + out.filename().string() + "." + what);
}

class TrainRun {
 public:
  TrainRun(const TrainExpressionRequest& request, const std::atomic<bool>& stop)
      : request_(request), stop_(stop) {
    if (!request_.out.has_filename()) request_.out = request_.out.parent_path();
    request_.out = fs::absolute(request_.out);
  }

  Result<TrainExpressionSummary> run() {
    MIEN_TRY_VOID(read());
    const auto begin = Clock::now();
    MIEN_TRY_VOID(read_features());
    const fs::path dataset = beside(request_.out, "dataset");
    MIEN_TRY_VOID(write_dataset(dataset));
    summary_.features_s = seconds_since(begin);
    const auto fitting = Clock::now();
    MIEN_TRY_VOID(fit(dataset));
    MIEN_TRY(difference,
             finish_head_folder(request_, *ratings_, dataset, blocks_, options_.rate_hz));
    summary_.export_difference = difference;
    summary_.fit_s = seconds_since(fitting);
    MIEN_TRY_VOID(record_training(request_.study, request_.out, trained_on()));
    std::error_code ignored;
    fs::remove_all(dataset, ignored);
    if (!request_.keep_features) fs::remove_all(beside(request_.out, "features"), ignored);
    return std::move(summary_);
  }

 private:
  Status read() {
    if (!request_.extra_features.empty()) {
      MIEN_TRY(bundle, bundle_manifests(request_.model_folder, "--extra-features"));
      bundle_ = std::move(bundle);
    }
    MIEN_TRY(database, Database::open());
    MIEN_TRY(ratings, read_ratings(database, request_.ratings, request_.mode));
    MIEN_TRY(persons, read_rated_persons(database, request_.ratings));
    if (ascii_parquet()) {
      MIEN_TRY(metadata, database.read_metadata(request_.ratings));
      if (metadata.contains(kSimulatedKey)) request_.simulated = true;
    }
    ratings_ = std::move(ratings);
    persons_ = std::move(persons);
    MIEN_TRY(study, Study::open_existing(request_.study, database));
    MIEN_TRY(options, annotate_options_from_json(study.settings().options));
    options_ = std::move(options);
    options_.channels = {};
    options_.channels.basic7 = options_.channels.action = options_.channels.label = false;
    options_.channels.features = true;
    options_.channels.extra_features = request_.extra_features;
    options_.face.unconfirmed_in_stills = true;
    options_.contexts = {};
    MIEN_TRY(models, ModelSet::open(request_.manifest_folder, request_.model_folder, bundle_));
    for (const Manifest& manifest : models.manifests()) {
      const auto known = study.settings().models.find(manifest.id);
      if (known != study.settings().models.end() && known->second != manifest.onnx_sha256) {
        return Error{ErrorCode::kMismatch,
                     fmt::format("{}: it was annotated with another file of the model '{}'; "
                                 "remedy: annotate it again (--redo)",
                                 request_.study.string(), manifest.id)};
      }
    }
    MIEN_TRY(blocks, feature_blocks(models, request_.extra_features));
    blocks_ = std::move(blocks);
    models_ = std::move(models);
    MIEN_TRY(clips, find_rated_clips(database, request_.study, ratings_->clips, options_.rate_hz));
    clips_ = std::move(clips);
    summary_.left_out = clips_.left_out;
    summary_.videos = static_cast<std::int64_t>(clips_.videos.size());
    of_video_.resize(clips_.videos.size());
    for (const RatedClip& clip : clips_.clips) of_video_[clip.video].push_back(clip);
    for (const HeadFeatures::Block& block : blocks_) {
      row_size_ += static_cast<std::size_t>(block.size);
    }
    std::string key = models_->hash() + to_json(options_).dump();
    for (const HeadFeatures::Block& block : blocks_) {
      key += fmt::format(" {} {} {}", block.name, block.size, block.onnx_sha256);
    }
    cache_.emplace(request_.keep_features ? request_.study : beside(request_.out, "features"), key,
                   row_size_);
    return Ok{};
  }

  // All that were rated, also those of clips that could not be read: to be told of one too many is
  // better than of one too few.
  TrainedOn trained_on() const {
    TrainedOn sources;
    constexpr std::string_view kUploader = "uploader ";
    for (const RatedVideo& video : clips_.videos) {
      sources.videos.insert(video.input.video_id);
      if (video.source.starts_with(kUploader)) {
        sources.uploaders.insert(video.source.substr(kUploader.size()));
      }
    }
    sources.raters.insert(ratings_->raters.begin(), ratings_->raters.end());
    return sources;
  }

  bool ascii_parquet() const { return request_.ratings.extension() == ".parquet"; }

  // Into the cache, by confined workers, videos side by side; order does not matter there.
  Status read_features() {
    WorkerPoolRequest pool;
    std::map<std::string, std::size_t> positions;
    std::int64_t done = 0;
    const auto tell = [&] {
      ++done;
      if (request_.report) request_.report({"features", done, summary_.videos, "videos"});
    };
    for (std::size_t at = 0; at < clips_.videos.size(); ++at) {
      MIEN_TRY_VOID(stopped());
      const bool is_wanted = is_to_be_read(at);
      if (!is_wanted) {
        tell();
        continue;
      }
      const RatedVideo& video = clips_.videos[at];
      positions[video.input.video_id] = at;
      WorkerTask& task = pool.tasks.emplace_back();
      task.input = video.input;
      task.tables = false;
      task.features = to_json(FeatureTask{*cache_, video.has_company, of_video_[at]}).dump();
    }
    if (pool.tasks.empty()) return Ok{};
    MIEN_TRY(program, own_program());
    pool.program = program;
    pool.threads = request_.threads;
    pool.setup.options = options_;
    pool.setup.settings.model_set_hash = models_->hash();
    pool.setup.study = fs::absolute(request_.study);
    pool.setup.manifest_folder = request_.manifest_folder;
    pool.setup.model_folder = request_.model_folder;
    pool.setup.extra_manifests = bundle_;
    pool.setup.limits = request_.limits;
    pool.setup.threads = request_.threads;
    pool.on_progress = [](const WorkerTask&, const WorkerReply&) {};
    pool.on_done = [&](const WorkerTask& task, const WorkerReply& reply) -> Status {
      if (!reply.facts.reason.empty()) {
        unread_[positions.at(task.input.video_id)] = words_of(reply.facts);
      }
      tell();
      return Ok{};
    };
    MIEN_TRY(result, run_worker_pool(std::move(pool), stop_));
    static_cast<void>(result);
    return stopped();
  }

  Status stopped() const {
    if (!stop_) return Ok{};
    return Error{ErrorCode::kCancelled, "stopped; the same command goes on from here"};
  }

  // Not where it is in the cache, or where its file is no longer the one that was annotated.
  bool is_to_be_read(std::size_t at) {
    const RatedVideo& video = clips_.videos[at];
    if (of_video_[at].empty()) return false;
    const StudyInput now = describe_input(video.input.video_id, video.input.path);
    if (now.size_bytes < 0) {
      unread_[at] = fmt::format("{} is gone; put it back, or rate other clips", video.input.path);
      return false;
    }
    if (now.size_bytes != video.input.size_bytes || now.mtime_ns != video.input.mtime_ns) {
      unread_[at] =
          fmt::format("{} changed since it was annotated; annotate it again", video.input.path);
      return false;
    }
    if (!cache_->read(video, of_video_[at])) return true;
    ++summary_.videos_cached;
    return false;
  }

  Status write_dataset(const fs::path& folder) {
    DatasetHeader header;
    header.rate_hz = options_.rate_hz;
    for (const HeadFeatures::Block& block : blocks_) {
      header.blocks.push_back(
          {block.name, static_cast<std::size_t>(block.size), block.model, block.onnx_sha256});
    }
    header.simulated = request_.simulated;
    header.seed = request_.seed;
    MIEN_TRY(ratings_sha256, sha256_of_file(request_.ratings));
    header.provenance = {{"ratings_sha256", ratings_sha256},
                         {"whose_labels", request_.whose_labels},
                         {"options", to_json(options_)}};
    MIEN_TRY_VOID(make_folders(folder.parent_path()));
    MIEN_TRY(writer, DatasetWriter::create(folder, header));
    // Clips of one video stand in one file of the cache, and ids mostly together.
    std::size_t held = clips_.videos.size();
    std::vector<ClipRows> rows;
    std::vector<std::size_t> taken(clips_.videos.size());
    for (const RatedClip& clip : clips_.clips) {
      MIEN_TRY_VOID(stopped());
      const std::size_t place = taken[clip.video]++;
      if (const auto problem = unread_.find(clip.video); problem != unread_.end()) {
        summary_.left_out.push_back(clip.id + ": " + problem->second);
        continue;
      }
      const RatedVideo& video = clips_.videos[clip.video];
      if (held != clip.video) {
        auto read = cache_->read(video, of_video_[clip.video]);
        if (!read) {
          return Error{ErrorCode::kCorrupt,
                       fmt::format("{}: features of '{}' vanished; remedy: run the command again",
                                   cache_->folder().string(), video.input.video_id)};
        }
        rows = *std::move(read);
        held = clip.video;
      }
      if (rows[place].rows.empty()) {
        summary_.left_out.push_back(clip.id + ": no frame of the clip has a scored face");
        continue;
      }
      const auto person = persons_.find(clip.id);
      DatasetClip record;
      record.id = clip.id;
      record.person = person == persons_.end() ? video.person : person->second;
      record.source = video.source;
      MIEN_TRY_VOID(writer.add(record, rows[place].rows));
      ++summary_.clips;
      summary_.rows += static_cast<std::int64_t>(rows[place].rows.size() / row_size_);
    }
    if (summary_.clips == 0) {
      return Error{ErrorCode::kNotFound,
                   "no rated clip has a scored face that can be read; the first is " +
                       (summary_.left_out.empty() ? "" : summary_.left_out.front())};
    }
    MIEN_TRY(rated, writer.finish(*ratings_));
    static_cast<void>(rated);
    return Ok{};
  }

  Status take_event(const Json& event) {
    const std::string kind = event.value("event", "");
    if (kind == "done") {
      summary_.fit = event.at("fit");
    } else if (kind == "failed") {
      const std::string code = event.value("code", "internal");
      for (const ErrorCode known : {ErrorCode::kUsage, ErrorCode::kMismatch, ErrorCode::kCorrupt,
                                    ErrorCode::kNotFound, ErrorCode::kIo}) {
        if (to_string(known) == code) return Error{known, event.value("message", "")};
      }
      return Error{ErrorCode::kInternal, "mien-train: " + event.value("message", "")};
    } else if (kind == "warning" && request_.warn) {
      request_.warn(event.value("message", ""));
    } else if (kind == "epoch" && request_.report) {
      request_.report({event.value("share", std::string("training")),
                       event.value("epoch", std::int64_t{0}), event.value("of", std::int64_t{0}),
                       "epochs"});
    }
    return Ok{};
  }

  // A program of its own: LibTorch takes half a second and 165 MB to load.
  Status fit(const fs::path& dataset) {
    const Json wanted = {
        {"dataset", dataset.string()}, {"out", request_.out.string()},
        {"head", request_.head},       {"evaluation", request_.evaluation},
        {"seed", request_.seed},       {"threads", request_.threads},
        {"epochs", request_.epochs},   {"keep_all_labels", request_.keep_all_labels}};
    const fs::path file = dataset / "request.json";
    MIEN_TRY_VOID(write_file_durably(file, wanted.dump(1) + "\n"));
    MIEN_TRY(own, own_program());
    const fs::path program = own.parent_path() / "mien-train";
    std::error_code ignored;
    if (!fs::exists(program, ignored)) {
      return Error{ErrorCode::kNotFound,
                   program.string() +
                       ": the program that trains is not there; remedy: install it, which Mien's "
                       "tarball leaves out (the package mien-train, or 'make install' from source: "
                       "docs/install.md), or in a source tree build it (tools/build release "
                       "mien-train)"};
    }
    MIEN_TRY(child, ChildProcess::start(program, {file.string()}));
    Status told = Ok{};
    while (!child.ended()) {
      if (stop_) return stopped();  // the child is ended; its checkpoint stays
      pollfd listened{child.output_fd(), POLLIN, 0};
      if (poll(&listened, 1, kPollMs) <= 0) continue;
      for (const std::string& line : child.read_lines()) {
        const Json event = Json::parse(line, nullptr, false);
        if (!event.is_object()) continue;
        const Status taken = take_event(event);
        if (!taken.ok() && told.ok()) told = taken;
      }
    }
    const auto how = child.finish(1);
    if (!told.ok()) return told;
    if (summary_.fit.is_null()) {
      return Error{ErrorCode::kInternal, "mien-train " + how.value_or("ended without an answer") +
                                             "; remedy: see whether memory is short; the same "
                                             "command goes on from its checkpoint"};
    }
    return Ok{};
  }

  TrainExpressionRequest request_;
  const std::atomic<bool>& stop_;
  TrainExpressionSummary summary_;
  std::optional<Ratings> ratings_;
  std::map<std::string, std::string> persons_;  // clip -> person
  AnnotateOptions options_;
  std::vector<fs::path> bundle_;  // manifests of networks of extra blocks
  std::optional<ModelSet> models_;
  std::vector<HeadFeatures::Block> blocks_;
  std::size_t row_size_ = 0;
  RatedClips clips_;
  std::vector<std::vector<RatedClip>> of_video_;
  std::map<std::size_t, std::string> unread_;  // video -> why
  std::optional<FeatureCache> cache_;
};

}  // namespace

Result<TrainExpressionSummary> train_expression(const TrainExpressionRequest& request,
                                                const std::atomic<bool>& stop) {
  return TrainRun(request, stop).run();
}

}  // namespace mien
