// Where an expression network looks: a square around the face, level with the eyes.
#pragma once

#include "face/crop.h"
#include "face/face.h"

namespace mien {

// How the square lies on the face; the choice is measured in docs/expressions.md.
struct CropRule {
  enum class Around { kBox, kMesh };
  Around around = Around::kBox;
  float times = 1.25F;  // the square's side, in longer sides of the box or of the mesh's extent
  float lower = 0;      // how far below the middle its centre lies, in the same unit
};

// Level by the landmarks, without them by the detector's eyes; around the mesh only with landmarks.
// A square that is_usable() refuses where they are not finite.
CropSquare expression_square(const FaceObservation& face, const CropRule& rule = {});

}  // namespace mien
