#include "context/network_picture.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "base/check.h"

namespace mien {

namespace {

cv::Mat as_mat(const ImageView& image) {
  // OpenCV has no read-only matrix; nothing here writes through this one.
  return {image.height_px, image.width_px, CV_8UC3,
          const_cast<std::uint8_t*>(image.data),  // NOLINT
          image.stride_bytes};
}

ImageView framed(const ImageView& image, Framing framing) {
  if (framing == Framing::kStretched) return image;
  const int side = std::min(image.width_px, image.height_px);
  ImageView middle = image;
  middle.data = image.row((image.height_px - side) / 2) +
                static_cast<std::ptrdiff_t>((image.width_px - side) / 2) * 3;
  middle.width_px = side;
  middle.height_px = side;
  return middle;
}

}  // namespace

void write_picture(const ImageView& image, const Manifest& manifest, Framing framing,
                   std::span<float> out) {
  const PictureShape shape = picture_shape(manifest);
  MIEN_CHECK(!image.empty() && out.size() == static_cast<std::size_t>(shape.rows * shape.columns *
                                                                      shape.channels),
             "room for the network's picture");
  const ImageView source = framed(image, framing);
  const cv::Size size(static_cast<int>(shape.columns), static_cast<int>(shape.rows));
  const bool shrinks = source.width_px > size.width && source.height_px > size.height;
  cv::Mat sized;
  cv::resize(as_mat(source), sized, size, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  std::size_t at = 0;
  for (int y = 0; y < size.height; ++y) {
    const std::uint8_t* pixel = sized.ptr<std::uint8_t>(y);
    for (int x = 0; x < size.width; ++x, pixel += 3) {
      if (shape.channels == 1) {
        // ITU-R BT.601
        const float grey = 0.299F * static_cast<float>(pixel[0]) +
                           0.587F * static_cast<float>(pixel[1]) +
                           0.114F * static_cast<float>(pixel[2]);
        out[at++] = (grey - manifest.scaling.subtract[0]) * manifest.scaling.multiply;
        continue;
      }
      for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t from = manifest.colour_order == ColourOrder::kBgr ? 2 - c : c;
        out[at++] = (static_cast<float>(pixel[from]) - manifest.scaling.subtract[c]) *
                    manifest.scaling.multiply;
      }
    }
  }
}

}  // namespace mien
