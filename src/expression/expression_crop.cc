#include "expression/expression_crop.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "face/landmarker.h"

namespace mien {

CropSquare expression_square(const FaceObservation& face, const CropRule& rule) {
  MIEN_CHECK(face.has_landmarks, "only faces with landmarks are scored");
  CropSquare square = mesh_square(face.landmarks);  // 1.5 times the mesh's extent, level
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
