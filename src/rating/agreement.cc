#include "rating/agreement.h"

#include <algorithm>
#include <cmath>

#include "base/missing.h"

namespace mien {

namespace {

// 1 - observed / expected, both sums over ordered pairs; `pairs_factor` turns the sum over all
// pairs of a resampled study into the expectation for pairs of distinct ratings.
double alpha_of(double observed, double expected, double pairs_factor) {
  return expected > 0 ? 1 - observed * pairs_factor / expected : kNaN;
}

// Sum over ordered pairs of w_a w_b (x_a - x_b)^2 from the sums of w, w x and w x^2.
double squared_differences(double w, double wx, double wxx) {
  return std::max(0.0, 2 * (w * wxx - wx * wx));
}

}  // namespace

ResampleWeights no_resampling(std::size_t clips, std::size_t raters) {
  return {std::vector<double>(clips, 1), std::vector<double>(raters, 1)};
}

UnitWeights::UnitWeights(const RatingDesign& design, const ResampleWeights& weights) {
  sum.resize(design.units());
  squares.resize(design.units());
  for (std::size_t u = 0; u < design.units(); ++u) {
    for (std::uint32_t i = design.start[u]; i < design.start[u + 1]; ++i) {
      const double w = weights.rater[design.rater[i]];
      sum[u] += w;
      squares[u] += w * w;
    }
  }
}

struct AgreementEstimator::Sums {
  // Over ratings of clips that two raters rated.
  std::vector<double> marginal;  // of each category; sums to the number of pairable ratings
  double pairable = 0;
  double pairable_squares = 0;
  double agreement = 0, agreement_units = 0;  // of Fleiss: shares of agreeing pairs, clips
  double nominal = 0, ordinal = 0, interval = 0, ratio = 0;  // observed disagreement
  // Analysis of variance, over all clips.
  double weight = 0, value = 0;           // sum of w, of w x
  double unit_squares = 0;                // sum over clips of W^2
  double squares = 0, shared = 0;         // sum of w^2, sum over clips of sum(w^2) / W
  double between = 0;                     // sum over clips of W mean^2
  double within = 0, within_df = 0;       // squares about clip means
  double inverse_ratings = 0, clips = 0;  // sum of 1 / ratings as the study has them, clips
};

AgreementEstimator::AgreementEstimator(const LabelRatings& ratings) : ratings_(ratings) {
  values_ = ratings.value;
  std::ranges::sort(values_);
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
  category_.reserve(ratings.value.size());
  const auto place_of = [&](double value) {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(values_, value) - values_.begin());
  };
  for (const double value : ratings.value) category_.push_back(place_of(value));
  rest_ = place_of(ratings.commonest);
}

double AgreementEstimator::ratio_difference(std::size_t a, std::size_t b) const {
  const double sum = values_[a] + values_[b];
  const double share = sum > 0 ? (values_[a] - values_[b]) / sum : 0;
  return share * share;
}

double AgreementEstimator::expected_ratio(const std::vector<double>& marginals) const {
  double expected = 0;
  for (std::size_t a = 0; a < values_.size(); ++a) {
    if (marginals[a] == 0) continue;
    for (std::size_t b = 0; b < a; ++b) {
      expected += 2 * marginals[a] * marginals[b] * ratio_difference(a, b);
    }
  }
  return expected;
}

// What needs no value for clips where all chose the commonest one, then the others' values.
void AgreementEstimator::add_marginals(const ResampleWeights& weights, const UnitWeights& units,
                                       Sums& sums) const {
  const RatingDesign& design = *ratings_.design;
  for (std::size_t u = 0; u < design.units(); ++u) {
    const double copies = weights.clip[design.clip[u]];
    const double w = units.sum[u];
    const double squares = units.squares[u];
    if (copies == 0 || w == 0) continue;
    sums.weight += copies * w;
    sums.unit_squares += copies * w * w;
    sums.squares += copies * squares;
    sums.shared += copies * squares / w;
    sums.within_df += copies * (w - squares / w);
    sums.inverse_ratings += copies / (design.start[u + 1] - design.start[u]);
    sums.clips += copies;
    const double pairs = w * w - squares;
    if (pairs <= 0) continue;
    sums.pairable += copies * w;
    sums.pairable_squares += copies * squares;
    sums.agreement += copies;  // all pairs agree, until values say otherwise
    sums.agreement_units += copies;
  }
  for (const std::uint32_t u : ratings_.active) {
    const double copies = weights.clip[design.clip[u]];
    const double w = units.sum[u];
    if (copies == 0 || w == 0) continue;
    const double pairs = w * w - units.squares[u];
    for (std::uint32_t i = design.start[u]; i < design.start[u + 1]; ++i) {
      if (category_[i] == rest_ || pairs <= 0) continue;
      const double own = weights.rater[design.rater[i]];
      sums.marginal[category_[i]] += copies * own * (w - own) * w / pairs;
    }
  }
  double others = 0;
  for (const double marginal : sums.marginal) others += marginal;
  sums.marginal[rest_] = sums.pairable - others;
}

