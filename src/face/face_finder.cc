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
// A look that sees less than this ends the matter.
constexpr float kLeastNear_prob = 0.4F;
constexpr float kLeastFar_prob = 0.3F;

// Candidates are taken from this share of the least score: of 84 heads of 32 px it keeps 2 more
// than a half does.
constexpr float kCandidate = 0.4F;

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

// All evidence together, as a sum of log odds: above every one of the 1,038 candidates on face-free
// frames (the largest had 1.2).
constexpr float kLikely = 2.5F;
constexpr float kNearPresenceWeight = 0.5F;
constexpr float kPresenceWeight = 0.25F;
constexpr float kLeastOdds_prob = 1e-3F;

float log_odds(float prob) {
  const float p = std::clamp(prob, kLeastOdds_prob, 1 - kLeastOdds_prob);
  return std::log(p / (1 - p));
}

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

bool is_hopeless(const Evidence& first) {
  return first.presence_prob < kHopelessPresence_prob && first.score_prob < kWorthALook_prob;
}

bool is_clear(const Evidence& e, float least_score_prob) {
  return e.score_prob >= least_score_prob && e.presence_prob >= kClearPresence_prob &&
         e.disagreement <= kClearAgreement;
}

bool is_read_well(const Evidence& e, float least_score_prob) {
  return e.near_prob >= least_score_prob + kNearMargin_prob && e.far_prob >= least_score_prob &&
         e.near_presence_prob >= kSurePresence_prob && e.near_disagreement <= kAgreement;
}

bool is_likely(const Evidence& e) {
  return log_odds(e.score_prob) + log_odds(e.near_prob) + log_odds(e.far_prob) +
             kNearPresenceWeight * log_odds(e.near_presence_prob) +
             kPresenceWeight * log_odds(e.presence_prob) >=
         kLikely;
}

bool is_seen_from_the_side(const Evidence& e) {
  return e.score_prob >= kSideFirst_prob && e.near_prob >= kSideNear_prob &&
         e.far_prob >= kSideFar_prob;
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
  return detector_.candidates(image, scale, passes, options_.border,
                              kCandidate * options_.min_score_prob);
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

Result<FaceFinder::Looks> FaceFinder::look_at(const ImageView& image, double scale,
                                              const FaceDetection& candidate, Depth depth) {
  const bool stops = depth == Depth::kUntilDecided;
  const float least = options_.min_score_prob;
  Looks looks;
  Evidence& evidence = looks.evidence;
  MIEN_TRY(first, landmarker_.find(image, scale, mesh_square(candidate)));
  evidence.score_prob = candidate.score_prob;
  evidence.presence_prob = first.presence_prob;
  if (is_hopeless(evidence)) return looks;
  MIEN_TRY(landmarks, read_from(image, scale, first));
  evidence.presence_prob = landmarks.presence_prob;
  evidence.disagreement = disagreement(candidate, landmarks);
  if (stops && is_clear(evidence, least)) {
    looks.face = FoundFace{candidate, landmarks};
    return looks;
  }
  MIEN_TRY(near, detector_.look_again(image, scale, candidate, kNear, 0));
  if (near) evidence.near_prob = near->score_prob;
  if (!near || (stops && evidence.near_prob < kLeastNear_prob)) return looks;
  MIEN_TRY(far, detector_.look_again(image, scale, *near, kFar, mesh_square(*near).roll_rad));
  if (far) evidence.far_prob = far->score_prob;
  if (stops && evidence.far_prob < kLeastFar_prob) return looks;
  MIEN_TRY(better, read(image, scale, *near));
  evidence.near_presence_prob = better.presence_prob;
  evidence.near_disagreement = disagreement(*near, better);
  const bool is_face =
      is_read_well(evidence, least) || is_likely(evidence) || is_seen_from_the_side(evidence);
  if (is_face) looks.face = FoundFace{*near, better};
  return looks;
}

Result<std::optional<FoundFace>> FaceFinder::verify(const ImageView& image, double scale,
                                                    const FaceDetection& candidate) {
  MIEN_TRY(looks, look_at(image, scale, candidate, Depth::kUntilDecided));
  return std::move(looks.face);
}

Result<Evidence> FaceFinder::examine(const ImageView& image, double scale,
                                     const FaceDetection& candidate) {
  MIEN_TRY(looks, look_at(image, scale, candidate, Depth::kAll));
  return looks.evidence;
}

Result<std::optional<FaceDetection>> FaceFinder::find_again(const ImageView& image, double scale,
                                                            const FaceDetection& before) {
  MIEN_TRY(found, detector_.look_again(image, scale, before, kNear, 0));
  if (found && found->score_prob < options_.min_score_prob) found.reset();
  return found;
}

}  // namespace mien
