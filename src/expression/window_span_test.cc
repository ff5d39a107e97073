// Boundaries of windows, in whole microseconds.
#include "expression/window_span.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace mien {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kStep = 166'667;  // 6 Hz

std::vector<std::int64_t> boundaries(const WindowSpan& span) {
  std::vector<std::int64_t> all;
  for (std::int64_t k = 0; k <= span.count(); ++k) all.push_back(span.begin_us(k));
  return all;
}

TEST(WindowSpan, LastsToTheEndOfTheLastStep) {
  const WindowSpan span(2 * kSecond, 4 * kSecond, 500'000, 3 * kSecond);
  EXPECT_EQ(span.duration_us(), 2'500'000);
  EXPECT_EQ(boundaries(span), (std::vector<std::int64_t>{2'000'000, 4'500'000}));
}

TEST(WindowSpan, IsOneWindowUpToTheLongestAndTwoBeyond) {
  EXPECT_EQ(WindowSpan(0, 3 * kSecond - 1, 1, 3 * kSecond).count(), 1);  // T = 3 s exactly
  EXPECT_EQ(WindowSpan(0, 3 * kSecond, 1, 3 * kSecond).count(), 2);      // one microsecond more
  EXPECT_EQ(WindowSpan(0, 0, kStep, 3 * kSecond).count(), 1);            // one frame
  EXPECT_EQ(WindowSpan(0, 6 * kSecond - 1, 1, 3 * kSecond).count(), 2);
  EXPECT_EQ(WindowSpan(0, 6 * kSecond, 1, 3 * kSecond).count(), 3);
}

TEST(WindowSpan, CutsIntoEqualPartsRoundedDown) {
  const WindowSpan span(10, 10 + 9, 1, 3);  // T = 10, 4 windows of 2.5
  EXPECT_EQ(boundaries(span), (std::vector<std::int64_t>{10, 12, 15, 17, 20}));
}

TEST(WindowSpan, FindsTheWindowOfATime) {
  const WindowSpan span(10, 19, 1, 3);
  const std::vector<std::int64_t> wanted = {0, 0, 1, 1, 1, 2, 2, 3, 3, 3};
  for (std::int64_t t = 10; t < 20; ++t) {
    EXPECT_EQ(span.window_at(t), wanted[static_cast<std::size_t>(t - 10)]) << t;
  }
}

// Exhaustive on small numbers, against the definition in real arithmetic.
TEST(WindowSpan, EqualsItsDefinitionOnEverySmallTrack) {
  for (std::int64_t duration = 1; duration <= 60; ++duration) {
    for (std::int64_t longest = 1; longest <= 12; ++longest) {
      const WindowSpan span(5, 5 + duration - 1, 1, longest);
      ASSERT_EQ(span.count(), (duration + longest - 1) / longest);
      for (std::int64_t k = 0; k <= span.count(); ++k) {
        ASSERT_EQ(span.begin_us(k), 5 + k * duration / span.count());
      }
      for (std::int64_t t = 5; t < 5 + duration; ++t) {
        const std::int64_t k = span.window_at(t);
        ASSERT_TRUE(span.begin_us(k) <= t && t < span.begin_us(k + 1)) << duration << " " << t;
      }
    }
  }
}

// Property: windows cover the track without gap or overlap, none is longer than asked, and only a
// track under a second has a window under a second.
TEST(WindowSpan, CoversAnyTrack) {
  Random random(11);
  for (int round = 0; round < 2000; ++round) {
    const auto first = static_cast<std::int64_t>(random.uniform() * 1e12);
    const auto length = static_cast<std::int64_t>(std::pow(10.0, 10 * random.uniform()));
    const WindowSpan span(first, first + length, kStep, 3 * kSecond);
    const std::vector<std::int64_t> all =
        span.count() < 5000 ? boundaries(span)
                            : std::vector<std::int64_t>{first, first + span.duration_us()};
    ASSERT_EQ(all.front(), first);
    ASSERT_EQ(all.back(), first + length + kStep);
    ASSERT_EQ(span.begin_us(span.count()), all.back());
    if (span.count() >= 5000) continue;
    for (std::size_t k = 1; k < all.size(); ++k) {
      const std::int64_t window = all[k] - all[k - 1];
      ASSERT_LE(window, 3 * kSecond);
      if (span.duration_us() >= kSecond) {
        ASSERT_GE(window, kSecond);
      }
      ASSERT_LE(std::abs(window - (all[1] - all[0])), 1);
      ASSERT_EQ(span.window_at(all[k] - 1), static_cast<std::int64_t>(k) - 1);
    }
  }
}

TEST(WindowSpan, HoldsForTwoCenturies) {
  const std::int64_t last = std::int64_t{200} * 365 * 86400 * kSecond + 1;
  const WindowSpan span(0, last, kStep, 3 * kSecond);
  EXPECT_EQ(span.begin_us(span.count()), last + kStep);
  EXPECT_LT(span.begin_us(span.count() - 1), last);
  EXPECT_EQ(span.window_at(last + kStep - 1), span.count() - 1);
}

}  // namespace
}  // namespace mien
