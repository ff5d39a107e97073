#include "stats/canonical_correlations.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "base/missing.h"
#include "stats/decomposition.h"
#include "stats/distributions.h"
#include "stats/held_out_test.h"

namespace mien {

namespace {

constexpr double kLeastReciprocalCondition = 1e-10;
constexpr double kDefaultRidge = 0.001;

using Columns = Eigen::MatrixXd;

struct Pooled {
  Columns xx;
  Columns xy;
  Columns yy;
  double n = 0;
};

Pooled pool(std::span<const RegionCovariance> regions, std::size_t left_out) {
  const RegionCovariance& first = regions.front();
  Pooled pooled{Columns::Zero(first.xx.rows(), first.xx.cols()),
                Columns::Zero(first.xy.rows(), first.xy.cols()),
                Columns::Zero(first.yy.rows(), first.yy.cols()), 0};
  double count = 0;
  for (std::size_t g = 0; g < regions.size(); ++g) {
    if (g == left_out) continue;
    pooled.xx += regions[g].xx;
    pooled.xy += regions[g].xy;
    pooled.yy += regions[g].yy;
    pooled.n += regions[g].n;
    ++count;
  }
  pooled.xx /= count;
  pooled.xy /= count;
  pooled.yy /= count;
  return pooled;
}

struct Variates {
  Eigen::VectorXd correlations;  // falling
  Columns x;                     // contexts x pairs
  Columns y;                     // expressions x pairs
};

// nullopt: S_yy (or S_xx with this ridge) cannot be inverted.
std::optional<Variates> fit(const Pooled& pooled, double ridge) {
  const Cholesky yy(pooled.yy);
  if (yy.reciprocal_condition() < kLeastReciprocalCondition) return std::nullopt;
  Columns regularised = pooled.xx;
  regularised.diagonal().array() += ridge;
  const Cholesky xx(regularised);
  if (xx.reciprocal_condition() < kLeastReciprocalCondition) return std::nullopt;
  const Columns half = xx.solve_lower(pooled.xy);             // L_x^-1 S_xy
  const Columns whitened = yy.solve_lower(half.transpose());  // q x p
  const Columns squared = whitened * whitened.transpose();
  const SymmetricEigen eigen = symmetric_eigen(squared);
  const Eigen::Index pairs = std::min(pooled.xy.rows(), pooled.xy.cols());
  Variates variates;
  variates.correlations = eigen.values.head(pairs).cwiseMax(0).cwiseMin(1).cwiseSqrt();
  const Columns vectors = eigen.vectors.leftCols(pairs);
  variates.y = yy.solve_upper(vectors);
  variates.x = xx.solve_upper(whitened.transpose() * vectors);
  for (Eigen::Index k = 0; k < pairs; ++k) {
    if (variates.correlations(k) > 0) variates.x.col(k) /= variates.correlations(k);
    Eigen::Index largest = 0;
    variates.y.col(k).cwiseAbs().maxCoeff(&largest);
    if (variates.y(largest, k) >= 0) continue;
    variates.y.col(k) = -variates.y.col(k);
    variates.x.col(k) = -variates.x.col(k);
  }
  return variates;
}

// Partial correlations of u_k and v_k given the earlier of both, from the covariance of
// u_1, v_1, u_2, v_2... swept one pair at a time (Gauss and Jordan).
std::vector<double> held_out(const RegionCovariance& region, const Variates& variates) {
  const Eigen::Index pairs = variates.correlations.size();
  const Columns uu = variates.x.transpose() * region.xx * variates.x;
  const Columns uv = variates.x.transpose() * region.xy * variates.y;
  const Columns vv = variates.y.transpose() * region.yy * variates.y;
  Columns joint(2 * pairs, 2 * pairs);
  for (Eigen::Index i = 0; i < pairs; ++i) {
    for (Eigen::Index j = 0; j < pairs; ++j) {
      joint(2 * i, 2 * j) = uu(i, j);
      joint(2 * i, 2 * j + 1) = uv(i, j);
      joint(2 * i + 1, 2 * j) = uv(j, i);
      joint(2 * i + 1, 2 * j + 1) = vv(i, j);
    }
  }
  const Eigen::VectorXd whole = joint.diagonal();
  std::vector<double> correlations;
  for (Eigen::Index k = 0; k < pairs; ++k) {
    const double u = joint(2 * k, 2 * k);
    const double v = joint(2 * k + 1, 2 * k + 1);
    const bool varies = u > 1e-10 * whole(2 * k) && v > 1e-10 * whole(2 * k + 1) && u > 0 && v > 0;
    correlations.push_back(varies ? joint(2 * k, 2 * k + 1) / std::sqrt(u * v) : kNaN);
    for (Eigen::Index pivot = 2 * k; pivot < 2 * k + 2; ++pivot) {
      if (!(joint(pivot, pivot) > 1e-10 * whole(pivot))) continue;
      const Eigen::VectorXd column = joint.col(pivot);
      joint -= column * column.transpose() / column(pivot);
    }
  }
  return correlations;
}

void add_bartlett(CanonicalCorrelations& result, const Pooled& pooled) {
  const auto p = static_cast<double>(pooled.xx.rows());
  const auto q = static_cast<double>(pooled.yy.rows());
  const double factor = pooled.n - 1 - (p + q + 1) / 2;
  double sum = 0;
  for (std::size_t k = result.pairs.size(); k-- > 0;) {
    CanonicalPair& pair = result.pairs[k];
    sum += std::log1p(-pair.correlation * pair.correlation);
    pair.bartlett = factor > 0 ? -factor * sum : kNaN;
    pair.bartlett_df = (p - static_cast<double>(k)) * (q - static_cast<double>(k));
    pair.bartlett_p = chi_squared_upper(pair.bartlett, pair.bartlett_df);
  }
}

void describe_held_out(CanonicalCorrelations& result) {
  std::vector<std::vector<double>> values;
  for (const CanonicalPair& pair : result.pairs) values.push_back(pair.heldout);
  const Testable testable = result.not_testable.empty() ? Testable::kYes : Testable::kNo;
  const std::vector<HeldOutTest> tests = held_out_tests(values, testable);
  for (std::size_t k = 0; k < tests.size(); ++k) {
    CanonicalPair& pair = result.pairs[k];
    pair.heldout_positive = tests[k].positive;
    pair.mean_heldout = tests[k].mean;
    pair.p = tests[k].p;
    pair.p_adjusted = tests[k].p_adjusted;
  }
}

}  // namespace

CanonicalCorrelations canonical_correlations(std::span<const RegionCovariance> regions,
                                             double ridge, double alpha) {
  CanonicalCorrelations result;
  if (regions.empty() || regions.front().xy.size() == 0) {
    result.not_estimable = "no region, no context or no expression";
    return result;
  }
  const Pooled pooled = pool(regions, regions.size());
  const double unit = pooled.xx.diagonal().mean();
  result.ridge = ridge > 0 ? ridge * unit : 0;
  std::optional<Variates> variates = fit(pooled, result.ridge);
  if (!variates && ridge < 0) {
    result.ridge = kDefaultRidge * unit;
    variates = fit(pooled, result.ridge);
  }
  if (!variates) {
    result.ridge = 0;
    result.not_estimable = "the covariance of expressions, or of contexts, cannot be inverted";
    return result;
  }
  const auto pairs = static_cast<std::size_t>(variates->correlations.size());
  for (std::size_t k = 0; k < pairs; ++k) {
    const auto x = variates->x.col(static_cast<Eigen::Index>(k));
    const auto y = variates->y.col(static_cast<Eigen::Index>(k));
    CanonicalPair pair;
    pair.correlation = variates->correlations(static_cast<Eigen::Index>(k));
    pair.context_weights.assign(x.begin(), x.end());
    pair.expression_weights.assign(y.begin(), y.end());
    pair.bartlett = pair.bartlett_df = pair.bartlett_p = kNaN;
    pair.heldout.assign(regions.size(), kNaN);
    result.pairs.push_back(std::move(pair));
  }
  if (result.ridge == 0) add_bartlett(result, pooled);
  result.not_testable = regions.size() < 2 ? "one region: none can be held out"
                                           : too_few_to_hold_out(regions.size(), pairs, alpha);
  for (std::size_t g = 0; g < regions.size() && regions.size() >= 2; ++g) {
    const std::optional<Variates> others = fit(pool(regions, g), result.ridge);
    if (!others) continue;
    const std::vector<double> correlations = held_out(regions[g], *others);
    for (std::size_t k = 0; k < pairs; ++k) result.pairs[k].heldout[g] = correlations[k];
  }
  describe_held_out(result);
  return result;
}

}  // namespace mien
