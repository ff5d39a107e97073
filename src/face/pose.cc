#include "face/pose.h"

#include "face/alignment.h"

namespace mien {

HeadPose estimate_pose(const Landmarks& landmarks) {
  return align_face(landmarks).pose;
}

}  // namespace mien
