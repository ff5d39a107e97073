// The eight ways in which a decoded picture can stand, and how to put it upright.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/image.h"

namespace mien {

// Upright = first mirrored left to right (if `mirrored`), then turned clockwise by `rotation_deg`.
struct Orientation {
  int rotation_deg = 0;  // 0, 90, 180, 270
  bool mirrored = false;

  bool swaps_sides() const { return rotation_deg == 90 || rotation_deg == 270; }
  friend bool operator==(const Orientation&, const Orientation&) = default;
};

// From a display matrix (nine numbers, 16.16 fixed point, as libavutil/display.h defines it); an
// angle between the four is taken to the nearest.
Orientation orientation_from_matrix(const std::int32_t matrix[9]);

// Copies a picture of 3 bytes a pixel upright into an Image of its own.
Image upright(const ImageView& picture, Orientation orientation);

}  // namespace mien
