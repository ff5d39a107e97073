// Variances, covariances and noise of the regions' maps, pair by pair: what similarity corrected
// for noise is made of.
//
// A pair's moments are over the cells that both regions have (value and, where there are standard
// errors, standard error), so a missing cell costs only the pairs that it touches.
#pragma once

#include <cstddef>
#include <vector>

#include "stats/context_maps.h"

namespace mien {

// Below this reliability a correction would mostly multiply noise: not estimable.
inline constexpr double kLeastReliability = 0.1;

// Moments of every pair of regions over the cells that both have (value and, where there are
// standard errors, standard error).
struct PairMoments {
  Matrix covariance;  // symmetric; the diagonal holds variances
  Matrix variance;    // (g, h): variance of g over the cells shared with h
  Matrix noise;       // (g, h): mean SE^2 of g over those cells; NaN without standard errors

  double r(std::size_t a, std::size_t b) const;
  double reliability(std::size_t region, std::size_t other) const;
  bool is_estimable(std::size_t a, std::size_t b) const;  // both reliable enough to divide by
  double rho(std::size_t a, std::size_t b) const;         // NaN where a reliability is not above 0
};
PairMoments pair_moments(const ContextMaps& maps);

// The cells that enter a pair's moments.
struct SharedCells {
  std::vector<Eigen::Index> cells;

  SharedCells(const ContextMaps& maps, std::size_t a, std::size_t b);

  Eigen::VectorXd deviations(const Matrix& map) const;  // from the mean over the shared cells
  double mean_square(const Matrix& se) const;
};

// A sum over n cells divided by n - 1; NaN where they are too few to vary.
double per_df(double sum, std::size_t n);

}  // namespace mien
