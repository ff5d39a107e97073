// Dimensions of the association between contexts and expressions that regions share: principal
// preserved components (PPCA), here without a random split of the regions.
//
// X_g is region g's map, contexts x expressions, its columns centred. M is the mean of X_g' X_h
// over all ordered pairs of different regions, divided by contexts - 1; an eigenvector of M is a
// weighting of expressions, its eigenvalue the covariance that regions share along it (negative
// where they share none). Source: principal preserved component analysis, Cowen, Laukka, Elfenbein,
// Liu and Keltner 2019 (Nature Human Behaviour 3), used in Cowen et al. 2021 (Nature 589).
// Deviation: all pairs of regions take the place of random splits, so that no random number is
// needed.
//
// How many are preserved is counted by flipping the signs of whole regions' maps (sign_flips.h),
// which keeps its level. Beside it, as the source has it, one region left out at a time: components
// from the others; Spearman's correlation over contexts between the scores of the region left out
// and of the mean of the others, after the mean's scores on earlier components (with intercept)
// were regressed out of both; Wilcoxon's signed-rank test over the regions, one-sided; Holm over
// the components. The folds share regions, so these p-values are too small (held_out_test.h).
// Either way components count as preserved in sequence up to the first failure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "stats/context_maps.h"

namespace mien {

struct PreservedComponent {
  double eigenvalue = 0;
  std::vector<double> weights;           // unit length, over the kept expressions; the largest
                                         // in size is positive
  std::vector<double> heldout_spearman;  // one a region, partial; NaN: not estimable
  std::size_t heldout_positive = 0;
  double mean_partial_spearman = 0;
  double p = 0;            // signed rank; NaN: not testable
  double p_adjusted = 0;   // Holm
  double p_sign_flip = 0;  // NaN: not testable, or after the first failure
};

struct PreservedComponents {
  std::vector<PreservedComponent> components;  // by falling eigenvalue
  std::vector<std::size_t> kept_contexts;      // complete in all regions
  std::vector<std::size_t> dropped_contexts;
  std::vector<std::size_t> kept_expressions;
  std::vector<std::size_t> dropped_expressions;  // missing throughout in some region
  std::string not_testable;            // why there is no p_sign_flip; empty where there is
  std::string held_out_not_testable;   // the same of p
  std::size_t preserved = 0;           // in sequence, p_sign_flip below alpha; 0: or not testable
  std::size_t preserved_held_out = 0;  // in sequence, p_adjusted below alpha; likewise
  std::size_t flips = 0;               // of signs, that p_sign_flip counts among
  Matrix mean_scores;                  // kept contexts x components: scores of the mean of all maps
};

// Maps are taken as they are: winsorise before. Needs two regions and three complete contexts, else
// the list is empty and `not_testable` says why.
PreservedComponents preserved_components(const ContextMaps& maps, double alpha = 0.05);

}  // namespace mien
