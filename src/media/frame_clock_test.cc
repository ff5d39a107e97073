#include "media/frame_clock.h"

#include <gtest/gtest.h>

#include <limits>

namespace mien {
namespace {

TEST(FrameClock, GivenTimesPassThrough) {
  FrameClock clock(ClockOptions{});
  EXPECT_EQ(clock.stamp(500000, 40000), 500000);
  EXPECT_EQ(clock.stamp(541667, 41667), 541667);
  EXPECT_EQ(clock.last_end_us(), 583334);
}

TEST(FrameClock, TimesBelowZeroMoveUpTogether) {
  FrameClock clock(ClockOptions{});
  EXPECT_EQ(clock.stamp(-80000, 0), 0);
  EXPECT_EQ(clock.stamp(-40000, 0), 40000);
  EXPECT_EQ(clock.stamp(0, 0), 80000);
}

TEST(FrameClock, FramesWithoutTimeFollowAtTheNominalInterval) {
  FrameClock clock(ClockOptions{.nominal_interval_us = 33333});
  EXPECT_EQ(clock.stamp(std::nullopt, std::nullopt), 0);
  EXPECT_EQ(clock.stamp(std::nullopt, std::nullopt), 33333);
  EXPECT_EQ(clock.stamp(100000, std::nullopt), 100000);
  EXPECT_EQ(clock.stamp(std::nullopt, std::nullopt), 133333);
}

TEST(FrameClock, TimesAlwaysRise) {
  FrameClock clock(ClockOptions{});
  const std::int64_t given[] = {0, 40000, 40000, 20000, 80000, 60000, 1000000};
  std::int64_t last = -1;
  for (const std::int64_t time : given) {
    const std::int64_t stamped = clock.stamp(time, 0);
    EXPECT_GT(stamped, last);
    last = stamped;
  }
  EXPECT_EQ(last, 1000000);
}

TEST(FrameClock, JoinedTransportStreamsGoOn) {
  FrameClock clock(ClockOptions{.is_discontinuous = true, .origin_us = 1400000});
  EXPECT_EQ(clock.stamp(1400000, 0), 0);
  EXPECT_EQ(clock.stamp(1440000, 0), 40000);
  EXPECT_EQ(clock.stamp(700000, 0), 80000);   // the next recording starts over
  EXPECT_EQ(clock.stamp(740000, 0), 120000);  // and keeps its own pace
  EXPECT_EQ(clock.stamp(840000, 0), 220000);
}

TEST(FrameClock, SenselessTimesCountAsMissing) {
  FrameClock clock(ClockOptions{});
  EXPECT_EQ(clock.stamp(std::numeric_limits<std::int64_t>::min(), 0), 0);
  EXPECT_EQ(clock.stamp(std::numeric_limits<std::int64_t>::max(),
                        std::numeric_limits<std::int64_t>::max()),
            40000);
  EXPECT_EQ(clock.last_end_us(), 80000);
}

TEST(FrameClock, StaysInRangeHoweverOftenTimesJump) {
  FrameClock clock(ClockOptions{.nominal_interval_us = std::numeric_limits<std::int64_t>::max(),
                                .is_discontinuous = true,
                                .origin_us = std::numeric_limits<std::int64_t>::min() + 1});
  std::int64_t last = -1;
  for (int i = 0; i < 100000; ++i) {
    const std::int64_t stamped = clock.stamp(i % 2 == 0 ? -300000000000000 : 300000000000000, 0);
    ASSERT_GT(stamped, last);
    last = stamped;
  }
}

TEST(FrameClock, TellsVariableRateFromJitter) {
  FrameClock constant(ClockOptions{.tick_us = 1000});
  for (const std::int64_t time : {0, 33000, 67000, 100000, 133000}) constant.stamp(time, 0);
  EXPECT_FALSE(constant.variable_rate());

  FrameClock phone(ClockOptions{.tick_us = 11});
  for (const std::int64_t time : {0, 33200, 66800, 100000}) phone.stamp(time, 0);
  EXPECT_FALSE(phone.variable_rate());

  FrameClock dropped(ClockOptions{.tick_us = 11});
  for (const std::int64_t time : {0, 33333, 100000, 133333}) dropped.stamp(time, 0);
  EXPECT_TRUE(dropped.variable_rate());
}

TEST(FrameClock, LastEndWithoutDurationUsesTheLastInterval) {
  FrameClock clock(ClockOptions{});
  EXPECT_FALSE(clock.last_end_us().has_value());
  clock.stamp(0, 0);
  EXPECT_EQ(clock.last_end_us(), 40000);
  clock.stamp(100000, 0);
  EXPECT_EQ(clock.last_end_us(), 200000);
}

}  // namespace
}  // namespace mien
