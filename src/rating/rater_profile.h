// What each rater does: how the own ratings lie beside the others' of the same clips, whether that
// changes with time, and whether the rater calls a clip the same when it comes again.
#pragma once

#include <cstddef>
#include <vector>

#include "rating/ratings.h"

namespace mien {

struct RaterProfile {
  std::size_t clips = 0;     // first judgements
  std::size_t compared = 0;  // values of clips that somebody else rated too
  std::vector<double> bias;  // of each label: mean of (own - mean of the others); NaN: not compared
  double agreement = 0;      // correlation of own values with the others' means, labels together
  double drift = 0;          // change of |own - mean of the others| per 100 judgements
  double drift_se = 0;       // of the least-squares slope
  std::size_t repeats = 0;   // values of clips judged a second time
  double consistency = 0;    // share of them that are equal
  double repeat_difference = 0;  // mean absolute difference between first and second
};

// One a rater of `ratings`; `labels` are its first judgements. NaN: too few values.
std::vector<RaterProfile> rater_profiles(const Ratings& ratings,
                                         const std::vector<LabelRatings>& labels);

}  // namespace mien
