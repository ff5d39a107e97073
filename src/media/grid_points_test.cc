#include "media/grid_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace mien {
namespace {

using Use = std::pair<std::int64_t, std::int64_t>;  // grid index, frame time

// The rule as grid_points.h words it, over all points and all frames.
std::vector<Use> slow_uses(const std::vector<std::int64_t>& times_us, std::int64_t end_us,
                           double rate_hz) {
  std::map<std::size_t, std::int64_t> used;  // frame -> grid index
  const auto point = [&](std::int64_t k) { return static_cast<double>(k) * 1e6 / rate_hz; };
  const auto distance = [&](std::size_t frame, std::int64_t k) {
    return std::abs(static_cast<double>(times_us[frame]) - point(k));
  };
  for (std::int64_t k = 0; k == 0 || point(k) < static_cast<double>(end_us); ++k) {
    std::size_t nearest = 0;
    for (std::size_t frame = 1; frame < times_us.size(); ++frame) {
      if (distance(frame, k) < distance(nearest, k)) nearest = frame;
    }
    const auto [place, is_new] = used.emplace(nearest, k);
    if (!is_new && distance(nearest, k) < distance(nearest, place->second)) place->second = k;
  }
  std::vector<Use> uses;
  for (const auto& [frame, k] : used) uses.emplace_back(k, times_us[frame]);
  return uses;
}

std::vector<Use> uses(const std::vector<std::int64_t>& times_us, std::int64_t end_us,
                      double rate_hz) {
  GridPoints points(rate_hz);
  std::vector<Use> found;
  for (std::size_t i = 0; i < times_us.size(); ++i) {
    const auto index = i + 1 < times_us.size() ? points.offer(times_us[i], times_us[i + 1])
                                               : points.offer_last(times_us[i], end_us);
    if (index.has_value()) found.emplace_back(*index, times_us[i]);
  }
  return found;
}

std::vector<std::int64_t> constant_rate(double rate_hz, int count, std::int64_t start_us = 0) {
  std::vector<std::int64_t> times;
  for (int i = 0; i < count; ++i) times.push_back(start_us + std::llround(i * 1e6 / rate_hz));
  return times;
}

TEST(GridPoints, EveryFourthFrameOfTwentyFourAtSix) {
  const auto found = uses(constant_rate(24, 48), 2000000, 6);
  ASSERT_EQ(found.size(), 12U);
  for (std::size_t k = 0; k < found.size(); ++k) {
    EXPECT_EQ(found[k].first, static_cast<std::int64_t>(k));
    EXPECT_EQ(found[k].second, std::llround(static_cast<double>(k) * 1e6 / 6));
  }
}

TEST(GridPoints, SlowVideoGivesEachFrameOnce) {
  EXPECT_THAT(uses(constant_rate(1, 4), 4000000, 6),
              testing::ElementsAre(Use(0, 0), Use(6, 1000000), Use(12, 2000000), Use(18, 3000000)));
}

TEST(GridPoints, OneFrameIsUsedOnceWhereverItLies) {
  EXPECT_THAT(uses({0}, 0, 6), testing::ElementsAre(Use(0, 0)));
  EXPECT_THAT(uses({0}, 90000000, 6), testing::ElementsAre(Use(0, 0)));
  EXPECT_THAT(uses({1050000}, 1090000, 6), testing::ElementsAre(Use(6, 1050000)));
}

TEST(GridPoints, GapInTimeLeavesItsPointsEmpty) {
  EXPECT_THAT(
      uses({0, 100000, 10000000, 10100000}, 10200000, 6),
      testing::ElementsAre(Use(0, 0), Use(1, 100000), Use(60, 10000000), Use(61, 10100000)));
}

TEST(GridPoints, NearestOfTwoIsTakenAndTheEarlierOfEquallyNear) {
  // Points at 0, 0.5, 1.0 s.
  EXPECT_THAT(uses({0, 400000, 600000, 1000000}, 1100000, 2),
              testing::ElementsAre(Use(0, 0), Use(1, 400000), Use(2, 1000000)));
}

TEST(GridPoints, EqualsTheSlowRuleOnConstantRates) {
  for (const double video_hz : {0.4, 1.0, 5.0, 6.0, 12.5, 24000.0 / 1001, 25.0, 30.0, 120.0}) {
    for (const double grid_hz : {0.5, 1.0, 6.0, 7.3, 30.0}) {
      for (const std::int64_t start_us : {0, 21333, 1400000}) {
        const auto times = constant_rate(video_hz, 90, start_us);
        const std::int64_t end_us = times.back() + std::llround(1e6 / video_hz);
        EXPECT_EQ(uses(times, end_us, grid_hz), slow_uses(times, end_us, grid_hz))
            << video_hz << " frames/s from " << start_us << " us on a grid of " << grid_hz << " Hz";
      }
    }
  }
}

TEST(GridPoints, EqualsTheSlowRuleOnRandomTimes) {
  Random random(20240611);
  for (int round = 0; round < 1000; ++round) {
    // Steps of 1 us up to a second, drawn on a logarithmic scale; sometimes round numbers, so that
    // equal distances occur.
    std::vector<std::int64_t> times;
    std::int64_t time = random.below(2) == 0 ? 0 : static_cast<std::int64_t>(random.below(700000));
    const bool is_round = random.below(3) == 0;
    const std::size_t count = 1 + random.below(40);
    const double longest = 1 + random.uniform() * 19;
    while (times.size() < count) {
      times.push_back(time);
      std::int64_t step = std::llround(std::exp2(random.uniform() * longest));
      if (is_round) step = (step / 50000 + 1) * 50000;
      time += step;
    }
    const double rates[] = {0.5, 1, 2, 5, 6, 10, 24, 59.94};
    const double rate_hz = rates[random.below(std::size(rates))];
    const std::int64_t end_us = times.back() + static_cast<std::int64_t>(random.below(500000));
    ASSERT_EQ(uses(times, end_us, rate_hz), slow_uses(times, end_us, rate_hz)) << "round " << round;
  }
}

TEST(GridPoints, KeepsItsOrderAtTheFarEndOfTime) {
  const std::int64_t ten_years_us = 315360000000000;
  const auto found = uses({0, ten_years_us, 2 * ten_years_us}, 2 * ten_years_us + 1, 1000);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_LT(found[0].first, found[1].first);
  EXPECT_LT(found[1].first, found[2].first);
}

}  // namespace
}  // namespace mien
