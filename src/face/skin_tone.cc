#include "face/skin_tone.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace mien {
namespace {

// Below the eye, beside the nose, above the corner of the mouth: skin without beard or hair.
using Polygon = std::array<Point2, 6>;
constexpr std::array<int, 6> kRightCheek = {117, 118, 101, 36, 205, 187};
constexpr std::array<int, 6> kLeftCheek = {346, 347, 330, 266, 425, 411};

constexpr int kSamplesPerSide = 24;
constexpr std::size_t kFewestPixels = 16;
constexpr std::uint8_t kSaturated = 250;
constexpr float kTooDark = 10;
constexpr float kNoSkinHue = 1;

Polygon cheek(const Landmarks& landmarks, const std::array<int, 6>& points, double scale) {
  Polygon polygon;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point3& p = landmarks.points[static_cast<std::size_t>(points[i])];
    polygon[i] = {static_cast<float>(p.x / scale), static_cast<float>(p.y / scale)};
  }
  return polygon;
}

bool contains(const Polygon& polygon, float x, float y) {  // even-odd rule
  bool inside = false;
  for (std::size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const Point2& a = polygon[i];
    const Point2& b = polygon[j];
    if ((a.y > y) != (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

const std::array<double, 256>& linear_of_srgb() {
  static const std::array<double, 256> kTable = [] {
    std::array<double, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
      const double v = static_cast<double>(i) / 255;
      table[i] = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    }
    return table;
  }();
  return kTable;
}

struct LinearRgb {
  double red;
  double green;
  double blue;
};

LinearRgb linear_of(std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  const auto& linear = linear_of_srgb();
  return {linear[r], linear[g], linear[b]};
}

double root(double t) {
  constexpr double kEdge = 216.0 / 24389;
  return t > kEdge ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

// Roots of X, Y and Z over the white point of D65 (X 0.95047, Z 1.08883).
double x_root_of(const LinearRgb& c) {
  return root((0.4124564 * c.red + 0.3575761 * c.green + 0.1804375 * c.blue) / 0.95047);
}

double y_root_of(const LinearRgb& c) {
  return root(0.2126729 * c.red + 0.7151522 * c.green + 0.0721750 * c.blue);
}

double z_root_of(const LinearRgb& c) {
  return root((0.0193339 * c.red + 0.1191920 * c.green + 0.9503041 * c.blue) / 1.08883);
}

float lightness(double y_root) {
  return static_cast<float>(116 * y_root - 16);
}

float blue_to_yellow(double y_root, double z_root) {
  return static_cast<float>(200 * (y_root - z_root));
}

struct Pixels {
  std::size_t seen = 0;
  std::vector<float> l;  // of the usable ones
  std::vector<float> b;
};

void collect(const ImageView& image, const Polygon& polygon, Pixels& into) {
  float left = polygon[0].x;
  float right = left;
  float top = polygon[0].y;
  float bottom = top;
  for (const Point2& p : polygon) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) return;
    left = std::min(left, p.x);
    right = std::max(right, p.x);
    top = std::min(top, p.y);
    bottom = std::max(bottom, p.y);
  }
  left = std::max(left, 0.0F);
  top = std::max(top, 0.0F);
  right = std::min(right, static_cast<float>(image.width_px));
  bottom = std::min(bottom, static_cast<float>(image.height_px));
  if (right <= left || bottom <= top) return;
  const auto step_of = [](float extent) {
    return std::max(1, static_cast<int>(extent) / kSamplesPerSide);
  };
  const int step_x = step_of(right - left);
  const int step_y = step_of(bottom - top);
  for (int y = static_cast<int>(top); y < std::min(image.height_px, static_cast<int>(bottom) + 1);
       y += step_y) {
    const std::uint8_t* row = image.row(y);
    for (int x = static_cast<int>(left); x < std::min(image.width_px, static_cast<int>(right) + 1);
         x += step_x) {
      if (!contains(polygon, static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F)) continue;
      ++into.seen;
      const std::uint8_t* p = row + std::ptrdiff_t{3} * x;
      if (std::max({p[0], p[1], p[2]}) >= kSaturated) continue;
      const LinearRgb linear = linear_of(p[0], p[1], p[2]);
      const double y_root = y_root_of(linear);
      const float l = lightness(y_root);
      if (l < kTooDark) continue;
      into.l.push_back(l);
      into.b.push_back(blue_to_yellow(y_root, z_root_of(linear)));
    }
  }
}

float median(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Lab lab_of_srgb(std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  const LinearRgb linear = linear_of(r, g, b);
  const double y_root = y_root_of(linear);
  return {lightness(y_root), static_cast<float>(500 * (x_root_of(linear) - y_root)),
          blue_to_yellow(y_root, z_root_of(linear))};
}

float skin_tone_ita_deg(const ImageView& image, double scale, const Landmarks& landmarks) {
  Pixels pixels;
  collect(image, cheek(landmarks, kRightCheek, scale), pixels);
  collect(image, cheek(landmarks, kLeftCheek, scale), pixels);
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  if (pixels.l.size() < kFewestPixels || 2 * pixels.l.size() < pixels.seen) return kNan;
  const float l = median(std::move(pixels.l));
  const float b = median(std::move(pixels.b));
  if (b < kNoSkinHue) return kNan;
  return static_cast<float>(std::atan((l - 50) / b) * 180 / std::numbers::pi);
}

}  // namespace mien
