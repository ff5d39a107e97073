#include "media/orientation.h"

#include <cmath>
#include <cstring>

namespace mien {

Orientation orientation_from_matrix(const std::int32_t matrix[9]) {
  // Output x = a p + c q, output y = b p + d q for the input's p (right) and q (down).
  const double a = matrix[0];
  const double b = matrix[1];
  const double c = matrix[3];
  const double d = matrix[4];
  const bool is_mirrored = a * d - b * c < 0;
  // Where the input's vertical axis points tells the turn, whether mirrored or not.
  if (std::abs(d) + std::abs(a) >= std::abs(c) + std::abs(b)) {
    return {d < 0 ? 180 : 0, is_mirrored};
  }
  return {c < 0 ? 90 : 270, is_mirrored};
}

Image upright(const ImageView& picture, Orientation orientation) {
  const int width = picture.width_px;
  const int height = picture.height_px;
  const bool swaps = orientation.swaps_sides();
  Image image(swaps ? height : width, swaps ? width : height);
  if (!swaps && orientation.rotation_deg == 0 && !orientation.mirrored) {
    for (int y = 0; y < height; ++y)
      std::memcpy(image.row(y), picture.row(y), image.stride_bytes());
    return image;
  }
  // The input pixel that lands on output (x, y) is first + x step_x + y step_y, in bytes.
  const auto stride = static_cast<std::ptrdiff_t>(picture.stride_bytes);
  const std::ptrdiff_t right = orientation.mirrored ? -3 : 3;
  const std::ptrdiff_t left_edge = orientation.mirrored ? std::ptrdiff_t{width - 1} * 3 : 0;
  const std::ptrdiff_t right_edge = orientation.mirrored ? 0 : std::ptrdiff_t{width - 1} * 3;
  const std::ptrdiff_t bottom_edge = std::ptrdiff_t{height - 1} * stride;
  std::ptrdiff_t first = left_edge;
  std::ptrdiff_t step_x = right;
  std::ptrdiff_t step_y = stride;
  switch (orientation.rotation_deg) {
    case 90:
      first = left_edge + bottom_edge;
      step_x = -stride;
      step_y = right;
      break;
    case 180:
      first = right_edge + bottom_edge;
      step_x = -right;
      step_y = -stride;
      break;
    case 270:
      first = right_edge;
      step_x = stride;
      step_y = -right;
      break;
    default:
      break;
  }
  for (int y = 0; y < image.height_px(); ++y) {
    std::uint8_t* out = image.row(y);
    std::ptrdiff_t from = first + y * step_y;
    for (int x = 0; x < image.width_px(); ++x, out += 3, from += step_x) {
      std::memcpy(out, picture.data + from, 3);
    }
  }
  return image;
}

}  // namespace mien
