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

// One byte a pixel and plane, all planes of one size and stride.
struct PlanarPicture {
  const std::uint8_t* red = nullptr;
  const std::uint8_t* green = nullptr;
  const std::uint8_t* blue = nullptr;
  const std::uint8_t* alpha = nullptr;  // not premultiplied; nullptr: opaque
  int width_px = 0;
  int height_px = 0;
  std::ptrdiff_t stride_bytes = 0;
};

// Copies the planes upright into an Image; what is transparent is laid on white.
Image upright(const PlanarPicture& picture, Orientation orientation);

}  // namespace mien
