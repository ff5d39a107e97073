#include <nlohmann/json.hpp>

#include "pipeline/study/json_values.h"
#include "pipeline/texts/text_model.h"

namespace mien {

nlohmann::json evaluation_json(const TextModelEvaluation& model) {
  const TextEvaluation& e = model.evaluation;
  nlohmann::json bins = nlohmann::json::array();
  for (const ReliabilityBin& bin : e.bins) {
    bins.push_back({{"from", bin.low},
                    {"to", bin.high},
                    {"scores", bin.scores},
                    {"mean_prob", number<nlohmann::json>(bin.mean_prob)},
                    {"share_right", number<nlohmann::json>(bin.share_right)}});
  }
  nlohmann::json points = nlohmann::json::array();
  for (const OperatingPoint& point : model.points) {
    points.push_back({{"least_prob", point.least_prob},
                      {"none_given", point.none_given},
                      {"found", number<nlohmann::json>(point.found)},
                      {"precision", number<nlohmann::json>(point.precision)},
                      {"recall", number<nlohmann::json>(point.recall)},
                      {"micro_f1", number<nlohmann::json>(point.micro_f1)}});
  }
  nlohmann::json contexts = nlohmann::json::object();
  for (std::size_t c = 0; c < e.contexts.size(); ++c) {
    const ContextCounts& counts = e.contexts[c];
    if (counts.texts == 0 && counts.given == 0) continue;
    contexts[model.contexts[c]] = {
        {"texts", counts.texts}, {"given", counts.given}, {"right", counts.right}};
  }
  return {{"model", model.id},
          {"vocabulary", model.vocabulary},
          {"texts", e.texts},
          {"with_context", e.with_context},
          {"none", e.none},
          {"answered", e.answered},
          {"not_answered", model.reasons},
          {"top1", number<nlohmann::json>(e.top1)},
          {"top3", number<nlohmann::json>(e.top3)},
          {"precision_at_3", number<nlohmann::json>(e.precision_at_3)},
          {"false_of_none", number<nlohmann::json>(e.none_above)},
          {"micro_f1", number<nlohmann::json>(e.micro_f1)},
          {"macro_f1", number<nlohmann::json>(e.macro_f1)},
          {"precision", number<nlohmann::json>(e.precision)},
          {"recall", number<nlohmann::json>(e.recall)},
          {"none_brier", number<nlohmann::json>(e.none_brier)},
          {"calibration_error", number<nlohmann::json>(e.calibration_error)},
          {"bins", bins},
          {"points", points},
          {"contexts", contexts}};
}

}  // namespace mien
