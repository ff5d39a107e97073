#include "face/descriptor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "face/landmarker.h"

namespace mien {
namespace {

constexpr float kAroundBox = 1.4F;  // Human's preparation of the same network

double sum_of_squares(const std::vector<float>& values) {
  double sum = 0;
  for (const float v : values) sum += static_cast<double>(v) * static_cast<double>(v);
  return sum;
}

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
  if (image.empty() || !is_usable(square)) return std::vector<float>();
  const StageClock::Call call(clock_);
  MIEN_TRY(descriptor, read_crop(cut(image, scale, square, side_px_, CropOutside::kBlack).view()));
  const auto norm = static_cast<float>(std::sqrt(sum_of_squares(descriptor)));
  for (float& v : descriptor) v /= norm;
  return descriptor;
}

Result<std::vector<float>> Descriptor::read_crop(const ImageView& crop) {
  MIEN_CHECK(crop.width_px == side_px_ && crop.height_px == side_px_, "a crop of the model's size");
  write_scaled(crop, session_.manifest().scaling, input_);
  MIEN_TRY(out, session_.run({{1, side_px_, side_px_, 3}, input_}));
  const double squares = sum_of_squares(out[0].data);
  if (!std::isfinite(squares) || squares <= 0) return std::vector<float>();
  return std::move(out[0].data);
}

}  // namespace mien
