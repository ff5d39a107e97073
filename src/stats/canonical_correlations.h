// Canonical correlations between contexts x and expressions y (Hotelling 1936), from covariances.
//
// The pooled covariance is the equal-weight mean of within-region, region-centred covariances, so
// that no region counts more for having more videos. Correlations are the roots of the eigenvalues
// of S_xx^-1 S_xy S_yy^-1 S_yx. Where contexts are collinear a ridge is added to S_xx.
//
// Bartlett (1941): chi2_k = -[n - 1 - (p + q + 1) / 2] sum_{i > k} ln(1 - rho_i^2), df = (p - k)(q
// - k): descriptive only, since it takes rows as independent and normal; not given under a ridge.
//
// Leave one region out: weights from the others; in the region held out, the correlation of the
// variates u_k and v_k with the earlier variates of both sides partialled out; Wilcoxon's
// signed-rank test over regions, one-sided; Holm. Folds share regions, so the p-values are too
// small (held_out_test.h).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "stats/context_maps.h"

namespace mien {

struct RegionCovariance {
  Matrix xx;     // contexts x contexts
  Matrix xy;     // contexts x expressions
  Matrix yy;     // expressions x expressions
  double n = 0;  // videos
};

struct CanonicalPair {
  double correlation = 0;
  std::vector<double> context_weights;     // variates have unit variance
  std::vector<double> expression_weights;  // the largest in size is positive
  double bartlett = 0;                     // NaN under a ridge
  double bartlett_df = 0;
  double bartlett_p = 0;
  std::vector<double> heldout;  // one a region; NaN: not estimable
  std::size_t heldout_positive = 0;
  double mean_heldout = 0;
  double p = 0;           // NaN: not testable
  double p_adjusted = 0;  // Holm
};

struct CanonicalCorrelations {
  std::string not_estimable;
  std::string not_testable;
  double ridge = 0;  // what was added to the diagonal of S_xx; 0: nothing
  std::vector<CanonicalPair> pairs;
};

// `ridge`: what to add to S_xx, in units of the mean of its diagonal; negative: nothing, or 0.001
// where S_xx cannot be inverted (reciprocal condition below 1e-10). All regions have the same
// contexts and expressions; contexts that never vary must be left out before.
CanonicalCorrelations canonical_correlations(std::span<const RegionCovariance> regions,
                                             double ridge = -1, double alpha = 0.05);

}  // namespace mien
