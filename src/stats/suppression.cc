#include "stats/suppression.h"

#include <map>

#include "base/check.h"

namespace mien {

namespace {

Suppression alone(const CellCount& count, std::int64_t minimum) {
  if (count.videos == 0) return Suppression::kShown;
  if (count.videos < minimum) return Suppression::kTooFewVideos;
  if (count.uploaders < minimum) return Suppression::kTooFewUploaders;
  const std::int64_t others = count.of_videos - count.videos;
  return others > 0 && others < minimum ? Suppression::kTooFewVideos : Suppression::kShown;
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
    for (const std::size_t g : members) {
      if (result[g] == Suppression::kShown) continue;
      ++held;
      videos += counts[g].videos;
    }
    while (held > 0 && (held < 2 || videos < minimum)) {
      std::size_t smallest = counts.size();
      for (const std::size_t g : members) {
        if (result[g] != Suppression::kShown || counts[g].videos == 0) continue;
        if (smallest == counts.size() || counts[g].videos < counts[smallest].videos) smallest = g;
      }
      if (smallest == counts.size()) break;
      result[smallest] = Suppression::kComplement;
      ++held;
      videos += counts[smallest].videos;
    }
  }
  return result;
}

}  // namespace mien
