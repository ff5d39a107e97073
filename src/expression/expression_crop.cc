#include "expression/expression_crop.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "face/landmarker.h"

namespace mien {

CropSquare expression_square(const FaceObservation& face, const CropRule& rule) {
  MIEN_CHECK(face.has_landmarks || rule.around == CropRule::Around::kBox, "a mesh to lie around");
  // 1.5 times the extent of the mesh or of the box, level
  CropSquare square =
      face.has_landmarks ? mesh_square(face.landmarks) : mesh_square(face.detection);
  float unit = square.side_px / 1.5F;
  if (rule.around == CropRule::Around::kBox) {
    const Box& box = face.detection.box;
    square.centre = box.centre();
    unit = std::max(box.width_px, box.height_px);
  }
  square.side_px = rule.times * unit;
  square.centre.x -= std::sin(square.roll_rad) * rule.lower * unit;
  square.centre.y += std::cos(square.roll_rad) * rule.lower * unit;
  return square;
}

}  // namespace mien
