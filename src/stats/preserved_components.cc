#include "stats/preserved_components.h"

#include <cmath>

#include "base/missing.h"
#include "stats/correlation.h"
#include "stats/decomposition.h"
#include "stats/held_out_test.h"
#include "stats/sign_flips.h"

namespace mien {

namespace {

constexpr std::size_t kFewestContexts = 3;

struct Axes {
  Eigen::VectorXd eigenvalues;  // falling
  Matrix weights;               // a column a component
};

void fix_sign(Eigen::Ref<Eigen::VectorXd> weights) {
  Eigen::Index largest = 0;
  weights.cwiseAbs().maxCoeff(&largest);
  if (weights(largest) < 0) weights = -weights;
}

// The sum over pairs of different regions is that over all pairs less that of a region with itself.
Axes shared_axes(const std::vector<Matrix>& centred, std::size_t left_out) {
  const Eigen::Index expressions = centred.front().cols();
  Matrix sum = Matrix::Zero(centred.front().rows(), expressions);
  Matrix with_itself = Matrix::Zero(expressions, expressions);
  double regions = 0;
  for (std::size_t g = 0; g < centred.size(); ++g) {
    if (g == left_out) continue;
    sum += centred[g];
    with_itself += centred[g].transpose() * centred[g];
    ++regions;
  }
  const double pairs = regions * (regions - 1);
  const auto contexts = static_cast<double>(sum.rows());
  const Matrix shared = (sum.transpose() * sum - with_itself) / (pairs * (contexts - 1));
  const SymmetricEigen eigen = symmetric_eigen((shared + shared.transpose()) / 2);
  Axes axes{eigen.values, eigen.vectors};
  for (Eigen::Index k = 0; k < axes.weights.cols(); ++k) {
    Eigen::VectorXd column = axes.weights.col(k);
    fix_sign(column);
    axes.weights.col(k) = column;
  }
  return axes;
}

// Regresses a growing list of variables, and the intercept, out of others.
class Partialler {
 public:
  explicit Partialler(Eigen::Index rows) {
    basis_.push_back(Eigen::VectorXd::Constant(rows, 1 / std::sqrt(static_cast<double>(rows))));
  }

  Eigen::VectorXd residual(Eigen::VectorXd values) const {
    for (int pass = 0; pass < 2; ++pass) {  // the second removes what rounding left
      for (const Eigen::VectorXd& axis : basis_) values -= axis.dot(values) * axis;
    }
    return values;
  }

  void add(const Eigen::VectorXd& values) {
    const Eigen::VectorXd rest = residual(values);
    if (rest.norm() > kCollinear * values.norm()) basis_.push_back(rest.normalized());
  }

