#include "stats/correlation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/missing.h"
#include "base/random.h"

namespace mien {
namespace {

TEST(Correlation, OfAWorkedExample) {
  // r = 10 / sqrt(10 x 14.8), by hand.
  const std::vector<double> a = {1, 2, 3, 4, 5};
  const std::vector<double> b = {2, 1, 4, 3, 6};
  EXPECT_NEAR(pearson(a, b).r, 10 / std::sqrt(10 * 14.8), 1e-15);
  EXPECT_EQ(pearson(a, b).n, 5U);
  EXPECT_NEAR(spearman(a, b).r, 0.8, 1e-15);
}

TEST(Correlation, LeavesOutPairsWithAMissingMember) {
  const std::vector<double> a = {1, kNaN, 2, 3, 4, 5};
  const std::vector<double> b = {2, 99, 1, 4, kNaN, 6};
  const std::vector<double> complete_a = {1, 2, 3, 5};
  const std::vector<double> complete_b = {2, 1, 4, 6};
  EXPECT_EQ(pearson(a, b).r, pearson(complete_a, complete_b).r);
  EXPECT_EQ(pearson(a, b).n, 4U);
  EXPECT_EQ(spearman(a, b).r, spearman(complete_a, complete_b).r);
}

TEST(Correlation, IsMissingWhereNothingVariesOrTooLittleIsLeft) {
  const std::vector<double> constant = {0.1, 0.1, 0.1, 0.1};
  const std::vector<double> varying = {1, 2, 3, 4};
  EXPECT_TRUE(std::isnan(pearson(constant, varying).r));
  EXPECT_TRUE(std::isnan(spearman(varying, constant).r));
  EXPECT_TRUE(std::isnan(pearson(std::vector<double>{1, 2}, std::vector<double>{1, 2}).r));
  EXPECT_TRUE(std::isnan(pearson({}, {}).r));
}

TEST(Correlation, DoesNotChangeWithOrderShiftOrScale) {
  Random random(1);
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 0; i < 500; ++i) {
    a.push_back(random.normal());
    b.push_back(a.back() + random.normal());
  }
  std::vector<double> scaled;
  for (const double value : a) scaled.push_back(1e6 + 1e-3 * value);
  EXPECT_NEAR(pearson(a, b).r, pearson(b, a).r, 1e-15);
  EXPECT_NEAR(pearson(a, b).r, pearson(scaled, b).r, 1e-6);  // 1e-3 beside 1e6 keeps 7 digits
  const std::vector<double> reversed_a(a.rbegin(), a.rend());
  const std::vector<double> reversed_b(b.rbegin(), b.rend());
  EXPECT_NEAR(pearson(a, b).r, pearson(reversed_a, reversed_b).r, 1e-12);
}

TEST(Ranks, AreSharedByEqualValues) {
  EXPECT_THAT(average_ranks(std::vector<double>{30, 10, 20, 20, 10, 10}),
              testing::ElementsAre(6, 2, 4.5, 4.5, 2, 2));
}

TEST(Robust, MedianMadAndWinsorising) {
  const std::vector<double> values = {1, 2, kNaN, 3, 4, 1000};
  EXPECT_EQ(median_of(values), 3);
  EXPECT_NEAR(mad_scale(values), 1.4826, 1e-15);
  const std::vector<double> drawn_in = winsorised(values);
  EXPECT_NEAR(drawn_in[5], 3 + 5 * 1.4826, 1e-12);
  EXPECT_EQ(drawn_in[0], 1);
  EXPECT_TRUE(std::isnan(drawn_in[2]));
  EXPECT_EQ(median_of(std::vector<double>{4, 1, 3, 2}), 2.5);
  EXPECT_TRUE(std::isnan(median_of({})));
}

TEST(Robust, WinsorisingLeavesMostlyEqualValuesAlone) {
  const std::vector<double> values = {0, 0, 0, 0, 7};
  EXPECT_EQ(winsorised(values), values);
}

TEST(FisherMean, AveragesOnTheTransformedScale) {
  const std::vector<double> r = {0.2, kNaN, 0.9};
  EXPECT_NEAR(fisher_mean(r), std::tanh((std::atanh(0.2) + std::atanh(0.9)) / 2), 1e-15);
  EXPECT_LT(fisher_mean(std::vector<double>{1.0, 0.0}), 1);
}

TEST(MeanCorrelation, EqualsTheFormulaByHand) {
  // t.ppf(0.975, 3) = 3.182446305284263 and the rest in double precision outside of Mien.
  const MeanCorrelation found =
      mean_correlation(std::vector<double>{0.2, 0.5, kNaN, 0.9, 1.0}, 0.95);
  EXPECT_EQ(found.n, 4U);
  EXPECT_NEAR(found.mean, 0.65, 1e-15);
  EXPECT_NEAR(found.lower, -0.23862641133674542, 1e-9);
  EXPECT_NEAR(found.upper, 0.9461721630961378, 1e-9);
}

TEST(MeanCorrelation, StaysWithinTheRangeAndSaysWhatIsMissing) {
  const MeanCorrelation wide = mean_correlation(std::vector<double>{1, 1, -1, 0.99}, 0.95);
  EXPECT_GE(wide.lower, -1);
  EXPECT_LE(wide.upper, 1);
  const MeanCorrelation equal = mean_correlation(std::vector<double>{1, 1, 1}, 0.95);
  EXPECT_EQ(equal.lower, 1);
  EXPECT_EQ(equal.upper, 1);
  const MeanCorrelation few = mean_correlation(std::vector<double>{0.3, 0.4}, 0.95);
  EXPECT_NEAR(few.mean, 0.35, 1e-15);
  EXPECT_TRUE(std::isnan(few.lower));
  EXPECT_TRUE(std::isnan(mean_correlation({}, 0.95).mean));
}

// Correlations of units drawn about one that is known: 95% intervals hold it about as often.
TEST(MeanCorrelation, CoversTheTrueMean) {
  constexpr int kStudies = 2000;
  for (const std::size_t units : {4U, 20U}) {
    Random random(units);
    int covered = 0;
    for (int study = 0; study < kStudies; ++study) {
      std::vector<double> r(units);  // 1 - U^2 / 2 has the mean 5/6 and often lies close to 1
      for (double& one : r) {
        const double u = random.uniform();
        one = 1 - u * u / 2;
      }
      const MeanCorrelation found = mean_correlation(r, 0.95);
      covered += found.lower <= 5.0 / 6 && 5.0 / 6 <= found.upper ? 1 : 0;
    }
    EXPECT_GT(covered, 0.93 * kStudies) << units;
    EXPECT_LT(covered, 0.99 * kStudies) << units;
  }
}

}  // namespace
}  // namespace mien
