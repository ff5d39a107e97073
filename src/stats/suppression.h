// Which cells of a table of counts may be shown.
//
// A count is held back where fewer videos, or fewer distinct uploaders, than the minimum stand
// behind it, or behind the videos of the group that lack the context, since the others would then
// show. Counts that would give a held-back one as total minus the rest are held back too, the
// smallest first, until at least two counts of the family are and together reach the minimum of
// videos and of uploaders (complementary suppression; Willenborg and de Waal 2001, "Elements of
// statistical disclosure control", chapter 6). One uploader may be in several groups: together they
// have at least as many as the one that has most, and that is what counts. A zero is shown.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mien {

// Where nobody asked for another minimum.
inline constexpr std::int64_t kLeastCount = 10;

struct CellCount {
  std::int64_t videos = 0;            // with the context
  std::int64_t uploaders = 0;         // distinct, of those
  std::int64_t of_videos = 0;         // in the group
  std::int64_t others_uploaders = 0;  // at least so many distinct ones lack it in some video
};

enum class Suppression { kShown, kTooFewVideos, kTooFewUploaders, kComplement };

// Of one context: `counts` over the groups; `family` names what each group adds up to (countries to
// their region, regions to the world). minimum <= 1 shows everything.
std::vector<Suppression> suppressed_cells(std::span<const CellCount> counts,
                                          std::span<const std::string> family,
                                          std::int64_t minimum);

// The same of whole groups, by their videos and uploaders; true: the group's size is held back.
std::vector<bool> suppressed_groups(std::span<const CellCount> sizes,
                                    std::span<const std::string> family, std::int64_t minimum);

inline constexpr std::int64_t kRoundedTo = 10;

// A count of something larger than a group, told only roughly, so that it gives no group away when
// others are taken from it: to the nearest ten.
std::int64_t rounded_count(std::int64_t videos);

// A count beside a total that others know: 0 as it is, none where too few videos or uploaders stand
// behind it, else rounded_count(). minimum <= 1 tells it as it is.
std::optional<std::int64_t> told_count(std::int64_t videos, std::int64_t uploaders,
                                       std::int64_t minimum);

}  // namespace mien
