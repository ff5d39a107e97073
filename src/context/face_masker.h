// Finds the heads of a picture for face_mask.h, missing as few as it can: what is filled without
// need costs little, a face left over is the confound that the filling is there to remove.
//
// Heads are those of every candidate of the full detector (tiles included) down to a low score,
// without the second looks that elsewhere decide what counts as a face, and of the faces that the
// analysis knows. Then the filled picture is looked at again, until nothing new is found or
// kMaxRounds are over. Heads seen from behind are not found.
#pragma once

#include <span>
#include <vector>

#include "base/image.h"
#include "base/random.h"
#include "base/result.h"
#include "context/face_mask.h"
#include "face/detector.h"
#include "face/face.h"
#include "model/model_set.h"

namespace mien {

inline constexpr int kMaxRounds = 4;

struct MaskedPicture {
  Image image;
  std::vector<Region> heads;         // one a head, grown to all that was seen of it
  std::vector<FaceDetection> faces;  // one a head, as it was first seen, in picture pixels
  int rounds = 1;                    // looks taken
};

// One thread at a time.
class FaceMasker {
 public:
  static Result<FaceMasker> open(const ModelSet& models);

  // `known`: faces of the picture in source pixels, `scale` of them a picture pixel; of frames
  // close by too. Cost: a full detection a round, two or more.
  Result<MaskedPicture> mask(const ImageView& image, double scale,
                             std::span<const FaceDetection> known, Random random);

  const StageClock& clock() const { return detector_.clock(); }

 private:
  explicit FaceMasker(Detector detector) : detector_(std::move(detector)) {}
  Detector detector_;
};

}  // namespace mien
