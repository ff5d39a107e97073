// From a training set to a head and what is known of it: what the program mien-train does.
//
// The rule, laid down before any fit (fit.json repeats it):
// 1. Below kClipsForSplits rated clips figures come from 5-fold cross-validation over clusters of
//    shared persons and sources, the penalty and the calibration chosen anew inside each fold; the
//    head that is kept is fitted on all clips in the same way. Only the pooled head is tried.
// 2. From there on, clips are split into training, validation and test; heads are fitted on
//    training, stopped, chosen and calibrated on validation, and measured once on test. Splits that
//    the set gives are used whatever its size.
// 3. The recurrent head is tried where at least a tenth of the clips have two rows or more. It is
//    taken where its validation loss, calibrated, is lower than the pooled head's by more than one
//    standard error of the difference over clusters; otherwise the pooled one, which is simpler.
// 4. A label is dropped where the lower bound of its reliability is not above 0.1, or that of its
//    corrected held-out correlation not above 0.3; where reliability is not estimable it is kept.
//
// What a run leaves in `out`, which appears whole:
//   head.onnx          head.h
//   fit.json           what was chosen and why, losses, calibration, counts, hashes
//   evaluation.json    figures.h, of clips that were not trained on
//   predictions.jsonl  clip, part (fold or test), probability of every learned label
//   export_check.json  what LibTorch makes of some clips, for check_export()
//   card.md            the model card
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/result.h"

namespace mien {

inline constexpr std::size_t kClipsForSplits = 2000;
inline constexpr std::size_t kFolds = 5;

struct FitRequest {
  std::filesystem::path dataset, out;
  std::string head = "auto";        // auto, pooled, recurrent
  std::string evaluation = "auto";  // auto, folds, splits
  std::uint64_t seed = 1;
  int threads = 1;
  int epochs = 40, patience = 5;  // of the recurrent head
  double learning_rate = 1e-3;
  bool keep_all_labels = false;      // rule 4 is told and not carried out
  int group_replicates = 19;         // of group_models.h; 0: groups are not compared
  std::filesystem::path checkpoint;  // empty: ".NAME.checkpoint" beside `out`
  double checkpoint_s = 60;
};

// kUsage: an unknown field or a value of the wrong kind, named.
Result<FitRequest> fit_request_from(const nlohmann::json& request);

// Each call one event: {"event": "stage", "stage": ...}, {"event": "epoch", "epoch", "of",
// "share", "train_loss", "validation_loss", "left_s"}, {"event": "warning", "message"}.
using FitEvents = std::function<void(const nlohmann::ordered_json& event)>;

// Gives fit.json. Same set, request and seed, same bytes (but for paths, none of which is kept),
// for any number of threads and after any interruption. kUsage and kMismatch as rated_labels.h and
// splits.h say; kUsage where every label is dropped: then only card and figures are in `out`.
Result<nlohmann::ordered_json> run_fit(const FitRequest& request, const FitEvents& events);

// Features of one span, whole rows after each other, -> the exported network's probabilities.
using HeadRunner = std::function<Result<std::vector<float>>(std::span<const float> rows)>;

inline constexpr double kMostExportDifference = 1e-5;

// The largest difference between what LibTorch made of the clips of export_check.json and what
// `run` makes of them. kMismatch above kMostExportDifference, or where something is missing.
Result<double> check_export(const std::filesystem::path& dataset, const std::filesystem::path& out,
                            const HeadRunner& run);

}  // namespace mien