 private:
  static constexpr double kCollinear = 1e-10;  // what is left after rounding, not a variable
  std::vector<Eigen::VectorXd> basis_;
};

// Residuals that are rounding errors of what they came from do not vary.
std::vector<double> as_list(const Eigen::VectorXd& residual, const Eigen::VectorXd& whole) {
  if (residual.norm() <= 1e-10 * whole.norm()) {
    return std::vector<double>(static_cast<std::size_t>(residual.size()), 0.0);
  }
  return {residual.begin(), residual.end()};
}

// Partial Spearman of every component in the region left out.
std::vector<double> held_out_spearman(const std::vector<Matrix>& centred, std::size_t held_out) {
  const Axes axes = shared_axes(centred, held_out);
  Matrix others = Matrix::Zero(centred.front().rows(), centred.front().cols());
  for (std::size_t g = 0; g < centred.size(); ++g) {
    if (g != held_out) others += centred[g];
  }
  others /= static_cast<double>(centred.size() - 1);
  std::vector<double> result;
  Partialler partialler(others.rows());
  for (Eigen::Index k = 0; k < axes.weights.cols(); ++k) {
    const Eigen::VectorXd own = centred[held_out] * axes.weights.col(k);
    const Eigen::VectorXd mean = others * axes.weights.col(k);
    result.push_back(
        spearman(as_list(partialler.residual(own), own), as_list(partialler.residual(mean), mean))
            .r);
    partialler.add(mean);
  }
  return result;
}

void describe_held_out(PreservedComponents& result, double alpha) {
  std::vector<std::vector<double>> values;
  for (const PreservedComponent& component : result.components) {
    values.push_back(component.heldout_spearman);
  }
  const Testable testable = result.held_out_not_testable.empty() ? Testable::kYes : Testable::kNo;
  const std::vector<HeldOutTest> tests = held_out_tests(values, testable);
  for (std::size_t k = 0; k < tests.size(); ++k) {
    PreservedComponent& component = result.components[k];
    component.heldout_positive = tests[k].positive;
    component.mean_partial_spearman = tests[k].mean;
    component.p = tests[k].p;
    component.p_adjusted = tests[k].p_adjusted;
    if (result.preserved_held_out == k && tests[k].p_adjusted < alpha) ++result.preserved_held_out;
  }
}

void count_components(PreservedComponents& result, const std::vector<Matrix>& centred,
                      const Matrix& weights, double alpha) {
  const SignFlips test = sign_flips(centred, weights, alpha);
  result.not_testable = test.not_testable;
  result.preserved = test.passed;
  result.flips = test.flips;
  for (std::size_t k = 0; k < result.components.size(); ++k) {
    result.components[k].p_sign_flip = test.p[k];
  }
}

}  // namespace

PreservedComponents preserved_components(const ContextMaps& maps, double alpha) {
  CompleteMaps complete = complete_maps(maps);
  PreservedComponents result;
  result.kept_contexts = std::move(complete.kept_contexts);
  result.dropped_contexts = std::move(complete.dropped_contexts);
  result.kept_expressions = std::move(complete.kept_expressions);
  result.dropped_expressions = std::move(complete.dropped_expressions);
  const std::size_t regions = maps.regions.size();
  const std::size_t expressions = result.kept_expressions.size();
  if (regions < 2) {
    result.not_testable = result.held_out_not_testable = "one region: nothing to share";
    return result;
  }
  if (result.kept_contexts.size() < kFewestContexts || expressions == 0) {
    result.not_testable = result.held_out_not_testable =
        "fewer than 3 contexts are complete in all regions";
    return result;
  }
  std::vector<Matrix> centred = std::move(complete.maps.cells);
  for (Matrix& map : centred) map.rowwise() -= map.colwise().mean().eval();

  const Axes axes = shared_axes(centred, regions);
  result.components.resize(expressions);
  for (std::size_t k = 0; k < expressions; ++k) {
    const auto column = axes.weights.col(static_cast<Eigen::Index>(k));
    result.components[k].eigenvalue = axes.eigenvalues(static_cast<Eigen::Index>(k));
    result.components[k].weights.assign(column.begin(), column.end());
    result.components[k].heldout_spearman.assign(regions, kNaN);
  }
  Matrix mean = Matrix::Zero(centred.front().rows(), centred.front().cols());
  for (const Matrix& map : centred) mean += map / static_cast<double>(regions);
  result.mean_scores = mean * axes.weights;

  count_components(result, centred, axes.weights, alpha);
  result.held_out_not_testable = regions < 3 ? "two regions: no pair is left when one is held out"
                                             : too_few_to_hold_out(regions, expressions, alpha);
  if (regions >= 3) {
    for (std::size_t held_out = 0; held_out < regions; ++held_out) {
      const std::vector<double> spearman_of = held_out_spearman(centred, held_out);
      for (std::size_t k = 0; k < expressions; ++k) {
        result.components[k].heldout_spearman[held_out] = spearman_of[k];
      }
    }
  }
  describe_held_out(result, alpha);
  return result;
}

}  // namespace mien
