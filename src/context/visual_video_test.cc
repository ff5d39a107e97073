#include "context/visual_video.h"

#include <gtest/gtest.h>

namespace mien {
namespace {

FrameContexts frame(std::vector<float> masked, std::vector<float> visible = {}) {
  FrameContexts contexts;
  contexts.arms.push_back({FaceArm::kMasked, 0, 0, 0, std::move(masked), {}});
  if (!visible.empty()) {
    contexts.arms.push_back({FaceArm::kVisible, 0, 0, 0, std::move(visible), {}});
  }
  return contexts;
}

TEST(VisualVideo, TakesTheMeanOfTheHighestQuarter) {
  EXPECT_DOUBLE_EQ(mean_of_highest({0.3}), 0.3);
  EXPECT_DOUBLE_EQ(mean_of_highest({0.1, 0.4, 0.2, 0.3}), 0.4);
  EXPECT_DOUBLE_EQ(mean_of_highest({0.1, 0.4, 0.2, 0.3, 0.2}), 0.35);
}

TEST(VisualVideo, LeavesOutFramesThatWereNotAssessed) {
  FrameContexts close_up = frame({});
  close_up.mostly_filled = true;
  EXPECT_EQ(pooled(std::vector{close_up, frame({0.5F})}, FaceArm::kMasked),
            (std::vector<double>{0.5}));
  EXPECT_TRUE(pooled(std::vector{close_up, close_up}, FaceArm::kMasked).empty());
}

TEST(VisualVideo, PoolsEachContextAndArmByItself) {
  const std::vector<FrameContexts> frames{frame({0.5F, 0.0F}, {0.25F, 1.0F}),
                                          frame({0.25F, 0.75F}, {0.5F, 0.0F})};
  EXPECT_EQ(pooled(frames, FaceArm::kMasked), (std::vector<double>{0.5, 0.75}));
  EXPECT_EQ(pooled(frames, FaceArm::kVisible), (std::vector<double>{0.5, 1.0}));
  EXPECT_TRUE(pooled(frames, FaceArm::kPatches).empty());
  EXPECT_TRUE(pooled({}, FaceArm::kMasked).empty());
}

}  // namespace
}  // namespace mien
