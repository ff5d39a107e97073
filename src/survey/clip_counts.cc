#include "survey/clip_counts.h"

#include "base/check.h"

namespace mien {

ClipCounts::ClipCounts(std::size_t clips, std::size_t target)
    : target_(target), count_(clips, 0), place_(clips, 0), never_(clips, false), bucket_(target) {
  for (std::uint32_t clip = 0; clip < clips; ++clip) put(clip);
}

void ClipCounts::never(std::uint32_t clip) {
  if (never_[clip]) return;
  take(clip);
  never_[clip] = true;
}

void ClipCounts::change(std::uint32_t clip, int by) {
  MIEN_CHECK(static_cast<std::int64_t>(count_[clip]) + by >= 0, "a clip has less than no ratings");
  take(clip);
  count_[clip] = static_cast<std::uint32_t>(static_cast<int>(count_[clip]) + by);
  put(clip);
}

std::optional<std::uint32_t> ClipCounts::fewest(const std::unordered_set<std::uint32_t>& seen,
                                                Random& random) const {
  for (const std::vector<std::uint32_t>& bucket : bucket_) {
    if (bucket.empty()) continue;
    const std::size_t start = random.below(bucket.size());
    for (std::size_t i = 0; i < bucket.size(); ++i) {
      const std::uint32_t clip = bucket[(start + i) % bucket.size()];
      if (!seen.contains(clip)) return clip;
    }
  }
  return std::nullopt;
}

void ClipCounts::put(std::uint32_t clip) {
  if (never_[clip] || count_[clip] >= target_) return;
  std::vector<std::uint32_t>& bucket = bucket_[count_[clip]];
  place_[clip] = static_cast<std::uint32_t>(bucket.size());
  bucket.push_back(clip);
}

void ClipCounts::take(std::uint32_t clip) {
  if (never_[clip] || count_[clip] >= target_) return;
  std::vector<std::uint32_t>& bucket = bucket_[count_[clip]];
  bucket[place_[clip]] = bucket.back();
  place_[bucket.back()] = place_[clip];
  bucket.pop_back();
}

}  // namespace mien
