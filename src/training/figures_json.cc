#include <cmath>

#include "training/figures.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json measure(const Measure& m) {
  Json json = {
      {"estimate", number(m.estimate)}, {"lower", number(m.lower)}, {"upper", number(m.upper)}};
  if (!m.reason.empty()) json["reason"] = m.reason;
  return json;
}

Json label_json(const LabelFigures& f) {
  Json curve = Json::array();
  for (const CalibrationBin& bin : f.curve)
    curve.push_back({{"score", bin.score}, {"rating", bin.rating}, {"ratings", bin.raters}});
  return {{"label", f.label},
          {"clips", f.clips},
          {"ratings", f.ratings},
          {"mean_rating", number(f.mean_rating)},
          {"mean_score", number(f.mean_score)},
          {"correlation", measure(f.correlation)},
          {"reliability", measure(f.reliability)},
          {"ceiling", measure(f.ceiling)},
          {"corrected_correlation", measure(f.corrected)},
          {"auc", number(f.auc)},
          {"brier", number(f.brier)},
          {"calibration_error", number(f.calibration_error)},
          {"calibration_curve", curve},
          {"verdict", to_string(f.verdict)}};
}

}  // namespace

Json to_json(const Evaluation& evaluation) {
  Json labels = Json::array(), names = Json::array(), confusion = Json::array(),
       groups = Json::array();
  const std::size_t count = evaluation.labels.size();
  for (std::size_t l = 0; l < count; ++l) {
    labels.push_back(label_json(evaluation.labels[l]));
    names.push_back(evaluation.labels[l].label);
    Json row = Json::array();
    for (std::size_t k = 0; k < count; ++k) row.push_back(evaluation.confusion[l * count + k]);
    confusion.push_back(row);
  }
  for (const GroupFigures& group : evaluation.groups) {
    Json of_labels = Json::object();
    for (std::size_t l = 0; l < count; ++l) {
      const GroupFigures::Label& label = group.labels[l];
      of_labels[evaluation.labels[l].label] = {{"clips", label.clips},
                                               {"correlation", number(label.correlation)},
                                               {"bias", number(label.bias)},
                                               {"rmse", number(label.rmse)}};
    }
    groups.push_back({{"group", group.group}, {"raters", group.raters}, {"labels", of_labels}});
  }
  return {{"clips", evaluation.clips},
          {"clips_without_score", evaluation.clips_without_score},
          {"clusters", evaluation.clusters},
          {"raters", evaluation.raters},
          {"judgements", evaluation.judgements},
          {"accuracy", number(evaluation.accuracy)},
          {"balanced_accuracy", number(evaluation.balanced_accuracy)},
          {"decided_clips", evaluation.decided_clips},
          {"labels", labels},
          {"confusion", {{"labels", names}, {"ratings", confusion}}},
          {"groups", groups}};
}

}  // namespace mien
