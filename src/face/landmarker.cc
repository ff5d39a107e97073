#include "face/landmarker.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace mien {
namespace {

constexpr float kAround = 1.5F;  // MediaPipe's face_landmark graphs, both kinds of square
constexpr std::size_t kRightEyeOuter = 33;
constexpr std::size_t kLeftEyeOuter = 263;

float roll_between(const Point2& right_eye, const Point2& left_eye) {
  return std::atan2(left_eye.y - right_eye.y, left_eye.x - right_eye.x);
}

}  // namespace

CropSquare mesh_square(const FaceDetection& face) {
  return {face.box.centre(), kAround * std::max(face.box.width_px, face.box.height_px),
          roll_between(face.keypoints[0], face.keypoints[1])};
}

CropSquare mesh_square(const Landmarks& before) {
  const Point3& right = before.points[kRightEyeOuter];
  const Point3& left = before.points[kLeftEyeOuter];
  const float roll = roll_between({right.x, right.y}, {left.x, left.y});
  const float c = std::cos(roll);
  const float s = std::sin(roll);
  float x0 = std::numeric_limits<float>::infinity();
  float y0 = x0;
  float x1 = -x0;
  float y1 = -x0;
  for (const Point3& p : before.points) {
    const float x = c * p.x + s * p.y;
    const float y = c * p.y - s * p.x;
    x0 = std::min(x0, x);
    x1 = std::max(x1, x);
    y0 = std::min(y0, y);
    y1 = std::max(y1, y);
  }
  const float x = (x0 + x1) / 2;
  const float y = (y0 + y1) / 2;
  return {{c * x - s * y, s * x + c * y}, kAround * std::max(x1 - x0, y1 - y0), roll};
}

Landmarker::Landmarker(Session session)
    : session_(std::move(session)),
      input_(static_cast<std::size_t>(kMeshSide_px) * kMeshSide_px * 3) {}

Result<Landmarker> Landmarker::open(const ModelSet& models) {
  MIEN_TRY(session, models.open_session("facemesh"));
  return Landmarker(std::move(session));
}

Result<Landmarks> Landmarker::find(const ImageView& image, double scale, const CropSquare& square) {
  Landmarks found;
  if (image.empty() || !is_usable(square)) return found;
  const StageClock::Call call(clock_);
  const Image crop = cut(image, scale, square, kMeshSide_px, CropOutside::kBlack);
  write_scaled(crop.view(), session_.manifest().scaling, input_);
  MIEN_TRY(out, session_.run({{1, kMeshSide_px, kMeshSide_px, 3}, input_}));
  const std::vector<float>& mesh = out[0].data;
  const bool finite = std::ranges::all_of(mesh, [](float v) { return std::isfinite(v); });
  if (!finite || !std::isfinite(out[1].data[0])) return found;
  for (std::size_t i = 0; i < found.points.size(); ++i) {
    found.points[i] =
        to_source(square, kMeshSide_px, {mesh[3 * i], mesh[3 * i + 1], mesh[3 * i + 2]});
  }
  found.presence_prob = out[1].data[0];  // the network ends in a sigmoid
  return found;
}

}  // namespace mien
