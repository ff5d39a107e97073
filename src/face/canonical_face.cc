#include "face/canonical_face.h"

namespace mien {

const std::array<Point3, kLandmarkCount>& canonical_points() {
  static constexpr std::array<Point3, kLandmarkCount> kPoints = {{
#include "canonical_points.inc"  // made from data/canonical_face.json when the build is configured
  }};
  return kPoints;
}

const std::array<int, kLandmarkCount>& mirror_points() {
  static constexpr std::array<int, kLandmarkCount> kMirror = {
#include "canonical_mirror.inc"
  };
  return kMirror;
}

}  // namespace mien
