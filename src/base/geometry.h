// Points and boxes in source pixels: x to the right, y down, origin at the outer corner of the
// top-left pixel, after the display rotation of the video.
#pragma once

#include <algorithm>

namespace mien {

struct Point2 {
  float x = 0;
  float y = 0;
};

struct Point3 {
  float x = 0;
  float y = 0;
  float z = 0;
};

struct Box {
  float x_px = 0;
  float y_px = 0;
  float width_px = 0;
  float height_px = 0;

  float right_px() const { return x_px + width_px; }
  float bottom_px() const { return y_px + height_px; }
  float area_px2() const { return std::max(0.0F, width_px) * std::max(0.0F, height_px); }
  Point2 centre() const { return {x_px + width_px / 2, y_px + height_px / 2}; }
};

// Intersection over union, in [0, 1]; 0 where either box is empty.
inline float intersection_over_union(const Box& a, const Box& b) {
  const float w = std::min(a.right_px(), b.right_px()) - std::max(a.x_px, b.x_px);
  const float h = std::min(a.bottom_px(), b.bottom_px()) - std::max(a.y_px, b.y_px);
  if (w <= 0 || h <= 0) return 0;
  const float both = w * h;
  const float either = a.area_px2() + b.area_px2() - both;
  return either > 0 ? both / either : 0;
}

}  // namespace mien
