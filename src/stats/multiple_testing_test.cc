#include "stats/multiple_testing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/missing.h"
#include "stats/signed_rank.h"

namespace mien {
namespace {

void expect_near(const std::vector<double>& got, const std::vector<double>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(wanted[i])) {
      EXPECT_TRUE(std::isnan(got[i]));
    } else {
      EXPECT_NEAR(got[i], wanted[i], 1e-15) << i;
    }
  }
}

TEST(MultipleTesting, WorkedExamples) {
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.005};
  expect_near(holm(p), {0.03, 0.06, 0.06, 0.02});
  expect_near(benjamini_hochberg(p), {0.02, 0.04, 0.04, 0.02});
  const double harmonic = 1 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4;
  expect_near(benjamini_yekutieli(p),
              {0.02 * harmonic, 0.04 * harmonic, 0.04 * harmonic, 0.02 * harmonic});
}

TEST(MultipleTesting, TestsThatWereNotMadeDoNotCount) {
  const std::vector<double> p = {kNaN, 0.01, kNaN, 0.04};
  expect_near(holm(p), {kNaN, 0.02, kNaN, 0.04});
  expect_near(benjamini_hochberg(p), {kNaN, 0.02, kNaN, 0.04});
  expect_near(holm({}), {});
}

TEST(MultipleTesting, NeverAboveOne) {
  expect_near(holm(std::vector<double>{0.9, 0.8}), {1, 1});
  expect_near(benjamini_hochberg(std::vector<double>{0.9, 0.8}), {0.9, 0.9});
}

TEST(SignedRank, CountsExactly) {
  const std::vector<double> all_positive(12, 1.0);  // all tied: still only one way in 2^12
  EXPECT_NEAR(signed_rank_greater(all_positive).p, std::pow(0.5, 12), 1e-18);
  EXPECT_EQ(smallest_signed_rank_p(12), std::pow(0.5, 12));
  // scipy.stats.wilcoxon([1, -2, 3, 4, 5], alternative="greater", method="exact"): W = 13, p =
  // 3/32.
  const std::vector<double> five = {1, -2, 3, 4, 5};
  EXPECT_EQ(signed_rank_greater(five).rank_sum, 13);
  EXPECT_EQ(signed_rank_greater(five).positive, 4U);
  EXPECT_NEAR(signed_rank_greater(five).p, 3.0 / 32, 1e-16);
}

TEST(SignedRank, CountsTiesByEveryChoiceOfSigns) {
  const std::vector<double> values = {1, 1, -1, 2};  // ranks 2 2 2 4, observed 8
  int as_large = 0;
  for (int signs = 0; signs < 16; ++signs) {
    const int sum =
        2 * (signs & 1) + 2 * (signs >> 1 & 1) + 2 * (signs >> 2 & 1) + 4 * (signs >> 3);
    as_large += sum >= 8 ? 1 : 0;
  }
  EXPECT_NEAR(signed_rank_greater(values).p, as_large / 16.0, 1e-16);
}

TEST(SignedRank, LeavesOutZerosAndMissing) {
  const std::vector<double> values = {0, kNaN, 0.5, 0.25};
  EXPECT_EQ(signed_rank_greater(values).n, 2U);
  EXPECT_NEAR(signed_rank_greater(values).p, 0.25, 1e-16);
  EXPECT_TRUE(std::isnan(signed_rank_greater(std::vector<double>{0, kNaN}).p));
}

TEST(SignedRank, ApproximationMeetsTheExactCount) {
  std::vector<double> values;
  for (int i = 1; i <= 201; ++i) values.push_back(i % 5 < 2 ? -i : i);
  const double approximate = signed_rank_greater(values).p;
  values.pop_back();
  const double exact = signed_rank_greater(values).p;
  EXPECT_GT(exact, 1e-6);
  EXPECT_NEAR(std::log(approximate), std::log(exact), 0.6);  // one value apart
}

}  // namespace
}  // namespace mien
