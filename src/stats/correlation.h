// Correlations of two lists of numbers, and the robust measures around them.
//
// A pair in which either number is NaN is left out; what cannot be estimated (fewer than 3 pairs, a
// list that does not vary) is NaN. Sums run in the order of the input.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace mien {

struct Correlation {
  double r = 0;
  std::size_t n = 0;  // pairs used
};

inline constexpr std::size_t kFewestPairs = 3;

Correlation pearson(std::span<const double> a, std::span<const double> b);

// Pearson's r of the average ranks among the pairs used (Spearman 1904).
Correlation spearman(std::span<const double> a, std::span<const double> b);

// Ranks from 1; equal values share the average of theirs. No NaN.
std::vector<double> average_ranks(std::span<const double> values);

// Of the values that are not NaN; NaN where there is none.
double mean_of(std::span<const double> values);
double median_of(std::span<const double> values);
double variance_of(std::span<const double> values);  // divided by n - 1; NaN below 2 values

// Standard deviation estimated from the median absolute deviation: 1.4826 x MAD (Hampel 1974).
double mad_scale(std::span<const double> values);

// Values beyond median +- 5 mad_scale are drawn in to that border; NaN stays. Where the scale is 0
// (over half the values equal) nothing is changed.
inline constexpr double kWinsorScales = 5;
std::vector<double> winsorised(std::span<const double> values);

// tanh of the mean of atanh(r): how correlations are averaged where their distribution is to be
// made symmetric first (Fisher 1921). r of exactly +-1 would outweigh everything and counts as
// +-(1 - 1e-12). NaN left out.
double fisher_mean(std::span<const double> correlations);

// The plain mean of correlations of independent units, and its interval, that of Student's t on
// Fisher's scale: tanh(atanh(mean) +- t sd / (sqrt(n) (1 - mean^2))), the standard error carried
// over by the delta method. So it stays within -1 and 1, and units whose correlation is exactly
// +-1 need no cutting off. Where all are equal both ends are the mean. NaN left out.
struct MeanCorrelation {
  double mean = 0;   // NaN where there is none
  double lower = 0;  // NaN for fewer than kFewestUnits
  double upper = 0;
  std::size_t n = 0;
};

inline constexpr std::size_t kFewestUnits = 3;

MeanCorrelation mean_correlation(std::span<const double> correlations, double confidence);

}  // namespace mien
