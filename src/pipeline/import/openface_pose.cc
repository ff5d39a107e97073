// Two ways to tell the same rotation of a head. Both have x to the picture's right, y down and z
// away from the camera. Mien: R = Rz(roll) Ry(yaw) Rx(pitch) with signs of face.h; OpenFace: R =
// Rx Ry Rz (its output page, "left-handed positive sign"; RotationHelpers.h).
#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/import/score_file.h"

namespace mien {

namespace {

constexpr double kDegrees = 180 / std::numbers::pi;

}  // namespace

HeadPose pose_from_openface(double rx, double ry, double rz) {
  const double s1 = std::sin(rx);
  const double s2 = std::sin(ry);
  const double s3 = std::sin(rz);
  const double c1 = std::cos(rx);
  const double c2 = std::cos(ry);
  const double c3 = std::cos(rz);
  const double r00 = c2 * c3;
  const double r10 = c1 * s3 + c3 * s1 * s2;
  const double r20 = s1 * s3 - c1 * c3 * s2;
  const double r21 = c3 * s1 + c1 * s2 * s3;
  const double r22 = c1 * c2;
  HeadPose pose;
  pose.yaw_deg = static_cast<float>(std::asin(std::clamp(r20, -1.0, 1.0)) * kDegrees);
  pose.pitch_deg = static_cast<float>(std::atan2(-r21, r22) * kDegrees);
  pose.roll_deg = static_cast<float>(std::atan2(r10, r00) * kDegrees);
  return pose;
}

OpenFaceAngles pose_to_openface(const HeadPose& pose) {
  // Mien's signs: yaw = asin(r20) = -a, pitch = -b, roll = c of R = Rz(c) Ry(a) Rx(b).
  const double a = -double{pose.yaw_deg} / kDegrees;
  const double b = -double{pose.pitch_deg} / kDegrees;
  const double c = double{pose.roll_deg} / kDegrees;
  const double r00 = std::cos(c) * std::cos(a);
  const double r01 = std::cos(c) * std::sin(a) * std::sin(b) - std::sin(c) * std::cos(b);
  const double r02 = std::cos(c) * std::sin(a) * std::cos(b) + std::sin(c) * std::sin(b);
  const double r12 = std::sin(c) * std::sin(a) * std::cos(b) - std::cos(c) * std::sin(b);
  const double r22 = std::cos(a) * std::cos(b);
  return {std::atan2(-r12, r22), std::asin(std::clamp(r02, -1.0, 1.0)), std::atan2(-r01, r00)};
}

}  // namespace mien
