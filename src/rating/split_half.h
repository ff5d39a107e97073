// Split-half reliability of the clips' mean ratings: each clip's ratings are dealt at random into
// two halves, whose means are correlated over clips; the correlation is averaged over splits and
// stepped up once, 2 r / (1 + r) (Spearman 1910; Brown 1910). Clips with at least 2 ratings; of an
// odd number one half has one more, so that the step up is a little too small.
//
// Intervals: 95%, delete-one-block jackknife over 20 blocks of clips and 20 of raters, whose
// variances add, on Fisher's scale. (Resampling with replacement would lower the reliability
// itself.)
#pragma once

#include <cstddef>
#include <vector>

#include "base/random.h"
#include "rating/intraclass.h"
#include "rating/ratings.h"

namespace mien {

// One a label; NaN where the halves' means do not vary. How a clip is dealt in a split depends on
// `random`, split and clip alone, so that labels of one design are dealt alike and threads change
// nothing.
std::vector<Interval> split_halves(const std::vector<LabelRatings>& labels, std::size_t clips,
                                   std::size_t raters, std::size_t splits, const Random& random,
                                   int threads);

}  // namespace mien
