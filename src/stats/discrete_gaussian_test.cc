// The sampler against the probabilities of the distribution, worked out directly.
#include "stats/discrete_gaussian.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "stats/distributions.h"

namespace mien {
namespace {

// Bits with a seed, for tests alone.
class SeededWords : public RandomWords {
 public:
  explicit SeededWords(std::uint64_t seed) : random_(seed) {}
  std::uint64_t next() override { return random_.next_u64(); }

 private:
  Random random_;
};

// p of a chi-squared test of `draws` draws against the distribution, cells of at least 20 expected.
double chi_squared_p(std::uint64_t variance, int draws, RandomWords& words) {
  const auto s2 = static_cast<double>(variance);
  const int reach = static_cast<int>(12 * std::sqrt(s2)) + 12;
  const auto size = static_cast<std::size_t>(2 * reach + 1);
  std::vector<double> expected(size);
  double total = 0;
  for (int x = -reach; x <= reach; ++x) {
    total += expected[static_cast<std::size_t>(x + reach)] = std::exp(-0.5 * x * x / s2);
  }
  std::vector<double> seen(size, 0);
  DiscreteGaussian gaussian(variance, words);
  for (int i = 0; i < draws; ++i) {
    const std::int64_t x = gaussian.draw();
    EXPECT_LE(std::abs(x), reach);
    if (std::abs(x) <= reach) seen[static_cast<std::size_t>(x + reach)] += 1;
  }
  double statistic = 0;
  double cells = 0;
  double open_expected = 0;
  double open_seen = 0;
  for (std::size_t i = 0; i < size; ++i) {
    open_expected += expected[i] / total * draws;
    open_seen += seen[i];
    if (open_expected < 20 && i + 1 < size) continue;
    // What is left at the end has hardly any probability.
    statistic += std::pow(open_seen - open_expected, 2) / std::max(open_expected, 1.0);
    cells += 1;
    open_expected = open_seen = 0;
  }
  return chi_squared_upper(statistic, cells - 1);
}

TEST(DiscreteGaussian, DrawsHaveTheDistributionForSeededBits) {
  for (const std::uint64_t variance : {1U, 2U, 7U, 100U, 4321U}) {
    SeededWords words(variance);
    EXPECT_GT(chi_squared_p(variance, 200000, words), 1e-3) << variance;
  }
}

// The system's bits have no seed: the test fails by chance once in about 3 x 10^8 runs.
TEST(DiscreteGaussian, DrawsHaveTheDistributionForTheSystemsBits) {
  SystemRandomWords words;
  for (const std::uint64_t variance : {1U, 7U, 100U}) {
    EXPECT_GT(chi_squared_p(variance, 100000, words), 1e-9) << variance;
  }
}

// A draw from another variance is found out by the same test.
TEST(DiscreteGaussian, TheTestSeesAWrongVariance) {
  SeededWords words(5);
  DiscreteGaussian gaussian(110, words);
  double squares = 0;
  constexpr int kDraws = 200000;
  for (int i = 0; i < kDraws; ++i) squares += std::pow(static_cast<double>(gaussian.draw()), 2);
  EXPECT_NEAR(squares / kDraws, 110, 110 * 6 * std::sqrt(2.0 / kDraws));
  EXPECT_GT(std::fabs(squares / kDraws - 100), 100 * 6 * std::sqrt(2.0 / kDraws));
}

TEST(DiscreteGaussian, LargeVariancesKeepTheirMoments) {
  for (const std::uint64_t variance : {std::uint64_t{1} << 30U, kMostNoiseVariance}) {
    SeededWords words(variance);
    DiscreteGaussian gaussian(variance, words);
    constexpr int kDraws = 50000;
    double sum = 0;
    double squares = 0;
    double fourths = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double z =
          static_cast<double>(gaussian.draw()) / std::sqrt(static_cast<double>(variance));
      sum += z;
      squares += z * z;
      fourths += z * z * z * z;
    }
    EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
    EXPECT_NEAR(squares / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
    EXPECT_NEAR(fourths / kDraws, 3, 5 * std::sqrt(96.0 / kDraws));
  }
}

TEST(DiscreteGaussian, ExponentialsAreProbabilities) {
  SeededWords words(3);
  const std::pair<std::uint64_t, std::uint64_t> ratios[] = {{0, 1}, {1, 1000}, {1, 3},
                                                            {1, 1}, {7, 3},    {5, 1}};
  for (const auto& [numerator, denominator] : ratios) {
    constexpr int kDraws = 200000;
    int hits = 0;
    for (int i = 0; i < kDraws; ++i) {
      hits += DiscreteGaussian::bernoulli_exp(numerator, denominator, words) ? 1 : 0;
    }
    const double p = std::exp(-static_cast<double>(numerator) / static_cast<double>(denominator));
    EXPECT_NEAR(hits, kDraws * p, 5 * std::sqrt(kDraws * p * (1 - p)) + 1e-9) << numerator;
  }
}

TEST(DiscreteGaussian, SameBitsSameDraws) {
  SeededWords a(9);
  SeededWords b(9);
  DiscreteGaussian first(50, a);
  DiscreteGaussian second(50, b);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(first.draw(), second.draw());
}

TEST(SystemRandomWords, TwoStreamsDiffer) {
  SystemRandomWords a;
  SystemRandomWords b;
  int same = 0;
  for (int i = 0; i < 2000; ++i) same += a.next() == b.next() ? 1 : 0;
  EXPECT_EQ(same, 0);
}

}  // namespace
}  // namespace mien
