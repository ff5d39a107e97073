#include "pipeline/study/video_index.h"

#include <gtest/gtest.h>

namespace mien {
namespace {

TEST(VideoIndexTest, FindsWhatWasAddedAndNothingElse) {
  VideoIndex index;
  EXPECT_FALSE(index.find("v0").has_value());
  for (std::uint32_t i = 0; i < 5000; ++i) EXPECT_EQ(index.add("v" + std::to_string(i)), i);
  EXPECT_FALSE(index.add("v17").has_value());
  EXPECT_EQ(index.size(), 5000U);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    EXPECT_EQ(index.find("v" + std::to_string(i), i), i);
    EXPECT_EQ(index.find("v" + std::to_string(i), 4999 - i), i);
    EXPECT_EQ(index.id(i), "v" + std::to_string(i));
  }
  EXPECT_FALSE(index.find("v5000", 4999).has_value());
  EXPECT_EQ(index.add(""), 5000U);
  EXPECT_EQ(index.find("", 3), 5000U);
}

TEST(VideoIndexTest, RoomMadeBeforeOrBetweenChangesNothing) {
  VideoIndex index;
  index.reserve(10, 20);
  for (std::uint32_t i = 0; i < 3000; ++i) {
    if (i == 1500) index.reserve(4000, 10);
    ASSERT_EQ(index.add(std::to_string(i)), i);
  }
  for (std::uint32_t i = 0; i < 3000; ++i) ASSERT_EQ(index.find(std::to_string(i)), i);
  EXPECT_FALSE(index.add("7").has_value());
}

}  // namespace
}  // namespace mien
