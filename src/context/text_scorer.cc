#include "context/text_scorer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/sha256.h"

namespace mien {

TextScorer::TextScorer(std::unique_ptr<const ContextSimilarity> similarity,
                       const Calibration& calibration, double least_prob)
    : similarity_(std::move(similarity)), calibration_(calibration) {
  for (const std::string& id : similarity_->contexts()) {
    const auto own = calibration_.contexts.find(id);
    const bool has_own = own != calibration_.contexts.end();
    offsets_.push_back(has_own ? own->second.offset : 0);
    const double threshold = has_own ? own->second.threshold_prob : calibration_.threshold_prob;
    thresholds_.push_back(std::max(threshold, least_prob));
  }
  identity_ =
      similarity_->identity() + " calibration " + sha256_of_bytes(calibration_json(calibration_));
  if (least_prob > 0) identity_ += " threshold " + nlohmann::json(least_prob).dump();
}

Result<std::vector<TextScores>> TextScorer::score(std::span<const PreparedText> texts) const {
  MIEN_TRY(similarities, similarity_->compare(texts));
  const std::size_t contexts = offsets_.size();
  std::vector<TextScores> result(texts.size());
  std::vector<double> logits(contexts);
  for (std::size_t t = 0; t < texts.size(); ++t) {
    TextScores& scores = result[t];
    scores.reason = similarities.reasons[t];
    if (!scores.reason.empty()) {
      scores.none_prob = std::numeric_limits<double>::quiet_NaN();
      continue;
    }
    calibrated_logits(calibration_, std::span(similarities.values).subspan(t * contexts, contexts),
                      offsets_, logits);
    scores.none_prob = none_probability(calibration_, logits);
    scores.scores = kept_scores(logits);
  }
  return result;
}

std::vector<ContextScore> kept_scores(std::span<const double> logits) {
  const double least = std::log(kKeptProb / (1 - kKeptProb));
  std::vector<std::uint32_t> order;
  for (std::uint32_t c = 0; c < logits.size(); ++c) {
    if (logits[c] >= least) order.push_back(c);
  }
  std::size_t kept = order.size();
  if (kept < kKeptBest) {
    order.resize(logits.size());
    std::iota(order.begin(), order.end(), 0U);
    kept = std::min(kKeptBest, order.size());
  }
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                    [&](std::uint32_t a, std::uint32_t b) {
                      return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
                    });
  order.resize(kept);
  std::vector<ContextScore> scores;
  for (const std::uint32_t c : order) scores.push_back({c, logistic(logits[c])});
  return scores;
}

}  // namespace mien
