#include "face/alignment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>

#include "support/paths.h"

#include "base/random.h"
#include "face/canonical_face.h"
#include "face/pose.h"
#include "face/synthetic_face.h"

namespace mien {
namespace {

using testing::posed_face;

double distance(const Point3& a, const Point3& b) {
  return std::hypot(static_cast<double>(a.x - b.x), static_cast<double>(a.y - b.y),
                    static_cast<double>(a.z - b.z));
}

TEST(CanonicalFace, IsWhatTheDataFileSays) {
  std::ifstream file(testing::source_dir() / "data/canonical_face.json");
  const auto json = nlohmann::json::parse(file);
  ASSERT_EQ(json.at("points").size(), std::size_t{kLandmarkCount});
  ASSERT_EQ(json.at("mirror").size(), std::size_t{kLandmarkCount});
  for (std::size_t i = 0; i < kLandmarkCount; ++i) {
    EXPECT_EQ(canonical_points()[i].x, json["points"][i][0].get<float>());
    EXPECT_EQ(canonical_points()[i].y, json["points"][i][1].get<float>());
    EXPECT_EQ(canonical_points()[i].z, json["points"][i][2].get<float>());
    EXPECT_EQ(mirror_points()[i], json["mirror"][i].get<int>());
  }
}

TEST(CanonicalFace, IsSymmetricCentredAndOfUnitWidth) {
  const auto& points = canonical_points();
  for (std::size_t i = 0; i < kLandmarkCount; ++i) {
    const auto j = static_cast<std::size_t>(mirror_points()[i]);
    EXPECT_EQ(mirror_points()[j], static_cast<int>(i));
    EXPECT_NEAR(points[i].x, -points[j].x, 1.5e-5);
    EXPECT_NEAR(points[i].y, points[j].y, 1.5e-5);
    EXPECT_NEAR(points[i].z, points[j].z, 1.5e-5);
  }
  EXPECT_NEAR(distance(points[33], points[263]), 1, 1e-4);
  EXPECT_LT(points[33].x, 0);                   // the person's right eye is on the picture's left
  EXPECT_LT(points[1].z, points[33].z - 0.3F);  // the nose points at the camera
  EXPECT_GT(points[152].y, 0.5F);               // the chin is below the eyes
}

TEST(AlignFace, RecoversKnownPosesAndTheUprightFace) {
  for (const float yaw : {-60.F, -25.F, 0.F, 10.F, 45.F, 80.F}) {
    for (const float pitch : {-40.F, -10.F, 0.F, 30.F}) {
      for (const float roll : {-170.F, -30.F, 0.F, 15.F, 90.F}) {
        const AlignedFace face = align_face(posed_face({yaw, pitch, roll}, 80, {300, 200, 5}));
        EXPECT_NEAR(face.pose.yaw_deg, yaw, 0.02);
        EXPECT_NEAR(face.pose.pitch_deg, pitch, 0.02);
        EXPECT_NEAR(face.pose.roll_deg, roll, 0.02);
        EXPECT_NEAR(face.scale_px, 80, 0.01);
        for (std::size_t i = 0; i < kLandmarkCount; i += 13) {
          EXPECT_LT(distance(face.points[i], canonical_points()[i]), 1e-3) << i;
        }
      }
    }
  }
}

TEST(AlignFace, SignsAreThoseOfTheContract) {
  constexpr std::size_t kNoseTip = 1;
  constexpr std::size_t kRightEye = 33;
  constexpr std::size_t kLeftEye = 263;
  const auto nose_from_eyes = [](const Landmarks& l) {
    return Point2{l.points[kNoseTip].x - (l.points[kRightEye].x + l.points[kLeftEye].x) / 2,
                  l.points[kNoseTip].y - (l.points[kRightEye].y + l.points[kLeftEye].y) / 2};
  };
  const Point2 straight = nose_from_eyes(posed_face({0, 0, 0}, 100, {}));
  EXPECT_GT(nose_from_eyes(posed_face({20, 0, 0}, 100, {})).x, straight.x);  // picture's right
  EXPECT_LT(nose_from_eyes(posed_face({0, 20, 0}, 100, {})).y, straight.y);  // up
  const Landmarks tilted = posed_face({0, 0, 20}, 100, {});
  EXPECT_GT(tilted.points[kLeftEye].y, tilted.points[kRightEye].y);  // clockwise for the viewer
}

TEST(AlignFace, MirrorFlipsYawAndRollOnly) {
  const Landmarks face = posed_face({22, 11, -14}, 90, {400, 300, 0});
  Landmarks mirrored = face;
  for (std::size_t i = 0; i < kLandmarkCount; ++i) {
    Point3 p = face.points[static_cast<std::size_t>(mirror_points()[i])];
    p.x = 640 - p.x;
    mirrored.points[i] = p;
  }
  const HeadPose pose = estimate_pose(mirrored);
  EXPECT_NEAR(pose.yaw_deg, -22, 0.05);
  EXPECT_NEAR(pose.pitch_deg, 11, 0.05);
  EXPECT_NEAR(pose.roll_deg, 14, 0.05);
}

TEST(AlignFace, TurningThePictureChangesRollAlone) {
  const Landmarks face = posed_face({-35, 20, 0}, 70, {0, 0, 0});
  for (const double turn_deg : {-120.0, -45.0, 5.0, 60.0, 150.0}) {
    Landmarks turned = face;
    const double a = turn_deg * std::numbers::pi / 180;
    for (Point3& p : turned.points) {
      const double x = static_cast<double>(p.x);
      const double y = static_cast<double>(p.y);
      p.x = static_cast<float>(std::cos(a) * x - std::sin(a) * y);
      p.y = static_cast<float>(std::sin(a) * x + std::cos(a) * y);
    }
    const HeadPose pose = estimate_pose(turned);
    EXPECT_NEAR(pose.roll_deg, turn_deg, 0.02);
    EXPECT_NEAR(pose.yaw_deg, -35, 0.02);
    EXPECT_NEAR(pose.pitch_deg, 20, 0.02);
  }
}

TEST(AlignFace, AnOpenMouthOrRaisedBrowHardlyMovesThePose) {
  Landmarks face = posed_face({15, -5, 3}, 100, {});
  for (std::size_t i = 0; i < kLandmarkCount; ++i) {
    const Point3& at = canonical_points()[i];
    if (at.y > 0.7F) face.points[i].y += 25;  // the jaw drops
    if (at.y < -0.1F && at.y > -0.45F && std::abs(at.x) < 0.6F) {
      face.points[i].y -= 8;  // the brows rise
    }
  }
  const HeadPose pose = estimate_pose(face);
  EXPECT_NEAR(pose.yaw_deg, 15, 1.5);
  EXPECT_NEAR(pose.pitch_deg, -5, 2.5);
  EXPECT_NEAR(pose.roll_deg, 3, 1.5);
}

TEST(AlignFace, NoiseOfTwoPercentOfTheEyeDistanceCostsAboutTwoDegrees) {
  Random random(7);
  double squares = 0;
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    Landmarks face = posed_face({10, 5, -20}, 100, {});
    for (Point3& p : face.points) {
      p.x += static_cast<float>(2 * random.normal());
      p.y += static_cast<float>(2 * random.normal());
      p.z += static_cast<float>(2 * random.normal());
    }
    const HeadPose pose = estimate_pose(face);
    squares += std::pow(pose.yaw_deg - 10, 2) + std::pow(pose.pitch_deg - 5, 2) +
               std::pow(pose.roll_deg + 20, 2);
  }
  EXPECT_LT(std::sqrt(squares / (3 * kRounds)), 2.0);
}

TEST(AlignFace, WhatCannotBeMeasuredIsNan) {
  Landmarks broken = posed_face({0, 0, 0}, 100, {});
  broken.points[200].z = std::numeric_limits<float>::quiet_NaN();
  Landmarks infinite = posed_face({0, 0, 0}, 100, {});
  infinite.points[0].x = std::numeric_limits<float>::infinity();
  for (const Landmarks& landmarks : {broken, infinite, Landmarks{}}) {
    const AlignedFace face = align_face(landmarks);
    EXPECT_TRUE(std::isnan(face.pose.yaw_deg));
    EXPECT_TRUE(std::isnan(face.pose.pitch_deg));
    EXPECT_TRUE(std::isnan(face.pose.roll_deg));
    EXPECT_TRUE(std::isnan(face.scale_px));
    EXPECT_TRUE(std::isnan(face.points[0].x));
  }
}

}  // namespace
}  // namespace mien
