#include "face/carried_face.h"

#include <cmath>

namespace mien {
namespace {

// to = from turned and scaled by (a, b) as complex number, then shifted.
struct Similarity {
  double a = 1;
  double b = 0;
  double from_x = 0;
  double from_y = 0;
  double to_x = 0;
  double to_y = 0;

  Point2 operator()(const Point2& p) const {
    const double x = static_cast<double>(p.x) - from_x;
    const double y = static_cast<double>(p.y) - from_y;
    return {static_cast<float>(a * x - b * y + to_x), static_cast<float>(b * x + a * y + to_y)};
  }
};

Similarity fit(const Landmarks& from, const Landmarks& to) {
  Similarity fit;
  for (int i = 0; i < kLandmarkCount; ++i) {
    const auto k = static_cast<std::size_t>(i);
    fit.from_x += static_cast<double>(from.points[k].x) / kLandmarkCount;
    fit.from_y += static_cast<double>(from.points[k].y) / kLandmarkCount;
    fit.to_x += static_cast<double>(to.points[k].x) / kLandmarkCount;
    fit.to_y += static_cast<double>(to.points[k].y) / kLandmarkCount;
  }
  double along = 0;
  double across = 0;
  double size = 0;
  for (int i = 0; i < kLandmarkCount; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const double x = static_cast<double>(from.points[k].x) - fit.from_x;
    const double y = static_cast<double>(from.points[k].y) - fit.from_y;
    const double u = static_cast<double>(to.points[k].x) - fit.to_x;
    const double v = static_cast<double>(to.points[k].y) - fit.to_y;
    along += x * u + y * v;
    across += x * v - y * u;
    size += x * x + y * y;
  }
  if (size > 0) {
    fit.a = along / size;
    fit.b = across / size;
  }
  return fit;
}

}  // namespace

FaceDetection CarriedFace::now() const {
  if (detected || !has_landmarks) return at_detection;
  const Similarity move = fit(landmarks_at_detection, landmarks);
  const auto scale = static_cast<float>(std::hypot(move.a, move.b));
  FaceDetection moved = at_detection;
  const Point2 centre = move(at_detection.box.centre());
  moved.box.width_px *= scale;
  moved.box.height_px *= scale;
  moved.box.x_px = centre.x - moved.box.width_px / 2;
  moved.box.y_px = centre.y - moved.box.height_px / 2;
  for (Point2& keypoint : moved.keypoints) keypoint = move(keypoint);
  return moved;
}

}  // namespace mien
