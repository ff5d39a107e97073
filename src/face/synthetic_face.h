// For tests: the canonical face in a known pose, written independently of the alignment.
#pragma once

#include <cmath>
#include <numbers>

#include "face/canonical_face.h"
#include "face/face.h"

namespace mien::testing {

// Nods (pitch), turns (yaw), tilts (roll), then scales to `scale_px` between the outer eye corners
// and shifts; angles as in HeadPose.
inline Landmarks posed_face(const HeadPose& pose, float scale_px, const Point3& shift) {
  const auto radians = [](float degrees) {
    return static_cast<double>(degrees) * std::numbers::pi / 180;
  };
  const double yaw = radians(pose.yaw_deg);
  const double pitch = radians(pose.pitch_deg);
  const double roll = radians(pose.roll_deg);
  Landmarks face;
  face.presence_prob = 1;
  for (std::size_t i = 0; i < kLandmarkCount; ++i) {
    double x = static_cast<double>(canonical_points()[i].x);
    double y = static_cast<double>(canonical_points()[i].y);
    double z = static_cast<double>(canonical_points()[i].z);
    const double nodded_y = std::cos(pitch) * y + std::sin(pitch) * z;  // looking up: nose to -y
    z = std::cos(pitch) * z - std::sin(pitch) * y;
    y = nodded_y;
    const double turned_x = std::cos(yaw) * x - std::sin(yaw) * z;  // nose (z < 0) to +x
    z = std::cos(yaw) * z + std::sin(yaw) * x;
    x = turned_x;
    const double tilted_x = std::cos(roll) * x - std::sin(roll) * y;
    y = std::cos(roll) * y + std::sin(roll) * x;
    x = tilted_x;
    const auto scale = static_cast<double>(scale_px);
    face.points[i] = {static_cast<float>(scale * x) + shift.x,
                      static_cast<float>(scale * y) + shift.y,
                      static_cast<float>(scale * z) + shift.z};
  }
  return face;
}

}  // namespace mien::testing
