// Wilcoxon's signed-rank test, one-sided: are the values shifted above 0? (Wilcoxon 1945.)
//
// Zeros and NaN are left out, equal sizes share their average rank, and the distribution under the
// null hypothesis (every sign equally likely) is counted exactly up to 200 values, ties included;
// beyond, the normal approximation with correction for ties and continuity. Assumes values that
// are independent and symmetric about their median under the null.
#pragma once

#include <cstddef>
#include <span>

namespace mien {

struct SignedRank {
  double rank_sum = 0;  // of the positive values
  std::size_t n = 0;    // values that are neither 0 nor missing
  std::size_t positive = 0;
  double p = 1;  // P(rank sum at least this large); NaN where n is 0
};

SignedRank signed_rank_greater(std::span<const double> values);

// The smallest p that n values can reach: 2^-n.
double smallest_signed_rank_p(std::size_t n);

}  // namespace mien
