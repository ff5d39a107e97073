// Pictures: 8-bit interleaved RGB, rows top to bottom, display-rotated. `Image` owns, `ImageView`
// looks. There is one colour order in Mien, red first; adapters convert at their border.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"

namespace mien {

struct ImageView {
  const std::uint8_t* data = nullptr;  // 3 bytes a pixel, R G B
  int width_px = 0;
  int height_px = 0;
  std::size_t stride_bytes = 0;

  bool empty() const { return data == nullptr || width_px <= 0 || height_px <= 0; }
  const std::uint8_t* row(int y) const { return data + static_cast<std::size_t>(y) * stride_bytes; }
};

class Image {
 public:
  Image() = default;
  Image(int width_px, int height_px)
      : width_px_(width_px),
        height_px_(height_px),
        data_(static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px) * 3) {
    MIEN_CHECK(width_px > 0 && height_px > 0, "an image has at least one pixel");
  }

  int width_px() const { return width_px_; }
  int height_px() const { return height_px_; }
  bool empty() const { return data_.empty(); }
  std::size_t stride_bytes() const { return static_cast<std::size_t>(width_px_) * 3; }
  std::uint8_t* data() { return data_.data(); }
  const std::uint8_t* data() const { return data_.data(); }
  std::uint8_t* row(int y) { return data_.data() + static_cast<std::size_t>(y) * stride_bytes(); }
  ImageView view() const { return {data_.data(), width_px_, height_px_, stride_bytes()}; }

 private:
  int width_px_ = 0;
  int height_px_ = 0;
  std::vector<std::uint8_t> data_;
};

}  // namespace mien
