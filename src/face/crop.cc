#include "face/crop.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace mien {
namespace {

constexpr double kLeastSide_px = 1e-3;
constexpr double kMostSide_px = 1e6;
constexpr int kMostCrop_px = 4096;

// Parallelism is over videos and chunks; OpenCV's own threads would only compete with it.
void use_one_thread() {
  static const bool done = [] {
    cv::setNumThreads(1);
    return true;
  }();
  static_cast<void>(done);
}

cv::Mat as_mat(const ImageView& image) {
  // OpenCV has no read-only matrix; nothing here writes through this one.
  return {image.height_px, image.width_px, CV_8UC3,
          const_cast<std::uint8_t*>(image.data),  // NOLINT
          image.stride_bytes};
}

// Crop position -> picture position, both with the origin at the corner of the first pixel.
struct Affine {
  double ax, bx, tx;
  double ay, by, ty;
  Point2 at(double u, double v) const {
    return {static_cast<float>(ax * u + bx * v + tx), static_cast<float>(ay * u + by * v + ty)};
  }
};

Affine crop_to_image(const CropSquare& square, double scale, int crop_side_px) {
  const double unit = static_cast<double>(square.side_px) / crop_side_px / scale;
  const double c = std::cos(static_cast<double>(square.roll_rad)) * unit;
  const double s = std::sin(static_cast<double>(square.roll_rad)) * unit;
  const double half = crop_side_px / 2.0;
  return {c, -s, static_cast<double>(square.centre.x) / scale - (c - s) * half,
          s, c,  static_cast<double>(square.centre.y) / scale - (s + c) * half};
}

// The part of the picture under the crop, with a margin for interpolation.
cv::Rect touched(const Affine& map, int crop_side_px, int margin_px, const ImageView& image) {
  const double n = crop_side_px;
  const std::array<Point2, 4> corners = {map.at(0, 0), map.at(n, 0), map.at(0, n), map.at(n, n)};
  const auto [left, right] = std::ranges::minmax(corners, {}, &Point2::x);
  const auto [top, bottom] = std::ranges::minmax(corners, {}, &Point2::y);
  const auto clip = [](double value, int most) {
    return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(most)));
  };
  const int x0 = clip(std::floor(static_cast<double>(left.x)) - margin_px, image.width_px - 1);
  const int y0 = clip(std::floor(static_cast<double>(top.y)) - margin_px, image.height_px - 1);
  const int x1 = clip(std::ceil(static_cast<double>(right.x)) + margin_px, image.width_px);
  const int y1 = clip(std::ceil(static_cast<double>(bottom.y)) + margin_px, image.height_px);
  return {x0, y0, std::max(1, x1 - x0), std::max(1, y1 - y0)};
}

}  // namespace

bool is_usable(const CropSquare& square) {
  const auto side = static_cast<double>(square.side_px);
  return std::isfinite(square.centre.x) && std::isfinite(square.centre.y) &&
         std::isfinite(square.roll_rad) && std::abs(square.centre.x) <= kMostSide_px &&
         std::abs(square.centre.y) <= kMostSide_px && side >= kLeastSide_px && side <= kMostSide_px;
}

Point3 to_source(const CropSquare& square, int crop_side_px, const Point3& in_crop) {
  const Affine map = crop_to_image(square, 1, crop_side_px);
  const Point2 p = map.at(static_cast<double>(in_crop.x), static_cast<double>(in_crop.y));
  return {p.x, p.y, in_crop.z * square.side_px / static_cast<float>(crop_side_px)};
}

Point2 to_crop(const CropSquare& square, int crop_side_px, const Point2& in_source) {
  const double unit = crop_side_px / static_cast<double>(square.side_px);
  const double c = std::cos(static_cast<double>(square.roll_rad)) * unit;
  const double s = std::sin(static_cast<double>(square.roll_rad)) * unit;
  const auto x = static_cast<double>(in_source.x - square.centre.x);
  const auto y = static_cast<double>(in_source.y - square.centre.y);
  return {static_cast<float>(c * x + s * y + crop_side_px / 2.0),
          static_cast<float>(c * y - s * x + crop_side_px / 2.0)};
}

