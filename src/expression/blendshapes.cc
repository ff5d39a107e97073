#include "expression/blendshapes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "face/landmarker.h"

namespace mien {
namespace {

constexpr float kMinPresence_prob = 0.5F;  // MediaPipe's default, min_face_presence_confidence

constexpr std::array<std::size_t, 146> kPoints = {
    0,   1,   4,   5,   6,   7,   8,   10,  13,  14,  17,  21,  33,  37,  39,  40,  46,  52,  53,
    54,  55,  58,  61,  63,  65,  66,  67,  70,  78,  80,  81,  82,  84,  87,  88,  91,  93,  95,
    103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157,
    158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249,
    251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310,
    311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375,
    377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409,
    415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477};

}  // namespace

Result<std::vector<std::filesystem::path>> bundle_manifests(
    const std::filesystem::path& model_folder, const std::string& wanted_by) {
  std::vector<std::filesystem::path> manifests;
  for (const char* id : {kIrisLandmarkModel, kBlendshapeModel}) {
    manifests.push_back(model_folder / (std::string(id) + ".json"));
    std::error_code ignored;
    if (std::filesystem::exists(manifests.back(), ignored)) continue;
    return Error{ErrorCode::kNotFound,
                 wanted_by + ": the network '" + id +
                     "' is not installed; remedy: mien models add FILE, with your copy of "
                     "MediaPipe's face_landmarker.task"};
  }
  return manifests;
}

std::vector<ColumnSpec> blendshape_columns(const Manifest& manifest) {
  std::vector<ColumnSpec> columns;
  for (const std::string& label : manifest.labels) {
    columns.push_back({manifest.channel + "_" + label, ColumnType::kDouble,
                       "Blendshape '" + label + "', 0 to 1, by the model " + manifest.id + " " +
                           manifest.version +
                           "; a movement, not a feeling. Only where the bundle is added " +
                           "(mien models add) and the channel asked for."});
  }
  return columns;
}

Blendshapes::Blendshapes(IrisLandmarker landmarker, Session session)
    : landmarker_(std::move(landmarker)),
      session_(std::move(session)),
      input_(kPoints.size() * 2) {}

Result<Blendshapes> Blendshapes::open(const ModelSet& models) {
  MIEN_TRY(landmarker, IrisLandmarker::open(models));
  MIEN_TRY(session, models.open_session(kBlendshapeModel));
  return Blendshapes(std::move(landmarker), std::move(session));
}

std::vector<float> Blendshapes::missing() const {
  return std::vector<float>(manifest().labels.size(), std::numeric_limits<float>::quiet_NaN());
}

Result<std::vector<float>> Blendshapes::score(const ImageView& image, double scale,
                                              const FaceObservation& face) {
  if (face.irises) return score(*face.irises);
  MIEN_TRY(landmarks, landmarker_.find(image, scale, mesh_square(face.landmarks)));
  return score(landmarks);
}

Result<std::vector<float>> Blendshapes::score(const IrisLandmarks& landmarks) {
  if (landmarks.presence_prob < kMinPresence_prob) return missing();
  const StageClock::Call call(clock_);
  for (std::size_t i = 0; i < kPoints.size(); ++i) {
    input_[2 * i] = landmarks.points[kPoints[i]].x;
    input_[2 * i + 1] = landmarks.points[kPoints[i]].y;
  }
  MIEN_TRY(out, session_.run_vectors({{1, static_cast<std::int64_t>(kPoints.size()), 2}, input_}));
  std::vector<float> scores = std::move(out.front().data);
  const bool finite = std::ranges::all_of(scores, [](float v) { return std::isfinite(v); });
  return finite ? scores : missing();
}

std::vector<StageTime> Blendshapes::stage_times() const {
  const StageClock& first = landmarker_.clock();
  return {{"iris_landmarks", first.calls, first.seconds},
          {"blendshape", clock_.calls, clock_.seconds}};
}

}  // namespace mien
