// Face -> 478 landmarks with irises in source pixels, where MediaPipe's face landmarker bundle is
// installed (docs/blendshapes.md).
//
// MediaPipe's second face mesh looks at the same kind of square as the first (landmarker.h), at 256
// x 256.
#pragma once

#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/crop.h"
#include "face/face.h"
#include "face/stage_clock.h"
#include "model/model_set.h"

namespace mien {

inline constexpr const char* kIrisLandmarkModel = "mediapipe_face_landmarks";
inline constexpr int kIrisMeshSide_px = 256;

// Those that both meshes have, for what takes them: head pose, actions.
Landmarks without_irises(const IrisLandmarks& landmarks);

class IrisLandmarker {
 public:
  // kNotFound where the network is not among the models.
  static Result<IrisLandmarker> open(const ModelSet& models);

  // As Landmarker::find: presence 0 where the square is not usable or the network's numbers are not
  // finite. About 3 ms.
  Result<IrisLandmarks> find(const ImageView& image, double scale, const CropSquare& square);

  const StageClock& clock() const { return clock_; }

 private:
  explicit IrisLandmarker(Session session);
  Session session_;
  StageClock clock_;
  std::vector<float> input_;
};

}  // namespace mien
