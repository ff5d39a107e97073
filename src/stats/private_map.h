// A differentially private map: noisy sums, and from them alone estimates with standard errors and
// intervals. What is computed here of the noisy sums costs no further privacy.
//
// The estimate is the semi-partial correlation within units (stats/association_estimator.h):
//   S_xr / sqrt(T_xx S_rr),  T_xx = n_x (1 - n_x / n),  S_xr = sum of x r - n_x / n sum of r
// with r a score freed of its country's mean and the covariates, drawn in to `clip`. Without
// covariates and with regions for units it is the correlation.
//
// Its variance adds up what videos and noise bring:
//   [n_x (1 - n_x / n) d S_rr / n + s2_xr + (n_x / n)^2 s2_r] / (T_xx S_rr)
//     + estimate^2 [s2_x / (4 n_x^2) + s2_rr / (4 S_rr^2)]
// s2 are the known variances of the noise; d, the sum over uploaders of the square of their summed
// r against n_x S_rr / n, takes in that an uploader's videos go together and that scores may spread
// more in a context. d is noisy too: a region's contexts have one d, from which a context's own
// differs as far as the spread of the d over contexts passes what noise would make of it (Morris
// 1983, "Parametric empirical Bayes inference"). Intervals are estimate -+ 1.96 SE, p is normal.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "stats/discrete_gaussian.h"
#include "stats/private_sums.h"

namespace mien {

// Why a cell has no estimate.
enum class PrivateReason {
  kNone,
  kContextWithinNoise,  // fewer videos with (or without) the context than the noise allows
  kScoreWithinNoise,    // the score's spread is not above the noise
};
std::string_view to_string(PrivateReason reason);  // "context_within_noise"; kNone: ""

// All from noisy sums. NaN: not there. Cells are contexts x expressions, row-major.
struct PrivateRegionMap {
  double videos = 0;
  std::vector<double> context_videos;  // a context; may be below 0
  std::vector<bool> suppressed;        // a context
  std::vector<double> estimate, se, lower, upper, p;
  std::vector<PrivateReason> reason;
};

// A count must stand so many standard deviations above its noise, a sum of squares too.
inline constexpr double kAboveNoise = 5;

class Noise {
 public:
  virtual ~Noise() = default;
  virtual void add_to(WholeNumbers& numbers, const NoiseScale& scale) = 0;
};

// Discrete Gaussian noise from the operating system: for all that is published.
class SystemNoise : public Noise {
 public:
  void add_to(WholeNumbers& numbers, const NoiseScale& scale) override;

 private:
  SystemRandomWords words_;
};

// `minimum`: videos with a context (and without), noisy, below which it is not shown.
std::vector<PrivateRegionMap> private_maps(const PrivateDesign& design, const PrivateVideos& videos,
                                           const PrivatePlan& plan, double minimum, Noise& noise);

}  // namespace mien
