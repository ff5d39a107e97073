// Face -> 468 landmarks in source pixels.
//
// MediaPipe's face mesh (Kartynnik et al. 2019) looks at a square of 192 x 192 around the face,
// turned so that the eyes are level.
#pragma once

#include <optional>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/crop.h"
#include "face/face.h"
#include "face/stage_clock.h"
#include "model/model_set.h"

namespace mien {

inline constexpr int kMeshSide_px = 192;

// Where to look: around a detection (1.5 x the longer side of the box, level with its eyes), or
// around a mesh of the frame before (1.5 x the longer side of its extent along the eyes' axis). A
// square that is_usable() refuses where the input is degenerate.
CropSquare mesh_square(const FaceDetection& face);
CropSquare mesh_square(const Landmarks& before);

class Landmarker {
 public:
  static Result<Landmarker> open(const ModelSet& models);

  // Landmarks of whatever is in the square, with the network's own opinion whether it is a face;
  // presence 0 where the square is not usable or the network's numbers are not finite. About 1 ms.
  Result<Landmarks> find(const ImageView& image, double scale, const CropSquare& square);

  const StageClock& clock() const { return clock_; }

 private:
  explicit Landmarker(Session session);
  Session session_;
  StageClock clock_;
  std::vector<float> input_;
};

}  // namespace mien
