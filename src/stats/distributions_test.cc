#include "stats/distributions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace mien {
namespace {

// Expected values: scipy.stats 1.x, norm.sf, t.sf, chi2.sf and their ppf.
TEST(Distributions, AgreeWithScipy) {
  EXPECT_NEAR(normal_upper(1.959963984540054), 0.025, 1e-15);
  EXPECT_NEAR(normal_upper(10) / 7.61985302416052e-24, 1, 1e-12);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-13);
  EXPECT_NEAR(t_two_sided(-2.2009851600916384, 11), 0.05, 1e-13);
  EXPECT_NEAR(t_upper(-2.2009851600916384, 11), 0.975, 1e-13);
  EXPECT_NEAR(t_quantile(0.975, 11), 2.2009851600916384, 1e-11);
  EXPECT_NEAR(chi_squared_upper(19.67513757268249, 11), 0.05, 1e-13);
  EXPECT_NEAR(f_quantile(0.975, 5, 18), 3.381967805875243, 1e-9);
}

TEST(Distributions, GrowIntoTheNormalAsDegreesOfFreedomGrow) {
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_NEAR(t_upper(1.5, infinite), normal_upper(1.5), 1e-14);
  EXPECT_NEAR(t_upper(1.5, 1e9), normal_upper(1.5), 1e-9);
  EXPECT_NEAR(t_quantile(0.975, infinite), normal_quantile(0.975), 1e-12);
}

TEST(Distributions, PassMissingOnInsteadOfThrowing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(normal_upper(nan)));
  EXPECT_TRUE(std::isnan(normal_quantile(1)));
  EXPECT_TRUE(std::isnan(t_two_sided(1, 0)));
  EXPECT_TRUE(std::isnan(t_two_sided(nan, 3)));
  EXPECT_TRUE(std::isnan(t_quantile(0.5, nan)));
  EXPECT_TRUE(std::isnan(f_quantile(0.5, nan, 3)));
  EXPECT_TRUE(std::isnan(chi_squared_upper(1, -1)));
  EXPECT_EQ(chi_squared_upper(-1, 3), 1);
}

}  // namespace
}  // namespace mien
