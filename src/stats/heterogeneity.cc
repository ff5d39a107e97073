#include "stats/heterogeneity.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/missing.h"
#include "stats/distributions.h"
#include "stats/multiple_testing.h"

namespace mien {

namespace {

struct Values {
  std::vector<double> y;
  std::vector<double> variance;
};

struct PooledEffect {
  double mean = 0;
  double weight = 0;  // sum of weights
  double q = 0;       // weighted sum of squares about the mean
};

PooledEffect pool_effects(const Values& values, double tau2) {
  PooledEffect pooled;
  double weighted = 0;
  for (std::size_t i = 0; i < values.y.size(); ++i) {
    const double weight = 1 / (values.variance[i] + tau2);
    pooled.weight += weight;
    weighted += weight * values.y[i];
  }
  pooled.mean = weighted / pooled.weight;
  for (std::size_t i = 0; i < values.y.size(); ++i) {
    const double deviation = values.y[i] - pooled.mean;
    pooled.q += deviation * deviation / (values.variance[i] + tau2);
  }
  return pooled;
}

// The root of Q(tau2) = k - 1; Q falls and is convex, so Newton's steps from 0 never pass it.
double paule_mandel(const Values& values) {
  const double expected = static_cast<double>(values.y.size()) - 1;
  double tau2 = 0;
  for (int step = 0; step < 200; ++step) {
    const PooledEffect pooled = pool_effects(values, tau2);
    const double excess = pooled.q - expected;
    if (excess <= 0) break;
    double slope = 0;  // -dQ/dtau2
    for (std::size_t i = 0; i < values.y.size(); ++i) {
      const double scaled = (values.y[i] - pooled.mean) / (values.variance[i] + tau2);
      slope += scaled * scaled;
    }
    const double next = tau2 + excess / slope;
    if (!(next > tau2) || next - tau2 <= 1e-15 * next) {
      tau2 = next;
      break;
    }
    tau2 = next;
  }
  return tau2;
}

// Two one-sided tests of every region against the mean of the others; the largest p.
double equivalence(const Values& values, double margin) {
  const auto k = static_cast<double>(values.y.size());
  double sum = 0;
  double sum_variance = 0;
  for (std::size_t i = 0; i < values.y.size(); ++i) {
    sum += values.y[i];
    sum_variance += values.variance[i];
  }
  double largest = 0;
  for (std::size_t i = 0; i < values.y.size(); ++i) {
    const double difference = values.y[i] - (sum - values.y[i]) / (k - 1);
    const double se =
        std::sqrt(values.variance[i] + (sum_variance - values.variance[i]) / ((k - 1) * (k - 1)));
    largest = std::max(largest, normal_upper((margin - std::abs(difference)) / se));
  }
  return largest;
}

bool is_usable(double y, double se) {
  return std::isfinite(y) && std::isfinite(se) && se > 0;
}

RandomEffects not_estimable(std::size_t regions) {
  RandomEffects effects;
  effects.mean = effects.se = effects.lower = effects.upper = effects.tau2 = effects.i2 = kNaN;
  effects.q = effects.q_p = effects.predicted_lower = effects.predicted_upper = kNaN;
  effects.equivalence_p = kNaN;
  effects.deviations.assign(regions, {kNaN, kNaN, kNaN, kNaN});
  return effects;
}

CellVerdict verdict_of(const CellHeterogeneity& cell, double alpha) {
  if (cell.effects.regions < 2) return CellVerdict::kNotEstimable;
  if (cell.equivalence_p_bh < alpha) return CellVerdict::kAlike;
  return cell.q_p_bh < alpha ? CellVerdict::kDifferent : CellVerdict::kUndecided;
}

}  // namespace

std::string_view to_string(CellVerdict verdict) {
  switch (verdict) {
    case CellVerdict::kAlike:
      return "alike";
    case CellVerdict::kDifferent:
      return "different";
    case CellVerdict::kUndecided:
      return "undecided";
    case CellVerdict::kNotEstimable:
      return "not estimable";
  }
  return "not estimable";
}

RandomEffects random_effects(std::span<const double> estimates, std::span<const double> se,
                             double margin) {
  MIEN_CHECK(estimates.size() == se.size(), "one standard error an estimate");
  Values values;
  for (std::size_t g = 0; g < estimates.size(); ++g) {
    if (!is_usable(estimates[g], se[g])) continue;
    values.y.push_back(estimates[g]);
    values.variance.push_back(se[g] * se[g]);
  }
  RandomEffects effects = not_estimable(estimates.size());
  effects.regions = values.y.size();
  if (effects.regions < 2) return effects;
  const double df = static_cast<double>(effects.regions) - 1;
  const PooledEffect fixed = pool_effects(values, 0);
  effects.q = fixed.q;
  effects.q_p = chi_squared_upper(fixed.q, df);
  effects.i2 = fixed.q > 0 ? std::max(0.0, (fixed.q - df) / fixed.q) : 0;
  effects.tau2 = paule_mandel(values);
  const PooledEffect pooled = pool_effects(values, effects.tau2);
  effects.mean = pooled.mean;
  effects.se = std::sqrt(std::max(1.0, pooled.q / df) / pooled.weight);
  const double t = t_quantile(kUpperTail, df);
  effects.lower = effects.mean - t * effects.se;
  effects.upper = effects.mean + t * effects.se;
  if (effects.regions >= 3) {
    const double reach =
        t_quantile(kUpperTail, df - 1) * std::sqrt(effects.tau2 + effects.se * effects.se);
    effects.predicted_lower = effects.mean - reach;
    effects.predicted_upper = effects.mean + reach;
  }
  effects.equivalence_p = equivalence(values, margin);
  for (std::size_t g = 0; g < estimates.size(); ++g) {
    if (!is_usable(estimates[g], se[g])) continue;
    const double share = effects.tau2 / (effects.tau2 + se[g] * se[g]);
    RegionDeviation& region = effects.deviations[g];
    region.deviation = estimates[g] - effects.mean;
    region.shrunken = share * region.deviation;
    const double reach =
        t * std::sqrt(effects.tau2 * (1 - share) + share * share * effects.se * effects.se);
    region.lower = region.shrunken - reach;
    region.upper = region.shrunken + reach;
  }
  return effects;
}

Heterogeneity heterogeneity(const ContextMaps& maps, double margin, double alpha) {
  MIEN_CHECK(maps.has_se(), "heterogeneity rests on standard errors");
  Heterogeneity result;
  result.margin = margin;
  std::vector<double> q_p;
  std::vector<double> equivalence_p;
  std::vector<double> estimates(maps.regions.size());
  std::vector<double> se(maps.regions.size());
  const Eigen::Index cells = maps.cells.front().size();
  for (Eigen::Index cell = 0; cell < cells; ++cell) {
    for (std::size_t g = 0; g < maps.regions.size(); ++g) {
      estimates[g] = maps.cells[g].data()[cell];
      se[g] = maps.se[g].data()[cell];
    }
    result.cells.push_back({random_effects(estimates, se, margin), 0, 0, {}});
    q_p.push_back(result.cells.back().effects.q_p);
    equivalence_p.push_back(result.cells.back().effects.equivalence_p);
  }
  const std::vector<double> q_p_bh = benjamini_hochberg(q_p);
  const std::vector<double> equivalence_p_bh = benjamini_hochberg(equivalence_p);
  for (std::size_t cell = 0; cell < result.cells.size(); ++cell) {
    result.cells[cell].q_p_bh = q_p_bh[cell];
    result.cells[cell].equivalence_p_bh = equivalence_p_bh[cell];
    result.cells[cell].verdict = verdict_of(result.cells[cell], alpha);
    switch (result.cells[cell].verdict) {
      case CellVerdict::kAlike:
        ++result.alike;
        break;
      case CellVerdict::kDifferent:
        ++result.different;
        break;
      case CellVerdict::kUndecided:
        ++result.undecided;
        break;
      case CellVerdict::kNotEstimable:
        ++result.not_estimable;
        break;
    }
  }
  return result;
}

}  // namespace mien
