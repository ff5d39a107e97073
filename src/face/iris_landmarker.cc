#include "face/iris_landmarker.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mien {

Landmarks without_irises(const IrisLandmarks& landmarks) {
  Landmarks mesh;
  std::copy_n(landmarks.points.begin(), mesh.points.size(), mesh.points.begin());
  mesh.presence_prob = landmarks.presence_prob;
  return mesh;
}

IrisLandmarker::IrisLandmarker(Session session)
    : session_(std::move(session)),
      input_(static_cast<std::size_t>(kIrisMeshSide_px) * kIrisMeshSide_px * 3) {}

Result<IrisLandmarker> IrisLandmarker::open(const ModelSet& models) {
  MIEN_TRY(session, models.open_session(kIrisLandmarkModel));
  return IrisLandmarker(std::move(session));
}

Result<IrisLandmarks> IrisLandmarker::find(const ImageView& image, double scale,
                                           const CropSquare& square) {
  IrisLandmarks found;
  if (image.empty() || !is_usable(square)) return found;
  const StageClock::Call call(clock_);
  const Image crop = cut(image, scale, square, kIrisMeshSide_px, CropOutside::kBlack);
  write_scaled(crop.view(), session_.manifest().scaling, input_);
  MIEN_TRY(out, session_.run({{1, kIrisMeshSide_px, kIrisMeshSide_px, 3}, input_}));
  const std::vector<float>& mesh = out[0].data;
  const bool finite = std::ranges::all_of(mesh, [](float v) { return std::isfinite(v); });
  if (!finite || !std::isfinite(out[1].data[0])) return found;
  for (std::size_t i = 0; i < found.points.size(); ++i) {
    found.points[i] =
        to_source(square, kIrisMeshSide_px, {mesh[3 * i], mesh[3 * i + 1], mesh[3 * i + 2]});
  }
  found.presence_prob = 1 / (1 + std::exp(-out[1].data[0]));
  return found;
}

}  // namespace mien
