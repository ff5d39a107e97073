// What a worker is told to read from one video for training, beside tables: features of rated
// clips, into a study's cache; or the vectors of a picture network, into a file. JSON on the way.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/train/clip_features.h"
#include "pipeline/train/feature_cache.h"
#include "pipeline/train/rated_clips.h"
#include "pipeline/worker/protocol.h"

namespace mien {

struct FeatureTask {
  FeatureCache cache;
  bool has_company = false;  // RatedVideo::has_company
  std::vector<RatedClip> clips;
};

nlohmann::json to_json(const FeatureTask& task);
// kCorrupt for anything that to_json() would not write.
Result<FeatureTask> feature_task_from(const nlohmann::json& json);

// Reads what `task` asks for and puts it where it says. What is wrong with the video's file is in
// reason and message of the facts. Errors: of networks and disk, and a task that is none.
Result<VideoFacts> read_for_training(const WorkerTask& task, const AnnotateOptions& options,
                                     EnginePool& engines);

// What is left of a task that was not done: "worker_timeout: the process that read it...".
std::string words_of(const VideoFacts& facts);

}  // namespace mien
