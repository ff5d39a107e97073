// How near two lists of numbers lie to the line of equality: alike in pattern, in size and in
// level.
//
//   rho_c = 2 s_ab / (s_a^2 + s_b^2 + (mean_a - mean_b)^2), variances divided by n (Lin 1989, "A
//   concordance correlation coefficient to evaluate reproducibility")
//
// |rho_c| <= |r|; they are equal where both lists have one mean and one spread.
#pragma once

#include <span>

namespace mien {

// From -1 to 1. A pair in which either number is NaN is left out; NaN for fewer than kFewestPairs
// (correlation.h), and where neither list varies.
double concordance(std::span<const double> a, std::span<const double> b);

}  // namespace mien
