#include "stats/logistic_regression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace mien {
namespace {

struct Cases {
  Eigen::MatrixXd features;
  std::vector<std::uint8_t> labels;
  std::vector<double> weights;
};

Cases drawn(Eigen::Index count, Eigen::Index features) {
  Random random(3);
  Cases cases{Eigen::MatrixXd(count, features), {}, {}};
  for (Eigen::Index i = 0; i < count; ++i) {
    double logit = 0.3;
    for (Eigen::Index f = 0; f < features; ++f) {
      cases.features(i, f) = random.normal();
      logit += (f % 2 == 0 ? 1.0 : -0.5) * cases.features(i, f);
    }
    cases.labels.push_back(random.uniform() < 1 / (1 + std::exp(-logit)) ? 1 : 0);
    cases.weights.push_back(0.5 + random.uniform());
  }
  return cases;
}

// The derivative written out case by case.
TEST(LogisticRegression, EndsWhereTheDerivativeOfTheLossIsZero) {
  const Cases cases = drawn(300, 7);
  constexpr double kPenalty = 0.02;
  const auto model = fit_logistic(cases.features, cases.labels, cases.weights, kPenalty);
  ASSERT_TRUE(model.ok());
  double sum = 0;
  for (const double weight : cases.weights) sum += weight;
  double of_intercept = 0;
  std::vector<double> of_features(7);
  for (Eigen::Index i = 0; i < 300; ++i) {
    double logit = model->intercept;
    for (Eigen::Index f = 0; f < 7; ++f) logit += cases.features(i, f) * model->coefficients[f];
    const auto at = static_cast<std::size_t>(i);
    const double miss = cases.weights[at] / sum * (1 / (1 + std::exp(-logit)) - cases.labels[at]);
    of_intercept += miss;
    for (std::size_t f = 0; f < 7; ++f)
      of_features[f] += miss * cases.features(i, static_cast<Eigen::Index>(f));
  }
  EXPECT_NEAR(of_intercept, 0, 1e-8);
  for (std::size_t f = 0; f < 7; ++f) {
    EXPECT_NEAR(of_features[f] + kPenalty * model->coefficients[static_cast<Eigen::Index>(f)], 0,
                1e-8);
  }
  EXPECT_GT(model->coefficients[0], 0.3);
  EXPECT_LT(model->coefficients[1], -0.1);
}

// Without features the intercept is the logit of the label's weighted share.
TEST(LogisticRegression, HasTheBaseRateAsItsIntercept) {
  const Eigen::MatrixXd nothing = Eigen::MatrixXd::Zero(4, 1);
  const std::vector<std::uint8_t> labels{1, 0, 0, 1};
  const std::vector<double> weights{3, 1, 1, 3};
  const auto model = fit_logistic(nothing, labels, weights, 1);
  ASSERT_TRUE(model.ok());
  EXPECT_NEAR(model->intercept, std::log(3.0), 1e-7);
  EXPECT_NEAR(model->coefficients[0], 0, 1e-9);
}

// Separable cases would have endless coefficients; the penalty holds them.
TEST(LogisticRegression, StaysFiniteWhereLabelsCanBeSeparated) {
  Eigen::MatrixXd features(4, 1);
  features << -2, -1, 1, 2;
  const std::vector<std::uint8_t> labels{0, 0, 1, 1};
  const std::vector<double> weights(4, 1.0);
  const auto loose = fit_logistic(features, labels, weights, 1e-3);
  const auto tight = fit_logistic(features, labels, weights, 1);
  ASSERT_TRUE(loose.ok() && tight.ok());
  EXPECT_NEAR(loose->intercept, 0, 1e-6);
  EXPECT_GT(loose->coefficients[0], 2 * tight->coefficients[0]);
  EXPECT_LT(loose->coefficients[0], 100);
}

TEST(LogisticRegression, RefusesCasesOfOneLabel) {
  const std::vector<std::uint8_t> labels{1, 1};
  const std::vector<double> weights{1, 1};
  const auto model = fit_logistic(Eigen::MatrixXd::Zero(2, 1), labels, weights, 1);
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace mien
