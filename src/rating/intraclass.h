// Intraclass correlations of a complete block: every clip rated by every rater.
//
// The six forms of Shrout and Fleiss (1979, "Intraclass correlations: uses in assessing rater
// reliability"), with the 95% intervals of McGraw and Wong (1996). Fewer than 2 clips or raters, or
// ratings that do not vary, give NaN.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rating/ratings.h"

namespace mien {

struct Interval {
  double estimate = 0, lower = 0, upper = 0;
};

struct CompleteBlock {
  std::size_t clips = 0, raters = 0;
  std::vector<double> value;  // clips x raters, row-major
};

// The clips that all raters rated where these are at least 2; else of the raters with most ratings
// as many as make the block of most ratings. Empty where no two raters share two clips that way.
CompleteBlock complete_block(const LabelRatings& ratings, std::size_t raters);

struct IntraclassCorrelations {
  // One rating, and the mean of the block's raters: raters differ from clip to clip (1); raters a
  // sample, agreement (2); these raters, consistency (3).
  Interval icc1, icc2, icc3, icc1k, icc2k, icc3k;
};

IntraclassCorrelations intraclass_correlations(const CompleteBlock& block);

}  // namespace mien
