#include "face/descriptor_rule.h"

#include <algorithm>
#include <utility>

namespace mien {
namespace {

constexpr float kSameFace = 0.3F;  // SORT's least overlap (Bewley et al. 2016)
constexpr float kGrow = 0.1F;
constexpr std::int64_t kRemember_us = 2'000'000;

bool touch(const Box& a, const Box& b) {
  return intersection_over_union(a, b) > 0;
}

}  // namespace

std::vector<bool> DescriptorRule::wanted(std::span<const FaceObservation> faces,
                                         std::int64_t pts_us) {
  std::vector<Box> now;
  std::vector<Box> grown;
  for (const FaceObservation& face : faces) {
    const Box& box = face.detection.box;
    now.push_back(box);
    grown.push_back({box.x_px - kGrow * box.width_px, box.y_px - kGrow * box.height_px,
                     (1 + 2 * kGrow) * box.width_px, (1 + 2 * kGrow) * box.height_px});
  }
  std::erase_if(meetings_, [&](const Meeting& m) { return pts_us - m.at_us > kRemember_us; });
  const std::size_t earlier = meetings_.size();
  std::vector<bool> wanted(faces.size());
  for (std::size_t i = 0; i < faces.size(); ++i) {
    bool meets = false;
    for (std::size_t j = 0; j < faces.size(); ++j) meets |= i != j && touch(grown[i], grown[j]);
    if (meets) meetings_.push_back({grown[i], pts_us});
    const auto met =
        std::any_of(meetings_.begin(), meetings_.begin() + static_cast<std::ptrdiff_t>(earlier),
                    [&](const Meeting& m) { return touch(grown[i], m.box); });
    const bool known = std::any_of(before_.begin(), before_.end(), [&](const Box& box) {
      return intersection_over_union(box, now[i]) >= kSameFace;
    });
    wanted[i] = meets || met || !known;
  }
  before_ = std::move(now);
  return wanted;
}

void DescriptorRule::forget() {
  before_.clear();
  meetings_.clear();
}

}  // namespace mien
