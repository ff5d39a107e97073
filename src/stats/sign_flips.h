// How many components regions share, by a test that keeps its level.
//
// Where maps share nothing, a region's map is as likely with all its signs turned as it is. So the
// largest eigenvalue of the sum over pairs of X_g' X_h is compared with what it is when the maps of
// whole regions are multiplied by +1 or -1 (sign-flip test; Fisher 1935, Winkler et al. 2014). A
// whole map is flipped, so that contexts and expressions may depend on each other in any way, and
// the eigenvector is found anew for every flip, so that choosing it costs nothing. Assumes that
// what regions do not share is symmetric about 0.
//
// Components are tested in sequence: for the k-th, the k - 1 before are projected out of all maps
// (as in Vitale et al. 2017 for principal components). The first failure ends the sequence, so that
// no correction for their number is needed: to count one too many, the first that is not there must
// pass its own test at `alpha`.
//
// All 2^(R-1) flips up to 12 regions (the sign of the first does not matter); beyond, 2,047 seeded
// ones and the maps as they are.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "stats/context_maps.h"

namespace mien {

struct SignFlips {
  std::vector<double> p;     // the largest so far in the sequence; NaN after the first failure
  std::size_t passed = 0;    // p below alpha, in sequence
  std::size_t flips = 0;     // compared with, the maps as they are among them
  std::string not_testable;  // why there are no p-values; empty where there are
};

// `centred`: a region's map each, columns centred. `axes`: expressions x components, orthonormal,
// in the order of the sequence.
SignFlips sign_flips(const std::vector<Matrix>& centred, const Matrix& axes, double alpha);

}  // namespace mien
