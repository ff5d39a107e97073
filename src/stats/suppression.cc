#include "stats/suppression.h"

#include <algorithm>
#include <map>

#include "base/check.h"

namespace mien {

namespace {

Suppression alone(const CellCount& count, std::int64_t minimum) {
  if (count.videos == 0) return Suppression::kShown;
  if (count.videos < minimum) return Suppression::kTooFewVideos;
  if (count.uploaders < minimum) return Suppression::kTooFewUploaders;
  const std::int64_t others = count.of_videos - count.videos;
  if (others > 0 && others < minimum) return Suppression::kTooFewVideos;
  if (others > 0 && count.others_uploaders < minimum) return Suppression::kTooFewUploaders;
  return Suppression::kShown;
}

}  // namespace

std::vector<Suppression> suppressed_cells(std::span<const CellCount> counts,
                                          std::span<const std::string> family,
                                          std::int64_t minimum) {
  MIEN_CHECK(counts.size() == family.size(), "a family for every group");
  std::vector<Suppression> result(counts.size(), Suppression::kShown);
  if (minimum <= 1) return result;
  std::map<std::string, std::vector<std::size_t>> families;
  for (std::size_t g = 0; g < counts.size(); ++g) {
    result[g] = alone(counts[g], minimum);
    families[family[g]].push_back(g);
  }
  for (const auto& [name, members] : families) {
    std::size_t held = 0;
    std::int64_t videos = 0;
    std::int64_t uploaders = 0;
    const auto hold = [&](std::size_t g) {
      ++held;
      videos += counts[g].videos;
      uploaders = std::max(uploaders, counts[g].uploaders);
    };
    for (const std::size_t g : members) {
      if (result[g] != Suppression::kShown) hold(g);
    }
    while (held > 0 && (held < 2 || videos < minimum || uploaders < minimum)) {
      std::size_t smallest = counts.size();
      for (const std::size_t g : members) {
        if (result[g] != Suppression::kShown || counts[g].videos == 0) continue;
        if (smallest == counts.size() || counts[g].videos < counts[smallest].videos) smallest = g;
      }
      if (smallest == counts.size()) break;
      result[smallest] = Suppression::kComplement;
      hold(smallest);
    }
  }
  return result;
}

std::vector<bool> suppressed_groups(std::span<const CellCount> sizes,
                                    std::span<const std::string> family, std::int64_t minimum) {
  std::vector<CellCount> whole(sizes.begin(), sizes.end());
  for (CellCount& size : whole) size.of_videos = size.videos;  // nobody is outside
  std::vector<bool> held;
  for (const Suppression one : suppressed_cells(whole, family, minimum)) {
    held.push_back(one != Suppression::kShown);
  }
  return held;
}

std::int64_t rounded_count(std::int64_t videos) {
  return (videos + kRoundedTo / 2) / kRoundedTo * kRoundedTo;
}

std::optional<std::int64_t> told_count(std::int64_t videos, std::int64_t uploaders,
                                       std::int64_t minimum) {
  if (minimum <= 1 || videos == 0) return videos;
  if (videos < minimum || uploaders < minimum) return std::nullopt;
  return rounded_count(videos);
}

}  // namespace mien
