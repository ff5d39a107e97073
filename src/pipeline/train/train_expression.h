// From people's ratings of a study's clips to a model of expressions: reads the faces' features,
// writes a training set, starts mien-train on it, holds the exported network against what was
// trained, and writes the manifest that `annotate --expression-model` takes.
//
//   OUT/  head.onnx, fit.json, evaluation.json, predictions.jsonl, export_check.json, card.md
//         (training/fit_job.h), manifest.json and trained_on.json (trained_on.h)
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/study/stage_progress.h"
#include "pipeline/worker/protocol.h"
#include "rating/ratings.h"

namespace mien {

struct TrainExpressionRequest {
  std::filesystem::path ratings;  // rating_list.h; a column `person` tells whose face a clip shows
  std::filesystem::path study;
  std::filesystem::path out;
  std::optional<RatingMode> mode;
  std::string id = "expression_head";
  std::string whose_labels;  // who the raters are; empty: not said
  std::string head = "auto", evaluation = "auto";
  std::uint64_t seed = 1;
  int threads = 1;
  int epochs = 40;
  bool simulated = false;  // no person rated
  bool keep_all_labels = false;
  bool keep_features = true;                // in STUDY/features
  std::vector<std::string> extra_features;  // of kExtraBlocks (expression/track_features.h)
  std::filesystem::path manifest_folder, model_folder;
  WorkerLimits limits;  // of the processes that read the videos
  StageReport report;
  std::function<void(const std::string& warning)> warn;
};

struct TrainExpressionSummary {
  std::int64_t clips = 0, rows = 0;
  std::int64_t videos = 0, videos_cached = 0;
  // "ID: why", clips that were not trained on; a reason of the media table comes first in the why.
  std::vector<std::string> left_out;
  double features_s = 0, fit_s = 0;
  double export_difference = 0;
  nlohmann::ordered_json fit;  // fit.json
};

// Videos are read again by confined workers (confinement.h). Interrupted or killed, it leaves the
// features that were read and the training's checkpoint, from which the same command goes on. Same
// ratings, study and seed, same model, for any number of threads. kUsage, kNotFound, kCorrupt with
// remedies; kCancelled.
Result<TrainExpressionSummary> train_expression(const TrainExpressionRequest& request,
                                                const std::atomic<bool>& stop);

}  // namespace mien
