#include "media/orientation.h"

#include <cmath>

namespace mien {

namespace {

// How one output row walks through the planes.
struct Walk {
  std::ptrdiff_t first;  // offset of the row's first pixel
  std::ptrdiff_t step;
};

void copy_row(const PlanarPicture& picture, Walk walk, int count, std::uint8_t* out) {
  if (walk.step == 1) {  // apart, so that the compiler makes vector code of it
    const std::uint8_t* red = picture.red + walk.first;
    const std::uint8_t* green = picture.green + walk.first;
    const std::uint8_t* blue = picture.blue + walk.first;
    for (int x = 0; x < count; ++x) {
      out[3 * x] = red[x];
      out[3 * x + 1] = green[x];
      out[3 * x + 2] = blue[x];
    }
    return;
  }
  std::ptrdiff_t at = walk.first;
  for (int x = 0; x < count; ++x, at += walk.step) {
    out[3 * x] = picture.red[at];
    out[3 * x + 1] = picture.green[at];
    out[3 * x + 2] = picture.blue[at];
  }
}

void lay_row_on_white(const std::uint8_t* alpha, Walk walk, int count, std::uint8_t* row) {
  std::ptrdiff_t at = walk.first;
  for (int x = 0; x < count; ++x, at += walk.step) {
    const int opacity = alpha[at];
    for (int c = 0; c < 3; ++c) {
      std::uint8_t& value = row[3 * x + c];
      value = static_cast<std::uint8_t>((value * opacity + 255 * (255 - opacity) + 127) / 255);
    }
  }
}

}  // namespace

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

Image upright(const PlanarPicture& picture, Orientation orientation) {
  const std::ptrdiff_t stride = picture.stride_bytes;
  const bool swaps = orientation.swaps_sides();
  Image image(swaps ? picture.height_px : picture.width_px,
              swaps ? picture.width_px : picture.height_px);
  // In the mirrored input, `first` is the top left pixel, `right` one pixel on, `down` one row on.
  const std::ptrdiff_t last_column = picture.width_px - 1;
  const std::ptrdiff_t last_row = (picture.height_px - 1) * stride;
  std::ptrdiff_t right = orientation.mirrored ? -1 : 1;
  std::ptrdiff_t first = orientation.mirrored ? last_column : 0;
  std::ptrdiff_t down = stride;
  const std::ptrdiff_t top_right = orientation.mirrored ? 0 : last_column;
  switch (orientation.rotation_deg) {
    case 90: {  // rows of the output run up the input's columns
      first += last_row;
      const std::ptrdiff_t along = -down;
      down = right;
      right = along;
      break;
    }
    case 180:
      first = top_right + last_row;
      right = -right;
      down = -down;
      break;
    case 270: {  // rows of the output run down the input's columns, from the right
      first = top_right;
      const std::ptrdiff_t along = down;
      down = -right;
      right = along;
      break;
    }
    default:
      break;
  }
  for (int y = 0; y < image.height_px(); ++y) {
    const Walk walk{first + y * down, right};
    copy_row(picture, walk, image.width_px(), image.row(y));
    if (picture.alpha != nullptr)
      lay_row_on_white(picture.alpha, walk, image.width_px(), image.row(y));
  }
  return image;
}

}  // namespace mien
