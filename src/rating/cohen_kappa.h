// Agreement of two raters beyond chance (Cohen 1960), for every pair of raters with enough clips in
// common, from first judgements; values count as categories.
#pragma once

#include <cstddef>

#include "rating/ratings.h"

namespace mien {

constexpr std::size_t kFewestCommonClips = 10;       // of a pair; not asked where there is one pair
constexpr std::size_t kMostRatingPairs = 5'000'000;  // beyond, nothing is computed

struct CohenKappa {
  double mean = 0;        // over pairs of raters; NaN where there is none
  std::size_t pairs = 0;  // pairs of raters whose kappa is defined
  bool too_many = false;  // more than kMostRatingPairs pairs of ratings
};

CohenKappa cohen_kappa(const LabelRatings& ratings);

}  // namespace mien
