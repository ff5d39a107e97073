// Landmarks -> the same face turned upright, centred and scaled, and the head pose that was taken
// out.
//
// A least-squares similarity (rotation, scale, shift; Umeyama 1991, equations 34-43) takes the mean
// face of canonical_face.h to the landmarks over 20 points that expressions hardly move: bridge and
// root of the nose, middle of the forehead, eye corners, temples, cheekbones before the ears. Its
// rotation R is the pose: R = Rz(roll) Ry(yaw) Rx(pitch), so that roll is what levels the line of
// the eyes in the picture, and turning the picture changes roll and nothing else. Pose is relative
// to the line of sight: (0, 0, 0) is a face that looks into the camera, wherever in the picture it
// stands; no focal length is assumed. Accuracy and limits: docs/head-pose.md.
#pragma once

#include <array>

#include "face/face.h"

namespace mien {

struct AlignedFace {
  // Upright. Origin: mean of the four eye corners; x to the picture's right, y down, z away from
  // the camera; unit: distance of this face's own outer eye corners.
  std::array<Point3, kLandmarkCount> points{};
  HeadPose pose;
  float scale_px = 0;  // distance of the outer eye corners in space, in source pixels
};

// Everything is NaN where the landmarks are not finite or their stable points coincide. About 5 us.
AlignedFace align_face(const Landmarks& landmarks);

}  // namespace mien
