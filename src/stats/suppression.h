// Which cells of a table of counts may be shown.
//
// A count is held back where fewer videos, or fewer distinct uploaders, than the minimum stand
// behind it, or where all but fewer than that many videos have the context, since the others would
// then show. Counts that would give a held-back one as total minus the rest are held back too, the
// smallest first, until at least two counts of the family are and together reach the minimum
// (complementary suppression; Willenborg and de Waal 2001, "Elements of statistical disclosure
// control", chapter 6). A zero is shown.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mien {

struct CellCount {
  std::int64_t videos = 0;     // with the context
  std::int64_t uploaders = 0;  // distinct, of those
  std::int64_t of_videos = 0;  // in the group
};

enum class Suppression { kShown, kTooFewVideos, kTooFewUploaders, kComplement };

// Of one context: `counts` over the groups; `family` names what each group adds up to (countries to
// their region, regions to the world). minimum <= 1 shows everything.
std::vector<Suppression> suppressed_cells(std::span<const CellCount> counts,
                                          std::span<const std::string> family,
                                          std::int64_t minimum);

}  // namespace mien
