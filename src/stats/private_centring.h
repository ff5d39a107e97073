// From noisy sums to the scale of scores and to what is taken off them, for private_map.cc. Nothing
// here sees a video.
#pragma once

#include "stats/private_sums.h"

namespace mien {

// A variance that the noise could have made is taken as two standard deviations of the noise: too
// large a spread costs accuracy, too small a one would draw in every video.
ScoreScale scale_of(const PrivateDesign& design, const WholeNumbers& noisy,
                    const NoiseScale& noise);

// A unit's mean is drawn towards its region's as far as the noise and the number of videos ask,
// with kUnitVariance as the variance of units' means, in spreads. Slopes are those of least squares
// on products centred by these means; the products' matrix is made positive definite by a ridge of
// 3 standard deviations of the noise on eigenvalues that are at least 0.
inline constexpr double kUnitVariance = 0.1;
ScoreCentring centring_of(const PrivateDesign& design, const UnitSums& noisy,
                          const NoiseScale& units_noise, const NoiseScale& products_noise);

}  // namespace mien
