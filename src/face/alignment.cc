#include "face/alignment.h"

#include <Eigen/Core>
#include <Eigen/LU>
#include <Eigen/SVD>
#include <cmath>
#include <limits>
#include <numbers>

#include "face/canonical_face.h"

namespace mien {
namespace {

// The same list stands in tools/make_canonical_face.mjs. What they move by with expressions:
// docs/head-pose.md.
constexpr std::array<int, 20> kStablePoints = {6,   168, 197, 195, 8,   9,   10,  151, 33, 133,
                                               263, 362, 127, 356, 162, 389, 234, 454, 21, 251};
constexpr int kOuterRight = 33;
constexpr int kOuterLeft = 263;
constexpr std::array<int, 4> kEyeCorners = {33, 133, 263, 362};

Eigen::Vector3d vector(const Point3& p) {
  return {static_cast<double>(p.x), static_cast<double>(p.y), static_cast<double>(p.z)};
}

template <std::size_t N>
Eigen::Vector3d mean(const std::array<Point3, kLandmarkCount>& points,
                     const std::array<int, N>& which) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (const int i : which) sum += vector(points[static_cast<std::size_t>(i)]);
  return sum / static_cast<double>(N);
}

// The rotation that takes the canonical face to `points`.
Eigen::Matrix3d rotation_from_canonical(const std::array<Point3, kLandmarkCount>& points) {
  const auto& canonical = canonical_points();
  const Eigen::Vector3d from_mean = mean(canonical, kStablePoints);
  const Eigen::Vector3d to_mean = mean(points, kStablePoints);
  Eigen::Matrix3d covariance = Eigen::Matrix3d::Zero();
  for (const int i : kStablePoints) {
    const auto at = static_cast<std::size_t>(i);
    covariance += (vector(points[at]) - to_mean) * (vector(canonical[at]) - from_mean).transpose();
  }
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(covariance,
                                              Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Eigen::Matrix3d& u = svd.matrixU();
  const Eigen::Matrix3d& v = svd.matrixV();
  // A reflection is no pose: the least certain axis is turned round instead.
  const double handed = u.determinant() * v.determinant() < 0 ? -1 : 1;
  return u * Eigen::Vector3d(1, 1, handed).asDiagonal() * v.transpose();
}

float degrees(double radians) {
  return static_cast<float>(radians * 180 / std::numbers::pi);
}

HeadPose angles(const Eigen::Matrix3d& r) {
  HeadPose pose;
  pose.yaw_deg = degrees(std::asin(std::clamp(r(2, 0), -1.0, 1.0)));
  pose.pitch_deg = degrees(std::atan2(-r(2, 1), r(2, 2)));
  pose.roll_deg = degrees(std::atan2(r(1, 0), r(0, 0)));
  return pose;
}

AlignedFace not_measurable() {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  AlignedFace face;
  face.points.fill({kNan, kNan, kNan});
  face.pose = {kNan, kNan, kNan};
  face.scale_px = kNan;
  return face;
}

bool finite(const std::array<Point3, kLandmarkCount>& points) {
  for (const Point3& p : points) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y) || !std::isfinite(p.z)) return false;
  }
  return true;
}

}  // namespace

AlignedFace align_face(const Landmarks& landmarks) {
  const auto& points = landmarks.points;
  if (!finite(points)) return not_measurable();
  const double scale = (vector(points[kOuterLeft]) - vector(points[kOuterRight])).norm();
  // Half a thousandth of a pixel: nothing can be told from a smaller face, and no division by it.
  if (!(scale > 5e-4)) return not_measurable();
  const Eigen::Matrix3d rotation = rotation_from_canonical(points);
  const Eigen::Matrix3d upright = rotation.transpose() / scale;
  const Eigen::Vector3d origin = mean(points, kEyeCorners);

  AlignedFace face;
  face.pose = angles(rotation);
  face.scale_px = static_cast<float>(scale);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Eigen::Vector3d p = upright * (vector(points[i]) - origin);
    face.points[i] = {static_cast<float>(p.x()), static_cast<float>(p.y()),
                      static_cast<float>(p.z())};
  }
  return face;
}

}  // namespace mien