void AgreementEstimator::add_disagreements(const ResampleWeights& weights, const UnitWeights& units,
                                           Sums& sums) const {
  const RatingDesign& design = *ratings_.design;
  const bool two = values_.size() == 2;
  const bool with_ratio = !two && !has_negative_values() && values_.size() <= kMostRatioValues;
  std::vector<double> rank(values_.size());  // of Krippendorff's ordinal metric: middle ranks
  double below = 0;
  for (std::size_t c = 0; c < values_.size(); ++c) {
    rank[c] = below + sums.marginal[c] / 2 - sums.pairable / 2;
    below += sums.marginal[c];
  }
  std::vector<std::pair<std::uint32_t, double>> runs;  // categories of a unit and their weights
  for (const std::uint32_t u : ratings_.active) {
    const double copies = weights.clip[design.clip[u]];
    const double w = units.sum[u];
    if (copies == 0 || w == 0) continue;
    double wx = 0, wxx = 0, wr = 0, wrr = 0;
    runs.clear();
    for (std::uint32_t i = design.start[u]; i < design.start[u + 1]; ++i) {
      const double own = weights.rater[design.rater[i]];
      if (own == 0) continue;
      const std::uint32_t category = category_[i];
      const double x = values_[category] - ratings_.commonest;
      wx += own * x;
      wxx += own * x * x;
      wr += own * rank[category];
      wrr += own * rank[category] * rank[category];
      const auto run = std::ranges::find(runs, category, [](const auto& r) { return r.first; });
      if (run == runs.end()) {
        runs.emplace_back(category, own);
      } else {
        run->second += own;
      }
    }
    sums.value += copies * wx;
    sums.between += copies * wx * wx / w;
    sums.within += copies * std::max(0.0, wxx - wx * wx / w);
    const double pairs = w * w - units.squares[u];
    if (pairs <= 0) continue;
    double same = 0;
    for (const auto& run : runs) same += run.second * run.second;
    const double scale = copies * w / pairs;
    const double unlike = w * w - same;
    sums.nominal += scale * unlike;
    sums.agreement -= copies * unlike / pairs;
    if (two) continue;  // every metric gives the same alpha
    sums.interval += scale * squared_differences(w, wx, wxx);
    sums.ordinal += scale * squared_differences(w, wr, wrr);
    if (!with_ratio) continue;
    for (std::size_t a = 0; a < runs.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        sums.ratio += scale * 2 * runs[a].second * runs[b].second *
                      ratio_difference(runs[a].first, runs[b].first);
      }
    }
  }
}

Agreement AgreementEstimator::estimate(const ResampleWeights& weights,
                                       const UnitWeights& units) const {
  Sums sums;
  sums.marginal.assign(values_.size(), 0);
  Agreement result{kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};
  if (values_.empty()) return result;
  add_marginals(weights, units, sums);
  add_disagreements(weights, units, sums);

  result.mean = ratings_.commonest + sums.value / sums.weight;
  const double n = sums.pairable;
  if (n > 0) {
    const double factor = n - sums.pairable_squares / n;
    double m = 0, mx = 0, mxx = 0, mr = 0, mrr = 0, same = 0, below = 0;
    for (std::size_t c = 0; c < values_.size(); ++c) {
      const double marginal = sums.marginal[c];
      const double x = values_[c] - ratings_.commonest;
      const double rank = below + marginal / 2 - n / 2;
      below += marginal;
      m += marginal;
      mx += marginal * x;
      mxx += marginal * x * x;
      mr += marginal * rank;
      mrr += marginal * rank * rank;
      same += marginal * marginal;
    }
    const double unlike = n * n - same;
    result.nominal = alpha_of(sums.nominal, unlike, factor);
    if (values_.size() == 2) {
      result.ordinal = result.interval = result.nominal;
      if (!has_negative_values()) result.ratio = result.nominal;
    } else {
      result.interval = alpha_of(sums.interval, squared_differences(m, mx, mxx), factor);
      result.ordinal = alpha_of(sums.ordinal, squared_differences(m, mr, mrr), factor);
      if (!has_negative_values() && values_.size() <= kMostRatioValues) {
        result.ratio = alpha_of(sums.ratio, expected_ratio(sums.marginal), factor);
      }
    }
    const double chance = same / (n * n);
    if (chance < 1) {
      result.kappa = (sums.agreement / sums.agreement_units - chance) / (1 - chance);
    }
  }
  if (sums.within_df > 0) {
    result.error_variance = sums.within / sums.within_df;
    const double between = sums.between - sums.value * sums.value / sums.weight;
    const double error_share = sums.shared - sums.squares / sums.weight;
    const double clip_share = sums.weight - sums.unit_squares / sums.weight;
    if (clip_share > 0) {
      result.clip_variance = (between - result.error_variance * error_share) / clip_share;
      const double noise = result.error_variance * sums.inverse_ratings / sums.clips;
      const double total = result.clip_variance + noise;
      if (total > 0) result.reliability = result.clip_variance / total;
    }
  }
  return result;
}

}  // namespace mien
