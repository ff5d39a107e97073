// Face -> a vector of unit length that is close (cosine) for pictures of one person and far for
// two: for the tracker only, never stored by default. Which network, and what it separates:
// docs/face-detection.md.
#pragma once

#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/crop.h"
#include "face/face.h"
#include "face/stage_clock.h"
#include "model/model_set.h"

namespace mien {

// Where the network looks: level with the eyes where there are landmarks, around the box otherwise.
CropSquare descriptor_square(const FaceObservation& face);

class Descriptor {
 public:
  static Result<Descriptor> open(const ModelSet& models);

  // Empty where the square cannot be cut or the network's numbers are not finite.
  Result<std::vector<float>> describe(const ImageView& image, double scale,
                                      const FaceObservation& face);

  // The network's own numbers for a crop of side_px() x side_px(), not brought to unit length:
  // what a trained head reads. Empty where they are not finite or all 0.
  Result<std::vector<float>> read_crop(const ImageView& crop);
  int side_px() const { return side_px_; }

  const StageClock& clock() const { return clock_; }

 private:
  Descriptor(Session session, int side_px);
  Session session_;
  StageClock clock_;
  int side_px_;
  std::vector<float> input_;
};

}  // namespace mien
