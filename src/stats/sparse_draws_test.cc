#include "stats/sparse_draws.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mien {
namespace {

TEST(SparseDraws, EveryEventHappensWithItsOwnProbability) {
  const std::vector<double> probs = {0, 1, 0.9, 0.5, 0.26, 0.25, 0.01, 0.012, 1e-4, 3e-9};
  const SparseDraws draws(probs);
  std::vector<double> counts(probs.size());
  std::vector<double> pairs(probs.size());  // together with event 3
  Random random(7);
  constexpr int kRounds = 400000;
  for (int i = 0; i < kRounds; ++i) {
    std::vector<int> hit(probs.size());
    draws.draw(random, [&](std::uint16_t event, double cap) {
      EXPECT_GE(cap, probs[event]);
      if (random.uniform() * cap < probs[event]) hit[event] = 1;
    });
    for (std::size_t e = 0; e < probs.size(); ++e) {
      counts[e] += hit[e];
      pairs[e] += hit[e] * hit[3];
    }
  }
  EXPECT_EQ(counts[0], 0);
  EXPECT_EQ(counts[1], kRounds);
  for (std::size_t e = 0; e < probs.size(); ++e) {
    const auto near = [&](double count, double p) {
      EXPECT_NEAR(count, kRounds * p, 4.5 * std::sqrt(kRounds * p * (1 - p)) + 1) << probs[e];
    };
    near(counts[e], probs[e]);
    if (e != 3) near(pairs[e], probs[e] * 0.5);
  }
}

TEST(SparseDraws, NothingToDrawDrawsNothing) {
  Random random(1);
  SparseDraws(std::vector<double>{}).draw(random, [](std::uint16_t, double) { FAIL(); });
  SparseDraws(std::vector<double>{0, 0}).draw(random, [](std::uint16_t, double) { FAIL(); });
}

}  // namespace
}  // namespace mien
