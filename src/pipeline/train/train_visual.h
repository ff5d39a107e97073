// Trains a probe of contexts on the vectors of a picture network, from videos that somebody
// labelled, and measures it on videos that it has not seen.
//
//   OUT/probe.onnx     vector -> one logit a context: logistic regression, one against the rest
//   OUT/manifest.json  for `mien annotate --context-model`: network, contexts, thresholds,
//   evaluation OUT/card.md        the same for people
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/texts/text_model.h"
#include "pipeline/worker/protocol.h"

namespace mien {

struct TrainVisualRequest {
  std::filesystem::path study;   // its corpus says where the videos are and who uploaded them
  std::filesystem::path labels;  // labelled_text.h, without texts: video_id, contexts, uploader
  std::filesystem::path out;
  std::string id = "context_probe";
  std::string network = "efficientnet_lite0";          // a picture network's id
  std::filesystem::path vocabulary;                    // empty: that which comes with Mien
  std::vector<std::filesystem::path> extra_manifests;  // of networks of the user's own
  std::filesystem::path manifest_folder, model_folder, data;
  double penalty = 0.01;  // L2, on features of SD 1 (stats/logistic_regression.h)
  std::uint32_t seed = 1;
  int threads = 1;
  std::filesystem::path program;  // that is started as workers to look at videos; empty: this one
  WorkerLimits limits;            // of these
  std::function<void(std::size_t done, std::size_t all)> progress;  // videos looked at
};

struct TrainVisualSummary {
  int training = 0, calibration = 0, held_out = 0;  // videos
  int frames = 0;                                   // of the training videos
  std::vector<std::string> not_found;               // labelled, but not in the study's corpus
  std::vector<std::string> not_read;                // "id: reason"
  std::vector<std::string> left_out;                // contexts of too few videos to train
  TextModelEvaluation evaluation;                   // on the held-out videos; its texts are videos
  double slope = 1, intercept = 0;                  // Platt's scaling that was folded in
};

inline constexpr int kFewestTrainingVideos = 5;  // of a context that is trained

// Videos are divided by uploader (held_out.h), or, where none is known, each for itself. Features
// are scaled to SD 1 over the training frames, each video with weight 1. A context's score of a
// video is pooled from its frames as `mien annotate` does it. On the calibration videos one line in
// the logit (Platt 1999) is fitted over all contexts and folded into the weights; then a threshold
// that maximises F1 over all contexts, and one of its own for contexts of at least 10 calibration
// videos. A context that a video is not said to show counts as absent. Same input and seed, same
// bytes. kUsage: too few videos, or no context with kFewestTrainingVideos of them; kCancelled.
Result<TrainVisualSummary> train_visual(const TrainVisualRequest& request,
                                        const std::atomic<bool>& stop);

nlohmann::json to_json(const TrainVisualSummary& summary);

}  // namespace mien
