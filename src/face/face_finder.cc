#include "face/face_finder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <utility>

namespace mien {
namespace {

// Looks at one candidate: the box has a quarter and a sixth of the square, 64 and 43 of the
// network's pixels, in the middle of what it finds best.
constexpr float kNear = 4;
constexpr float kFar = 6;

// Candidates whose score and first landmarks both say no are not looked at again.
constexpr float kHopelessPresence_prob = 0.02F;
constexpr float kWorthALook_prob = 0.5F;

// With landmarks: two of 500 pictures composed of bare skin, hands, clothes and badges pass, 96% of
// the faces in candidates do.
constexpr float kNearMargin_prob = 0.1F;  // the near look is above the least score by this
constexpr float kSurePresence_prob = 0.9F;
constexpr float kAgreement = 0.1F;  // of the box's height

// A clear face needs no second look: none of the 500 pictures had one.
constexpr float kClearPresence_prob = 0.99F;
constexpr float kClearAgreement = 0.08F;

// From the side, without landmarks.
constexpr float kSideFirst_prob = 0.6F;
constexpr float kSideNear_prob = 0.82F;
constexpr float kSideFar_prob = 0.65F;

// Mean distance of the detector's eyes, nose and mouth from the landmarks', in box heights.
float disagreement(const FaceDetection& face, const Landmarks& landmarks) {
  const auto mean = [&](std::initializer_list<std::size_t> indices) {
    Point2 sum;
    for (const std::size_t i : indices) {
      sum.x += landmarks.points[i].x / static_cast<float>(indices.size());
      sum.y += landmarks.points[i].y / static_cast<float>(indices.size());
    }
    return sum;
  };
  const std::array<Point2, 4> places = {mean({33, 133}), mean({362, 263}), mean({1}),
                                        mean({13, 14})};
  float sum = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    sum += std::hypot(places[i].x - face.keypoints[i].x, places[i].y - face.keypoints[i].y);
  }
  return sum / static_cast<float>(places.size()) / face.box.height_px;
}

}  // namespace

FaceFinder::FaceFinder(Detector detector, Landmarker landmarker, const FinderOptions& options)
    : detector_(std::move(detector)), landmarker_(std::move(landmarker)), options_(options) {}

Result<FaceFinder> FaceFinder::open(const ModelSet& models, const FinderOptions& options) {
  MIEN_TRY(detector, Detector::open(models));
  MIEN_TRY(landmarker, Landmarker::open(models));
  return FaceFinder(std::move(detector), std::move(landmarker), options);
}

Result<std::vector<FaceDetection>> FaceFinder::candidates(const ImageView& image, double scale,
                                                          Passes passes) {
  if (image.empty()) return std::vector<FaceDetection>();
  return detector_.candidates(image, scale, passes, options_.border, options_.min_score_prob / 2);
}

Result<Landmarks> FaceFinder::follow(const ImageView& image, double scale,
                                     const Landmarks& before) {
  return landmarker_.find(image, scale, mesh_square(before));
}

Result<Landmarks> FaceFinder::read(const ImageView& image, double scale,
                                   const FaceDetection& face) {
  MIEN_TRY(first, landmarker_.find(image, scale, mesh_square(face)));
  return read_from(image, scale, first);
}

Result<Landmarks> FaceFinder::read_from(const ImageView& image, double scale,
                                        const Landmarks& first) {
  MIEN_TRY(second, landmarker_.find(image, scale, mesh_square(first)));
  second.presence_prob = std::min(first.presence_prob, second.presence_prob);
  return second;
}

Result<std::optional<FoundFace>> FaceFinder::verify(const ImageView& image, double scale,
                                                    const FaceDetection& candidate) {
  const std::optional<FoundFace> no;
  MIEN_TRY(first, landmarker_.find(image, scale, mesh_square(candidate)));
  if (first.presence_prob < kHopelessPresence_prob && candidate.score_prob < kWorthALook_prob) {
    return no;
  }
  MIEN_TRY(landmarks, read_from(image, scale, first));
  if (candidate.score_prob >= options_.min_score_prob &&
      landmarks.presence_prob >= kClearPresence_prob &&
      disagreement(candidate, landmarks) <= kClearAgreement) {
    return std::optional(FoundFace{candidate, landmarks});
  }
  MIEN_TRY(near, detector_.look_again(image, scale, candidate, kNear, 0));
  if (!near || near->score_prob < options_.min_score_prob) return no;
  const float level = mesh_square(*near).roll_rad;
  MIEN_TRY(far, detector_.look_again(image, scale, *near, kFar, level));
  if (!far || far->score_prob < options_.min_score_prob) return no;

  MIEN_TRY(better, read(image, scale, *near));
  const bool read_well = near->score_prob >= options_.min_score_prob + kNearMargin_prob &&
                         better.presence_prob >= kSurePresence_prob &&
                         disagreement(*near, better) <= kAgreement;
  const bool from_the_side = candidate.score_prob >= kSideFirst_prob &&
                             near->score_prob >= kSideNear_prob && far->score_prob >= kSideFar_prob;
  if (!read_well && !from_the_side) return no;
  return std::optional(FoundFace{*near, better});
}

Result<std::optional<FaceDetection>> FaceFinder::find_again(const ImageView& image, double scale,
                                                            const FaceDetection& before) {
  MIEN_TRY(found, detector_.look_again(image, scale, before, kNear, 0));
  if (found && found->score_prob < options_.min_score_prob) found.reset();
  return found;
}

}  // namespace mien
