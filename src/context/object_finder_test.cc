#include "context/object_finder.h"

#include <gtest/gtest.h>

namespace mien {
namespace {

constexpr int kSide = 6;
constexpr std::size_t kClasses = 2;

struct Maps {
  std::vector<float> heat = std::vector<float>(kSide * kSide * kClasses, 0.01F);
  std::vector<float> extents = std::vector<float>(kSide * kSide * 4, 0.0F);

  void put(int row, int column, std::size_t label, float score) {
    heat[static_cast<std::size_t>(row * kSide + column) * kClasses + label] = score;
  }
  std::vector<FoundObject> decode(float least) const {
    // Cells of 4 network pixels; the picture is twice as wide as the network's square.
    return decode_objects(heat, extents, kSide, kClasses, 24, 48, 24, least);
  }
};

TEST(ObjectFinder, TakesPeaksOfEachClassBestFirst) {
  Maps maps;
  maps.put(1, 1, 0, 0.6F);
  maps.put(1, 2, 0, 0.5F);  // beside a higher one of its class
  maps.put(2, 2, 1, 0.9F);  // of another class
  maps.put(5, 5, 0, 0.3F);  // in the corner
  const auto found = maps.decode(0.2F);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].label, 1U);
  EXPECT_FLOAT_EQ(found[0].score_prob, 0.9F);
  EXPECT_EQ(found[1].label, 0U);
  EXPECT_FLOAT_EQ(found[1].score_prob, 0.6F);
  EXPECT_FLOAT_EQ(found[2].score_prob, 0.3F);
  EXPECT_EQ(maps.decode(0.95F).size(), 0U);
}

TEST(ObjectFinder, BoxesReachFromTheCellByTheFourDistances) {
  Maps maps;
  maps.put(2, 3, 0, 0.7F);
  const std::size_t at = (2 * kSide + 3) * 4;
  maps.extents[at] = 2;
  maps.extents[at + 1] = 3;
  maps.extents[at + 2] = 5;
  maps.extents[at + 3] = 1;
  const auto found = maps.decode(0.5F);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FLOAT_EQ(found[0].box.x_px, (12 - 2) * 2);
  EXPECT_FLOAT_EQ(found[0].box.y_px, 8 - 3);
  EXPECT_FLOAT_EQ(found[0].box.right_px(), (12 + 5) * 2);
  EXPECT_FLOAT_EQ(found[0].box.bottom_px(), 8 + 1);
}

TEST(ObjectFinder, KeepsTheBestHundred) {
  Maps maps;
  for (float& value : maps.heat) value = 0.4F;  // all peaks: none is above its neighbours
  EXPECT_EQ(maps.decode(0.3F).size(), static_cast<std::size_t>(kSide * kSide) * kClasses);
  const std::vector<float> heat(400 * kClasses, 0.4F);
  const std::vector<float> extents(400 * 4, 1.0F);
  EXPECT_EQ(decode_objects(heat, extents, 20, kClasses, 80, 80, 80, 0.3F).size(), kMaxObjects);
}

}  // namespace
}  // namespace mien
