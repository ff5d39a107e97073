// A face that is followed from frame to frame by its landmarks between full detections.
#pragma once

#include <optional>

#include "face/face.h"

namespace mien {

struct CarriedFace {
  FaceDetection at_detection;           // when the detector last saw it
  Landmarks landmarks_at_detection;     // on that frame
  Landmarks landmarks;                  // on this frame
  std::optional<IrisLandmarks> irises;  // of which they are, where the second mesh read them
  bool has_landmarks = false;
  bool detected = true;  // by the detector on this frame
  int unconfirmed = 0;   // full detections since, that did not see it

  // The detector's box and keypoints moved and scaled as the landmarks have since: the
  // least-squares similarity in the picture (Umeyama 1991); the box stays upright. The score stays.
  FaceDetection now() const;
};

}  // namespace mien