Image cut(const ImageView& image, double scale, const CropSquare& square, int crop_side_px,
          CropOutside outside) {
  MIEN_CHECK(!image.empty() && scale > 0, "a crop needs a picture");
  MIEN_CHECK(is_usable(square), "the square cannot be cut");
  MIEN_CHECK(crop_side_px >= 1 && crop_side_px <= kMostCrop_px, "crop side out of range");
  use_one_thread();
  Affine map = crop_to_image(square, scale, crop_side_px);
  const double shrink = std::hypot(map.ax, map.ay);
  const int block = std::max(1, static_cast<int>(std::min(shrink, 65536.0)));
  const cv::Rect part = touched(map, crop_side_px, block + 1, image);
  cv::Mat pixels = as_mat(image)(part);
  double x_unit = 1;
  double y_unit = 1;
  cv::Mat small;
  if (block > 1) {
    cv::resize(pixels, small, {std::max(1, part.width / block), std::max(1, part.height / block)},
               0, 0, cv::INTER_AREA);
    x_unit = static_cast<double>(part.width) / small.cols;
    y_unit = static_cast<double>(part.height) / small.rows;
    pixels = small;
  }
  // warpAffine counts from pixel centres: shift by half a pixel on both sides.
  const std::array<double, 6> matrix = {
      map.ax / x_unit, map.bx / x_unit, (map.tx + 0.5 * (map.ax + map.bx) - part.x) / x_unit - 0.5,
      map.ay / y_unit, map.by / y_unit, (map.ty + 0.5 * (map.ay + map.by) - part.y) / y_unit - 0.5};
  Image crop(crop_side_px, crop_side_px);
  cv::Mat out(crop_side_px, crop_side_px, CV_8UC3, crop.data(), crop.stride_bytes());
  // A part cut out of the middle of the picture ends beyond what the crop reads, so its own border
  // is only seen where the picture ends.
  const double level = outside == CropOutside::kGrey ? 127.5 : 0;
  cv::warpAffine(pixels, out, cv::Mat(2, 3, CV_64F, const_cast<double*>(matrix.data())),  // NOLINT
                 out.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_CONSTANT,
                 cv::Scalar::all(level));
  return crop;
}

void write_scaled(const ImageView& image, const Scaling& scaling, std::span<float> out) {
  MIEN_CHECK(out.size() == static_cast<std::size_t>(image.width_px) *
                               static_cast<std::size_t>(image.height_px) * 3,
             "room for three values a pixel");
  // What is subtracted, channel after channel, over 16 pixels: no value of the inner loop depends
  // on its neighbours, so that the compiler makes vector code of it.
  constexpr std::size_t kRun = 48;
  std::array<float, kRun> subtract{};
  for (std::size_t i = 0; i < kRun; ++i) {
    if (i % 3 < scaling.subtract.size()) subtract[i] = scaling.subtract[i % 3];
  }
  const float multiply = scaling.multiply;
  const auto row_values = static_cast<std::size_t>(image.width_px) * 3;
  float* to = out.data();
  for (int y = 0; y < image.height_px; ++y, to += row_values) {
    const std::uint8_t* from = image.row(y);
    std::size_t i = 0;
    for (; i + kRun <= row_values; i += kRun) {
      for (std::size_t k = 0; k < kRun; ++k) {
        to[i + k] = (static_cast<float>(from[i + k]) - subtract[k]) * multiply;
      }
    }
    for (std::size_t k = 0; i < row_values; ++i, ++k) {
      to[i] = (static_cast<float>(from[i]) - subtract[k]) * multiply;
    }
  }
}

}  // namespace mien
