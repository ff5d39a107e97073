#include "face/descriptor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "face/landmarker.h"

namespace mien {
namespace {

constexpr float kAroundBox = 1.4F;  // Human's preparation of the same network

}  // namespace

CropSquare descriptor_square(const FaceObservation& face) {
  const Box& box = face.detection.box;
  CropSquare square = {box.centre(), kAroundBox * std::max(box.width_px, box.height_px), 0};
  if (face.has_landmarks) square.roll_rad = mesh_square(face.landmarks).roll_rad;
  return square;
}

Descriptor::Descriptor(Session session, int side_px)
    : session_(std::move(session)),
      side_px_(side_px),
      input_(static_cast<std::size_t>(side_px) * static_cast<std::size_t>(side_px) * 3) {}

Result<Descriptor> Descriptor::open(const ModelSet& models) {
  MIEN_TRY(session, models.open_session("faceres"));
  const PictureShape shape = picture_shape(session.manifest());
  return Descriptor(std::move(session), static_cast<int>(shape.rows));
}

Result<std::vector<float>> Descriptor::describe(const ImageView& image, double scale,
                                                const FaceObservation& face) {
  const CropSquare square = descriptor_square(face);
  std::vector<float> descriptor;
  if (image.empty() || !is_usable(square)) return descriptor;
  const StageClock::Call call(clock_);
  const Image crop = cut(image, scale, square, side_px_, CropOutside::kBlack);
  write_scaled(crop.view(), session_.manifest().scaling, input_);
  MIEN_TRY(out, session_.run({{1, side_px_, side_px_, 3}, input_}));
  double squares = 0;
  for (const float v : out[0].data) squares += static_cast<double>(v) * static_cast<double>(v);
  if (!std::isfinite(squares) || squares <= 0) return descriptor;
  descriptor = std::move(out[0].data);
  const auto norm = static_cast<float>(std::sqrt(squares));
  for (float& v : descriptor) v /= norm;
  return descriptor;
}

}  // namespace mien
