#include "stats/logistic_regression.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace mien {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kMaxSteps = 100;
constexpr int kMaxConjugateSteps = 200;
constexpr int kMaxHalvings = 40;
constexpr double kGradientEnd = 1e-8;   // relative to that at the beginning
constexpr double kConjugateEnd = 0.01;  // relative to the gradient
constexpr double kArmijo = 1e-4;        // share of the fall that the slope promises

double log1p_exp(double value) {
  return value > 0 ? value + std::log1p(std::exp(-value)) : std::log1p(std::exp(value));
}

// The last element of parameters is the intercept.
class Objective {
 public:
  Objective(const MatrixXd& features, std::span<const std::uint8_t> labels,
            std::span<const double> weights, double penalty)
      : features_(features), penalty_(penalty), signs_(features.rows()), weights_(features.rows()) {
    double sum = 0;
    for (const double weight : weights) sum += weight;
    for (Eigen::Index i = 0; i < features.rows(); ++i) {
      const auto at = static_cast<std::size_t>(i);
      signs_[i] = labels[at] != 0 ? 1 : -1;
      weights_[i] = weights[at] / sum;
    }
  }

  Eigen::Index size() const { return features_.cols() + 1; }

  double value(const VectorXd& parameters) const {
    const VectorXd margins = margins_of(parameters);
    double loss = 0;
    for (Eigen::Index i = 0; i < margins.size(); ++i) loss += weights_[i] * log1p_exp(-margins[i]);
    return loss + penalty_ / 2 * parameters.head(size() - 1).squaredNorm();
  }

  // Also sets what product() needs.
  VectorXd gradient(const VectorXd& parameters) {
    const VectorXd margins = margins_of(parameters);
    VectorXd pull(margins.size());
    curvature_.resize(margins.size());
    for (Eigen::Index i = 0; i < margins.size(); ++i) {
      const double prob = 1 / (1 + std::exp(margins[i]));  // of the other label
      pull[i] = -weights_[i] * signs_[i] * prob;
      curvature_[i] = weights_[i] * prob * (1 - prob);
    }
    return with_penalty(pull, parameters);
  }

  // The Hessian at the last gradient, times a direction.
  VectorXd product(const VectorXd& direction) const {
    const VectorXd along = features_ * direction.head(size() - 1) +
                           VectorXd::Constant(features_.rows(), direction[size() - 1]);
    return with_penalty(curvature_.cwiseProduct(along), direction);
  }

 private:
  VectorXd margins_of(const VectorXd& parameters) const {
    const VectorXd logits = features_ * parameters.head(size() - 1) +
                            VectorXd::Constant(features_.rows(), parameters[size() - 1]);
    return signs_.cwiseProduct(logits);
  }
  VectorXd with_penalty(const VectorXd& of_cases, const VectorXd& parameters) const {
    VectorXd result(size());
    result.head(size() - 1) =
        features_.transpose() * of_cases + penalty_ * parameters.head(size() - 1);
    result[size() - 1] = of_cases.sum();
    return result;
  }

  const MatrixXd& features_;
  double penalty_;
  VectorXd signs_;
  VectorXd weights_;
  VectorXd curvature_;
};

// Hessian x direction = -gradient, roughly.
VectorXd newton_direction(const Objective& objective, const VectorXd& gradient) {
  VectorXd direction = VectorXd::Zero(gradient.size());
  VectorXd rest = -gradient;
  VectorXd along = rest;
  double squares = rest.squaredNorm();
  const double end = kConjugateEnd * kConjugateEnd * squares;
  for (int step = 0; step < kMaxConjugateSteps && squares > end; ++step) {
    const VectorXd product = objective.product(along);
    const double curvature = along.dot(product);
    if (!(curvature > 0)) break;
    const double length = squares / curvature;
    direction += length * along;
    rest -= length * product;
    const double next = rest.squaredNorm();
    along = rest + next / squares * along;
    squares = next;
  }
  return direction;
}

}  // namespace

Result<LogisticModel> fit_logistic(const MatrixXd& features, std::span<const std::uint8_t> labels,
                                   std::span<const double> weights, double penalty) {
  MIEN_CHECK(labels.size() == static_cast<std::size_t>(features.rows()) &&
                 weights.size() == labels.size() && penalty > 0,
             "one label and weight a case, and a penalty");
  const auto is_positive = [](std::uint8_t label) { return label != 0; };
  if (std::ranges::none_of(labels, is_positive) || std::ranges::all_of(labels, is_positive)) {
    return Error{ErrorCode::kUsage, "all cases have the same label, so nothing can be told apart"};
  }
  Objective objective(features, labels, weights, penalty);
  VectorXd parameters = VectorXd::Zero(objective.size());
  VectorXd gradient = objective.gradient(parameters);
  const double first = gradient.norm();
  double value = objective.value(parameters);
  LogisticModel model;
  for (; model.steps < kMaxSteps && gradient.norm() > kGradientEnd * first; ++model.steps) {
    const VectorXd direction = newton_direction(objective, gradient);
    const double slope = gradient.dot(direction);
    double share = 1;
    VectorXd tried = parameters + direction;
    double reached = objective.value(tried);
    int halvings = 0;
    while (!(reached <= value + kArmijo * share * slope) && halvings < kMaxHalvings) {
      share /= 2;
      tried = parameters + share * direction;
      reached = objective.value(tried);
      ++halvings;
    }
    if (halvings == kMaxHalvings) break;  // rounding leaves no way down
    parameters = tried;
    value = reached;
    gradient = objective.gradient(parameters);
  }
  model.coefficients = parameters.head(features.cols());
  model.intercept = parameters[features.cols()];
  model.gradient = gradient.norm();
  return model;
}

}  // namespace mien
