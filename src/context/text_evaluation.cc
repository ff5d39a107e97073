#include "context/text_evaluation.h"

#include <algorithm>
#include <cmath>

namespace mien {

namespace {

constexpr std::array<double, 8> kBinEdges = {0, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0};

std::size_t bin_of(double prob) {
  std::size_t bin = 0;
  while (bin + 2 < kBinEdges.size() && prob >= kBinEdges[bin + 1]) ++bin;
  return bin;
}

double share_of(double part, double whole) {
  return whole > 0 ? part / whole : std::nan("");
}

}  // namespace

TextEvaluation evaluate_texts(std::span<const TextScores> scores,
                              std::span<const std::vector<std::uint32_t>> labels,
                              std::span<const double> thresholds) {
  TextEvaluation result;
  result.contexts.resize(thresholds.size());
  result.bins.resize(kBinEdges.size() - 1);
  int top1 = 0;
  int top3 = 0;
  int none_above = 0;
  int right_of_three = 0;
  double none_squares = 0;
  for (std::size_t t = 0; t < scores.size(); ++t) {
    const std::vector<std::uint32_t>& own = labels[t];
    const auto is_own = [&](const ContextScore& score) {
      return std::ranges::find(own, score.context) != own.end();
    };
    ++result.texts;
    ++(own.empty() ? result.none : result.with_context);
    for (const std::uint32_t context : own) ++result.contexts[context].texts;
    if (!scores[t].reason.empty()) continue;
    ++result.answered;
    const std::vector<ContextScore>& kept = scores[t].scores;
    const auto three = static_cast<std::ptrdiff_t>(std::min<std::size_t>(3, kept.size()));
    const auto right = static_cast<int>(std::count_if(kept.begin(), kept.begin() + three, is_own));
    if (!own.empty()) {
      top1 += is_own(kept.front()) ? 1 : 0;
      top3 += right > 0 ? 1 : 0;
      right_of_three += right;
    }
    const double none = (own.empty() ? 1 : 0) - scores[t].none_prob;
    none_squares += none * none;
    bool any_above = false;
    for (const ContextScore& score : kept) {
      ReliabilityBin& bin = result.bins[bin_of(score.prob)];
      ++bin.scores;
      bin.mean_prob += score.prob;
      bin.share_right += is_own(score) ? 1 : 0;
      if (score.prob < thresholds[score.context]) continue;
      any_above = true;
      ++result.contexts[score.context].given;
      result.contexts[score.context].right += is_own(score) ? 1 : 0;
    }
    none_above += own.empty() && any_above ? 1 : 0;
  }
  result.top1 = share_of(top1, result.with_context);
  result.top3 = share_of(top3, result.with_context);
  result.precision_at_3 = share_of(right_of_three, 3.0 * result.with_context);
  result.none_above = share_of(none_above, result.none);
  result.none_brier = share_of(none_squares, result.answered);
  double texts = 0;
  double given = 0;
  double right = 0;
  double f1 = 0;
  double seen = 0;
  for (const ContextCounts& context : result.contexts) {
    texts += context.texts;
    given += context.given;
    right += context.right;
    if (context.texts == 0) continue;
    f1 += context.f1();
    ++seen;
  }
  result.precision = share_of(right, given);
  result.recall = share_of(right, texts);
  result.micro_f1 = share_of(2 * right, texts + given);
  result.macro_f1 = share_of(f1, seen);
  double error = 0;
  double count = 0;
  for (std::size_t b = 0; b < result.bins.size(); ++b) {
    ReliabilityBin& bin = result.bins[b];
    bin.low = kBinEdges[b];
    bin.high = kBinEdges[b + 1];
    error += std::abs(bin.mean_prob - bin.share_right);
    count += bin.scores;
    bin.mean_prob = share_of(bin.mean_prob, bin.scores);
    bin.share_right = share_of(bin.share_right, bin.scores);
  }
  result.calibration_error = share_of(error, count);
  return result;
}

}  // namespace mien
