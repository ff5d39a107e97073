#include "face/motion.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mien {
namespace {

Box box_at(double x, double y, double size) {
  return {static_cast<float>(x - size / 2), static_cast<float>(y - size / 2),
          static_cast<float>(size), static_cast<float>(size)};
}

FaceMotion moving(double speed_px_s, double size = 80) {
  FaceMotion motion(box_at(100, 200, size), 0);
  for (int k = 1; k <= 12; ++k) motion.update(box_at(100 + speed_px_s * k / 6, 200, size), k / 6.0);
  return motion;
}

TEST(FaceMotion, ExpectsASteadyFaceWhereItIsHeading) {
  const FaceMotion motion = moving(90);
  for (const double later_s : {1 / 6.0, 0.5, 1.0}) {
    const Point2 expected = motion.expected_centre(2 + later_s);
    EXPECT_NEAR(expected.x, 100 + 90 * (2 + later_s), 3);
    EXPECT_NEAR(expected.y, 200, 0.01);
  }
}

TEST(FaceMotion, SurpriseGrowsWithDistanceAndSizeAndVagueness) {
  const FaceMotion motion = moving(0);
  const double next_s = 2 + 1 / 6.0;
  const double at_home = motion.surprise(box_at(100, 200, 80), next_s);
  EXPECT_GT(at_home, 0);
  EXPECT_LT(at_home, 3.5);
  EXPECT_GT(motion.surprise(box_at(120, 200, 80), next_s), at_home + 0.5);
  EXPECT_GT(motion.surprise(box_at(100, 260, 80), next_s), 14);
  EXPECT_GT(motion.surprise(box_at(100, 200, 160), next_s), 14);
  // Lost for a second: the same place is less certain, another one less surprising.
  EXPECT_GT(motion.surprise(box_at(100, 200, 80), 3), at_home + 2);
  EXPECT_LT(motion.surprise(box_at(100, 260, 80), 3),
            motion.surprise(box_at(100, 260, 80), next_s));
}

TEST(FaceMotion, IsInUnitsOfTheFace) {
  const FaceMotion motion = moving(60, 80);
  FaceMotion twice(box_at(200, 400, 160), 0);
  for (int k = 1; k <= 12; ++k) twice.update(box_at(200 + 120 * k / 6.0, 400, 160), k / 6.0);
  EXPECT_NEAR(motion.surprise(box_at(250, 210, 90), 2.2),
              twice.surprise(box_at(500, 420, 180), 2.2), 1e-3);
}

TEST(FaceMotion, AnEarlierTimeCountsAsTheLast) {
  FaceMotion motion = moving(60);
  EXPECT_EQ(motion.surprise(box_at(220, 200, 80), 1), motion.surprise(box_at(220, 200, 80), 2));
  motion.update(box_at(220, 200, 80), -5);
  EXPECT_TRUE(std::isfinite(motion.surprise(box_at(220, 200, 80), 2.1)));
}

}  // namespace
}  // namespace mien
