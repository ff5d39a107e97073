// Head pose from the face mesh; the method, its axes and its limits are those of alignment.h.
#pragma once

#include "face/face.h"

namespace mien {

// Relative to the line of sight, so the picture's size plays no part. NaN angles where the
// landmarks are not finite or coincide; yaw in [-90, 90], pitch and roll in [-180, 180].
HeadPose estimate_pose(const Landmarks& landmarks);

}  // namespace mien
