#include "pipeline/rate/clip_faces.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "face/shot_cut.h"

namespace mien {

namespace {

constexpr float kSameFace = 0.3F;       // intersection over union, as in face_masker.cc
constexpr float kNearMean = 0.1F;       // of the track's mean box, from which a face may move away
constexpr float kMostCovered = 0.15F;   // of the smaller of two faces
constexpr float kDoubtful_prob = 0.8F;  // such groups had 0.60 to 0.63, faces in them 0.8 to 0.95
constexpr float kMuchLarger = 4;
constexpr std::size_t kMostTrimmed = 2;
constexpr float kSamePlace = 0.1F;  // another face in two looks, a sixth of a second apart

float between(float a, float b, float share) {
  return a + share * (b - a);
}

Box between(const Box& a, const Box& b, float share) {
  return {between(a.x_px, b.x_px, share), between(a.y_px, b.y_px, share),
          between(a.width_px, b.width_px, share), between(a.height_px, b.height_px, share)};
}

float share_of(std::int64_t from, std::int64_t to, std::int64_t at) {
  if (to <= from) return 0;
  return std::clamp(static_cast<float>(at - from) / static_cast<float>(to - from), 0.0F, 1.0F);
}

Box expected_at(std::span<const TimedBox> known, std::int64_t pts_us) {
  const auto after = std::ranges::lower_bound(known, pts_us, {}, &TimedBox::first);
  if (after == known.begin()) return known.front().second;
  if (after == known.end()) return known.back().second;
  const TimedBox& before = *(after - 1);
  return between(before.second, after->second, share_of(before.first, after->first, pts_us));
}

std::optional<std::size_t> best_of(const ClipLook& look, const Box& expected, float least) {
  std::optional<std::size_t> best;
  float best_overlap = least;
  for (std::size_t i = 0; i < look.faces.size(); ++i) {
    const float overlap = intersection_over_union(look.faces[i].box, expected);
    if (overlap < best_overlap) continue;
    best_overlap = overlap;
    best = i;
  }
  return best;
}

bool holds(const Box& box, Point2 point) {
  return point.x >= box.x_px && point.x < box.right_px() && point.y >= box.y_px &&
         point.y < box.bottom_px();
}

// Two looks of the detector at one face: each box has the other's centre.
bool is_same(const Box& a, const Box& b) {
  return holds(a, b.centre()) && holds(b, a.centre());
}

// Groups of people look a little like one large face to the detector. Nobody's face lies whole
// within that of another, so a doubtful one around the followed face is none.
bool is_around(const Box& own, const FaceDetection& other) {
  return other.score_prob < kDoubtful_prob &&
         other.box.area_px2() >= kMuchLarger * own.area_px2() && own.x_px >= other.box.x_px &&
         own.right_px() <= other.box.right_px() && own.y_px >= other.box.y_px &&
         own.bottom_px() <= other.box.bottom_px();
}

float covered(const Box& a, const Box& b) {
  const float w = std::min(a.right_px(), b.right_px()) - std::max(a.x_px, b.x_px);
  const float h = std::min(a.bottom_px(), b.bottom_px()) - std::max(a.y_px, b.y_px);
  const float least = std::min(a.area_px2(), b.area_px2());
  return w > 0 && h > 0 && least > 0 ? w * h / least : 0;
}

Box hull(const Box& a, const Box& b) {
  const float x = std::min(a.x_px, b.x_px);
  const float y = std::min(a.y_px, b.y_px);
  return {x, y, std::max(a.right_px(), b.right_px()) - x,
          std::max(a.bottom_px(), b.bottom_px()) - y};
}

Region hull(const Region& a, const Region& b) {
  const int x = std::min(a.x_px, b.x_px);
  const int y = std::min(a.y_px, b.y_px);
  return {x, y, std::max(a.x_px + a.width_px, b.x_px + b.width_px) - x,
          std::max(a.y_px + a.height_px, b.y_px + b.height_px) - y};
}

std::vector<OtherHead> in_both(const std::vector<OtherHead>& before,
                               const std::vector<OtherHead>& after) {
  std::vector<OtherHead> all = before;
  for (const OtherHead& later : after) {
    bool is_known = false;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (intersection_over_union(before[i].box, later.box) < kSamePlace) continue;
      all[i] = {hull(all[i].box, later.box), hull(all[i].region, later.region)};
      is_known = true;
    }
    if (!is_known) all.push_back(later);
  }
  return all;
}

FaceDetection between(const FaceDetection& a, const FaceDetection& b, float share) {
  FaceDetection mixed = share < 0.5F ? a : b;
  mixed.box = between(a.box, b.box, share);
  for (std::size_t i = 0; i < mixed.keypoints.size(); ++i) {
    mixed.keypoints[i] = {between(a.keypoints[i].x, b.keypoints[i].x, share),
                          between(a.keypoints[i].y, b.keypoints[i].y, share)};
  }
  return mixed;
}

}  // namespace

