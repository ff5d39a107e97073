#include <cmath>
#include <nlohmann/json.hpp>

#include "pipeline/text_model.h"

namespace mien {

namespace {

nlohmann::json number(double value) {
  return std::isnan(value) ? nlohmann::json() : nlohmann::json(value);
}

}  // namespace

nlohmann::json evaluation_json(const TextModelEvaluation& model) {
  const TextEvaluation& e = model.evaluation;
  nlohmann::json bins = nlohmann::json::array();
  for (const ReliabilityBin& bin : e.bins) {
    bins.push_back({{"from", bin.low},
                    {"to", bin.high},
                    {"scores", bin.scores},
                    {"mean_prob", number(bin.mean_prob)},
                    {"share_right", number(bin.share_right)}});
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
          {"top1", number(e.top1)},
          {"top3", number(e.top3)},
          {"precision_at_3", number(e.precision_at_3)},
          {"false_of_none", number(e.none_above)},
          {"micro_f1", number(e.micro_f1)},
          {"macro_f1", number(e.macro_f1)},
          {"precision", number(e.precision)},
          {"recall", number(e.recall)},
          {"none_brier", number(e.none_brier)},
          {"calibration_error", number(e.calibration_error)},
          {"bins", bins},
          {"contexts", contexts}};
}

}  // namespace mien
