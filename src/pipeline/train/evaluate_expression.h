// Any channel of a study against any ratings of its clips or videos: the figures of a model card
// (training/figures.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "rating/ratings.h"
#include "training/figures.h"

namespace mien {

struct EvaluateExpressionRequest {
  std::filesystem::path study, ratings;  // pipeline/rate/rating_list.h
  std::optional<RatingMode> mode;
  std::string channel = "label";  // scores CHANNEL_WORD are held against ratings of WORD
  // Further pairs of a score's column and a label of the ratings, before those.
  std::vector<std::pair<std::string, std::string>> matches;
  std::uint64_t seed = 1;
  int threads = 1;
};

struct EvaluateExpressionSummary {
  std::vector<std::pair<std::string, std::string>> matches;  // column, label
  std::vector<std::string> unmatched;  // labels of the ratings without a score
  std::vector<std::string> not_found;  // rated, but neither a clip nor a video of the study
  Evaluation evaluation;
};

// A clip is one of STUDY/rating/clips.json, whose score is the mean of its track's windows,
// weighted by what they share with it in time, or a video's id, whose score is that of the table
// `expressions`. A clip that has no scored window counts as wrong in accuracies and is left out of
// correlations. Scores outside [0, 1] have neither calibration nor bias. Persons are
// those of the ratings' column `person`, else as clips.json says, else the video's own; sources as
// clips.json says, else the uploader, else the video itself.
//
// kUsage: no label has a score, both named. kNotFound: no rated clip is of the study.
Result<EvaluateExpressionSummary> evaluate_expression(const EvaluateExpressionRequest& request);

nlohmann::ordered_json to_json(const EvaluateExpressionSummary& summary);

}  // namespace mien