std::pair<std::size_t, std::size_t> within_shot(std::span<const std::vector<float>> signatures) {
  std::size_t first = 0;
  std::size_t last = signatures.size();
  for (std::size_t i = 0; i < kMostTrimmed; ++i) {
    // One cut in the two looks before the end, or after the beginning.
    if (last >= 2 + i && is_cut(signatures[last - 2 - i], signatures[last - 1 - i])) {
      last -= 1 + i;
      break;
    }
  }
  for (std::size_t i = 0; i < kMostTrimmed; ++i) {
    if (first + 1 + i < last && is_cut(signatures[first + i], signatures[first + 1 + i])) {
      first += 1 + i;
      break;
    }
  }
  return {first, last};
}

ClipFaces ClipFaces::follow(std::span<const ClipLook> looks, std::span<const TimedBox> known) {
  MIEN_CHECK(!looks.empty() && !known.empty(), "a clip has looks and a face that is known");
  ClipFaces faces;
  std::vector<std::optional<FaceDetection>> seen;
  std::optional<Box> last;
  for (const ClipLook& look : looks) {
    const bool is_followed = known.size() == 1 && last.has_value();
    const Box expected = is_followed ? *last : expected_at(known, look.pts_us);
    const auto best =
        best_of(look, expected, known.size() == 1 && !is_followed ? kNearMean : kSameFace);
    seen.emplace_back();
    if (best.has_value()) {
      seen.back() = look.faces[*best];
      last = look.faces[*best].box;
    }
    faces.times_.push_back(look.pts_us);
  }
  const auto found = static_cast<std::size_t>(
      std::ranges::count_if(seen, [](const auto& face) { return face.has_value(); }));
  if (3 * found < 2 * looks.size() || found == 0) {
    faces.refusal_ = "face_lost";
    return faces;
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    std::size_t before = i;
    while (before > 0 && !seen[before].has_value()) --before;
    std::size_t after = i;
    while (after + 1 < seen.size() && !seen[after].has_value()) ++after;
    if (!seen[before].has_value()) before = after;
    if (!seen[after].has_value()) after = before;
    faces.followed_.push_back(
        between(*seen[before], *seen[after],
                share_of(looks[before].pts_us, looks[after].pts_us, looks[i].pts_us)));
  }
  std::vector<std::vector<OtherHead>> others(looks.size());
  for (std::size_t i = 0; i < looks.size(); ++i) {
    const Box& own = faces.followed_[i].box;
    for (std::size_t k = 0; k < looks[i].faces.size(); ++k) {
      const Box& box = looks[i].faces[k].box;
      if (is_same(own, box) || is_around(own, looks[i].faces[k])) continue;
      if (covered(own, box) > kMostCovered) faces.refusal_ = "face_covered";
      others[i].push_back({box, looks[i].regions[k]});
    }
  }
  for (std::size_t i = 0; i + 1 < others.size(); ++i) {
    faces.intervals_.push_back(in_both(others[i], others[i + 1]));
  }
  faces.intervals_.push_back(others.back());
  return faces;
}

FaceDetection ClipFaces::followed_at(std::int64_t pts_us) const {
  const auto after = std::ranges::lower_bound(times_, pts_us);
  if (after == times_.begin()) return followed_.front();
  if (after == times_.end()) return followed_.back();
  const auto i = static_cast<std::size_t>(after - times_.begin());
  return between(followed_[i - 1], followed_[i], share_of(times_[i - 1], times_[i], pts_us));
}

const std::vector<OtherHead>& ClipFaces::others_at(std::int64_t pts_us) const {
  const auto after = std::ranges::upper_bound(times_, pts_us);
  const auto i = static_cast<std::size_t>(after - times_.begin());
  return intervals_[i == 0 ? 0 : i - 1];
}

Box ClipFaces::bounds() const {
  Box all = head_oval(followed_.front()).bounds();
  for (const FaceDetection& face : followed_) {
    all = hull(all, hull(face.box, head_oval(face).bounds()));
  }
  return all;
}

}  // namespace mien
