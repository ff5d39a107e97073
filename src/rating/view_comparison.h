// Whether raters call the same moments the same in two views: the face alone, and the scene around
// it. What the scene adds to a label is what a network would learn of situations, not of faces.
//
// Over moments that were rated in both views (a pair of clips): the mean rating in each, the
// difference scene - face, and the correlation over moments of the two clips' means, also over the
// square root of the product of both views' reliabilities (Spearman 1904). Intervals: percentiles
// of studies drawn with replacement, moments and raters each for themselves (Owen 2007), as for all
// measures of reliability.h. First judgements only. Raters are not divided by view: some may have
// seen a moment in both.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rating/ratings.h"
#include "rating/reliability.h"

namespace mien {

struct ClipView {
  std::string pair;  // shared by the clips of one moment
  bool is_scene = false;
};
// Of a clip; nullopt: not told, the clip does not count here.
using ViewOfClip = std::function<std::optional<ClipView>(std::string_view clip)>;

struct ViewComparison {
  std::string label;
  std::size_t pairs = 0;         // rated in both views
  Measure face, scene;           // means; in choice data proportions
  Measure difference;            // scene - face
  Measure r;                     // reason: "too_few_pairs" (below 3), "no_variation"
  double corrected = 0;          // may pass 1; NaN with a reason
  std::string corrected_reason;  // that of r, or "reliability_too_low"
};

// One a label; none where no moment was rated in both views. Cost: options.replicates (0: 1000)
// times all ratings of paired clips.
std::vector<ViewComparison> compare_views(const Ratings& ratings, const ViewOfClip& view_of,
                                          const ReliabilityOptions& options);

}  // namespace mien
