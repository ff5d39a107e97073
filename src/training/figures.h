// How well scores agree with what raters said of clips that the scores were not trained on.
//
// For each label, over clips that have a score and a rating:
// - correlation: Pearson's, of score and mean rating; interval by a delete-one-block jackknife on
//   Fisher's scale over at most 20 blocks of clusters of shared persons and sources (splits.h), t
//   with blocks - 1 degrees of freedom.
// - reliability and ceiling: rating/reliability.h, of the ratings of these clips. With one rating a
//   clip they are not estimable, and neither is what is divided by them.
// - corrected: correlation / ceiling, never clipped; its interval adds both variances on the log
//   scale (delta method), the reliability's from the width of its interval.
// - auc: the chance that a rating that chose the label stands on a clip of higher score than one
//   that did not, ties one half (Hanley and McNeil 1982); a mean rating m of n raters is n m
//   choices and n (1 - m) others.
// - for probabilities: Brier score against single choices' means, and the calibration error: bins
// of
//   equally many ratings, the mean over ratings of |mean score - mean rating| (Naeini et al. 2015,
//   with bins of equal counts).
// What cannot be estimated is NaN.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "rating/ratings.h"
#include "rating/reliability.h"

namespace mien {

inline constexpr std::size_t kCalibrationBins = 10;
// The rule by which a label is kept (lower bounds).
inline constexpr double kLeastReliability = 0.1;
inline constexpr double kLeastCorrected = 0.3;

struct CalibrationBin {
  double score = 0, rating = 0;  // means over the bin's ratings
  double raters = 0;
};

enum class LabelVerdict { kKept, kNotEstimable, kUnreliable, kInaccurate };
std::string_view to_string(LabelVerdict verdict);

struct LabelFigures {
  std::string label;
  std::size_t clips = 0;
  double ratings = 0;
  double mean_rating = 0, mean_score = 0;
  Measure correlation, corrected;
  Measure reliability, ceiling;
  double auc = 0;
  double brier = 0, calibration_error = 0;  // NaN where scores are no probabilities
  std::vector<CalibrationBin> curve;
  LabelVerdict verdict = LabelVerdict::kKept;
};

struct GroupFigures {
  std::string group;
  std::size_t raters = 0;
  struct Label {
    std::size_t clips = 0;
    double correlation = 0;
    double bias = 0;  // mean of score - the group's mean rating, over its ratings
    double rmse = 0;
  };
  std::vector<Label> labels;  // beside Evaluation::labels
};

struct Evaluation {
  std::vector<LabelFigures> labels;
  std::size_t clips = 0, clips_without_score = 0, raters = 0, clusters = 0;
  double judgements = 0;
  // Row: the label that raters chose, as shares of ratings; column: the label of highest score.
  std::vector<double> confusion;  // [labels][labels]
  // Over clips of which one label is the raters' first choice alone: the share that has the highest
  // score, over clips and as mean over labels. A clip without a score counts as wrong.
  double accuracy = 0, balanced_accuracy = 0;
  std::size_t decided_clips = 0;
  std::vector<GroupFigures> groups;
};

struct EvaluationInput {
  std::vector<std::string> labels;   // of the scores; each must be a label of the ratings
  std::span<const float> scores;     // [clips][labels], NaN: none
  const Ratings* ratings = nullptr;  // of exactly these clips, in this order
  double lowest_value = 0, highest_value = 1;
  std::span<const std::uint32_t> clusters;  // of each clip
  bool probabilities = true;
  int replicates = 200;  // of the reliability's bootstrap
  std::uint64_t seed = 1;
  int threads = 1;
};

Evaluation evaluate(const EvaluationInput& input);

nlohmann::ordered_json to_json(const Evaluation& evaluation);

}  // namespace mien
