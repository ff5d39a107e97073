// Whether two groups of raters call the same clips the same: the correlation over clips of the
// groups' mean ratings of a label, and that correlation over the square root of the product of both
// groups' reliabilities (Spearman 1904), which takes out the raters' noise.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rating/ratings.h"

namespace mien {

constexpr double kLeastGroupReliability = 0.1;  // below, the corrected figure is null

struct GroupAgreement {
  std::size_t first = 0, second = 0;  // groups
  std::size_t label = 0;
  std::size_t clips = 0;  // rated by both
  double r = 0;           // NaN below 3 clips, or where a group's means do not vary
  double corrected = 0;   // may pass 1; NaN with a reason
  std::string reason;     // "reliability_too_low", "too_few_clips", "no_variation", or empty
};

// Every pair of groups and every label; `labels` are first judgements.
std::vector<GroupAgreement> group_agreements(const Ratings& ratings,
                                             const std::vector<LabelRatings>& labels);

}  // namespace mien
