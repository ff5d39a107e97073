// p-values corrected for the number of tests in a family.
//
// A NaN is a test that was not made: it stays NaN and does not count towards the family. Order of
// the input is kept; results are at most 1. Cost: one sort.
#pragma once

#include <span>
#include <vector>

namespace mien {

// Family-wise error under any dependence (Holm 1979, "A simple sequentially rejective multiple test
// procedure").
std::vector<double> holm(std::span<const double> p);

// False discovery rate under independence or positive dependence (Benjamini and Hochberg 1995).
std::vector<double> benjamini_hochberg(std::span<const double> p);

// False discovery rate under any dependence (Benjamini and Yekutieli 2001).
std::vector<double> benjamini_yekutieli(std::span<const double> p);

}  // namespace mien
