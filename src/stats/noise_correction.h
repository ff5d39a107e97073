// Similarity of regions as it would be without sampling noise.
//
// r_gh of two noisy maps is too small; rho_gh = r_gh / sqrt(rel_g rel_h) (Spearman 1904, correction
// for attenuation), where rel_g is the share of a map's variance that is not noise:
// rel_g = 1 - mean(SE^2) / Var(cells), over the cells that both regions have. rho may exceed 1 and
// is then given as it is. Only sampling noise is removed: errors that the networks make in all
// regions alike inflate similarity.
//
// Variance preserved: mean over pairs of cov(A_g, A_h), divided by the mean over regions of
// Var(A_g) - mean(SE_g^2).
//
// Standard errors come from deleting one block of uploaders at a time (jackknife, Tukey 1958;
// blocks of different regions are independent, so their parts add up). A deleted block changes
// mean(SE^2) by its own share of the spread between blocks: B / (B - 1) on average, less where the
// block itself was noisy. Values are corrected for the jackknife's bias (Quenouille 1956).
//
// Moments of noisy maps hold products of the noise of two blocks, and deleting one block at a time
// counts what those products add to a variance twice (Efron and Stein 1981). second_order_noise.h
// estimates it and one of the two is taken off again, from the variance and from the bias alike;
// the variance keeps at least half of what the jackknife gives, which is the least it can be.
// Percentiles of resampled maps are not used: resampling attenuates a second time.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "stats/context_maps.h"
#include "stats/pair_moments.h"

namespace mien {

struct Estimate {
  double value = 0;  // NaN: not estimable
  double se = 0;     // NaN: no replicates
  double lower = 0;  // 95%, t on `df`
  double upper = 0;
  double df = 0;
};

// Statistics of the pair moments, corrected for bias, with their jackknife standard errors. Without
// replicates the value is uncorrected, and se and interval are NaN. A statistic that is NaN in some
// replicate is uncorrected too and has no interval.
std::vector<Estimate> jackknife(
    const ContextMaps& maps,
    const std::function<std::vector<double>(const PairMoments&)>& statistics);

struct CorrectedPair {
  std::size_t a = 0;
  std::size_t b = 0;
  double r = 0;
  Estimate rho;
  std::string reason;  // why rho is missing
};

struct NoiseCorrection {
  std::string not_estimable;        // why nothing here is; empty where it is
  std::vector<double> reliability;  // one a region, over its own cells
  std::vector<CorrectedPair> pairs;
  Matrix rho;                 // 1 on the diagonal
  Estimate mean_rho;          // arithmetic, over the pairs that are estimable
  Estimate mean_rho_squared;  // another thing than the square of mean_rho
  Estimate variance_preserved;
};
NoiseCorrection correct_for_noise(const ContextMaps& maps);

// Reliability of a whole map from the correlations of its halves over many splits: their mean,
// stepped up once, 2r / (1 + r) (Spearman 1910, Brown 1910).
double stepped_up(std::span<const double> half_correlations);

}  // namespace mien
