// Distinct uploaders from their smallest hashes.
#include "stats/uploader_sketch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "base/random.h"
#include "stats/association_sums.h"

namespace mien {
namespace {

std::vector<std::uint64_t> hashes(std::size_t count, std::size_t from = 0) {
  std::set<std::uint64_t> all;
  for (std::size_t i = 0; i < count; ++i) all.insert(uploader_hash(std::to_string(from + i)));
  return {all.begin(), all.end()};
}

TEST(UploaderSketchTest, PartsInAnyOrderAreTheWhole) {
  Random random(1);
  for (const std::size_t count : {0U, 1U, 255U, 256U, 257U, 5000U}) {
    const std::vector<std::uint64_t> all = hashes(count);
    UploaderSketch whole;
    unite_uploaders(whole, all);
    // Every uploader in one to three of three parts.
    std::vector<std::set<std::uint64_t>> parts(3);
    for (const std::uint64_t hash : all) {
      parts[random.below(3)].insert(hash);
      parts[random.below(3)].insert(hash);
      parts[random.below(3)].insert(hash);
    }
    UploaderSketch forth;
    UploaderSketch back;
    for (std::size_t i = 0; i < 3; ++i) {
      unite_uploaders(forth, std::vector<std::uint64_t>(parts[i].begin(), parts[i].end()));
      unite_uploaders(back, std::vector<std::uint64_t>(parts[2 - i].begin(), parts[2 - i].end()));
    }
    EXPECT_EQ(forth, whole);
    EXPECT_EQ(back, whole);
    EXPECT_EQ(whole.size(), std::min<std::size_t>(count, kUploadersKept));
    if (count < kUploadersKept) {
      EXPECT_EQ(distinct_uploaders(whole), static_cast<std::int64_t>(count));
    }
  }
}

// 200 populations: the mean is right, and the spread is what it should be, 1 / sqrt(k - 2).
TEST(UploaderSketchTest, ManyAreEstimatedWithoutBias) {
  constexpr std::size_t kTimes = 200;
  constexpr std::size_t kCount = 3000;
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < kTimes; ++i) {
    UploaderSketch sketch;
    unite_uploaders(sketch, hashes(kCount, i * kCount));
    const double ratio = static_cast<double>(distinct_uploaders(sketch)) / kCount;
    sum += ratio / kTimes;
    squares += (ratio - 1) * (ratio - 1) / kTimes;
  }
  const double expected = 1 / std::sqrt(static_cast<double>(kUploadersKept) - 2);
  EXPECT_NEAR(sum, 1, 4 * expected / std::sqrt(static_cast<double>(kTimes)));
  EXPECT_NEAR(std::sqrt(squares), expected, 0.2 * expected);
  EXPECT_GT(kUploadersKept, static_cast<std::size_t>(kLargestMinimum));
}

}  // namespace
}  // namespace mien
