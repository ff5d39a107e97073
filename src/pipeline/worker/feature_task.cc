#include "pipeline/worker/feature_task.h"

#include <atomic>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/outside_json.h"
#include "pipeline/train/visual_vectors.h"

namespace mien {

nlohmann::json to_json(const FeatureTask& task) {
  nlohmann::json clips = nlohmann::json::array();
  for (const RatedClip& clip : task.clips)
    clips.push_back({clip.track, clip.start_us, clip.end_us});
  return {{"folder", task.cache.folder().string()},
          {"row_size", task.cache.row_size()},
          {"has_company", task.has_company},
          {"clips", clips}};
}

Result<FeatureTask> feature_task_from(const nlohmann::json& json) {
  try {
    FeatureTask task{FeatureCache(std::filesystem::path(json.at("folder").get<std::string>()),
                                  json.at("row_size").get<std::size_t>()),
                     json.at("has_company").get<bool>(),
                     {}};
    for (const nlohmann::json& entry : json.at("clips")) {
      task.clips.push_back({"", 0, entry.at(0).get<int>(), entry.at(1).get<std::int64_t>(),
                            entry.at(2).get<std::int64_t>()});
    }
    return task;
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt, std::string("features to read: ") + error.what()};
  }
}

namespace {

Status read_features(const StudyInput& video, const FeatureTask& task,
                     const AnnotateOptions& options, EnginePool& engines) {
  RatedVideo rated;
  rated.input = video;
  rated.has_company = task.has_company;
  const std::atomic<bool> never = false;
  MIEN_TRY(rows, clip_features(rated, task.clips, options, engines, never));
  return task.cache.write(rated, task.clips, rows);
}

}  // namespace

Result<VideoFacts> read_for_training(const WorkerTask& task, const AnnotateOptions& options,
                                     EnginePool& engines) {
  Status done = Ok{};
  if (!task.features.empty()) {
    MIEN_TRY(features, feature_task_from(parse_own_json(task.features)));
    done = read_features(task.input, features, options, engines);
  } else {
    done = store_vectors(task.input.path, task.vectors, options, engines, task.threads);
  }
  VideoFacts facts;
  if (done.ok()) return facts;
  if (reason_of(done.error()) == MediaReason::kNone) return done.error();
  facts.reason = to_string(reason_of(done.error()));
  facts.message = done.error().message;
  return facts;
}

std::string words_of(const VideoFacts& facts) {
  const bool says_it = facts.reason.empty() || facts.message.starts_with(facts.reason + ": ");
  return says_it ? facts.message : facts.reason + ": " + facts.message;
}

}  // namespace mien
