// The mean upright face that head pose and pose-normalised landmarks are measured against: 468
// points in the numbering of face.h, looking straight into the camera.
//
// Origin: mean of the four eye corners. Unit: distance of the outer eye corners. Axes: x to the
// picture's right, y down, z away from the camera. Exactly symmetric: canonical_points()[i]
// reflected in x = 0 is canonical_points()[mirror_points()[i]].
//
// The numbers are data/canonical_face.json, compiled in; tools/make_canonical_face.mjs made them
// (generalised Procrustes mean, Gower 1975, of meshes and their mirror images).
#pragma once

#include <array>

#include "face/face.h"

namespace mien {

const std::array<Point3, kLandmarkCount>& canonical_points();
const std::array<int, kLandmarkCount>& mirror_points();  // the same point of the other half

}  // namespace mien
