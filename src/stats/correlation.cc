#include "stats/correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/missing.h"
#include "stats/distributions.h"

namespace mien {

namespace {

constexpr double kMadToDeviation = 1.4826;  // 1 / normal_quantile(0.75)

struct Pairs {
  std::vector<double> a;
  std::vector<double> b;
};

Pairs complete_pairs(std::span<const double> a, std::span<const double> b) {
  MIEN_CHECK(a.size() == b.size(), "a correlation needs two lists of one length");
  Pairs pairs;
  pairs.a.reserve(a.size());
  pairs.b.reserve(b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    pairs.a.push_back(a[i]);
    pairs.b.push_back(b[i]);
  }
  return pairs;
}

bool varies(std::span<const double> values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return least != values.end() && *least < *most;
}

Correlation correlate(const Pairs& pairs) {
  const std::size_t n = pairs.a.size();
  if (n < kFewestPairs || !varies(pairs.a) || !varies(pairs.b)) return {kNaN, n};
  const double mean_a = mean_of(pairs.a);
  const double mean_b = mean_of(pairs.b);
  double aa = 0;
  double bb = 0;
  double ab = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double da = pairs.a[i] - mean_a;
    const double db = pairs.b[i] - mean_b;
    aa += da * da;
    bb += db * db;
    ab += da * db;
  }
  const double scale = std::sqrt(aa) * std::sqrt(bb);
  return {scale > 0 ? std::clamp(ab / scale, -1.0, 1.0) : kNaN, n};
}

std::vector<double> present(std::span<const double> values) {
  std::vector<double> kept;
  kept.reserve(values.size());
  for (const double value : values) {
    if (!std::isnan(value)) kept.push_back(value);
  }
  return kept;
}

double median_in_place(std::vector<double>& values) {
  if (values.empty()) return kNaN;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

}  // namespace

Correlation pearson(std::span<const double> a, std::span<const double> b) {
  return correlate(complete_pairs(a, b));
}

Correlation spearman(std::span<const double> a, std::span<const double> b) {
  Pairs pairs = complete_pairs(a, b);
  pairs.a = average_ranks(pairs.a);
  pairs.b = average_ranks(pairs.b);
  return correlate(pairs);
}

std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
    const double shared = static_cast<double>(first + last) / 2 + 1;
    for (std::size_t i = first; i <= last; ++i) ranks[order[i]] = shared;
    first = last + 1;
  }
  return ranks;
}

double mean_of(std::span<const double> values) {
  double sum = 0;
  std::size_t n = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++n;
  }
  return n > 0 ? sum / static_cast<double>(n) : kNaN;
}

double median_of(std::span<const double> values) {
  std::vector<double> kept = present(values);
  return median_in_place(kept);
}

double variance_of(std::span<const double> values) {
  const std::vector<double> kept = present(values);
  if (kept.size() < 2) return kNaN;
  const double mean = mean_of(kept);
  double sum = 0;
  for (const double value : kept) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(kept.size() - 1);
}

double mad_scale(std::span<const double> values) {
  std::vector<double> kept = present(values);
  const double median = median_in_place(kept);
  for (double& value : kept) value = std::abs(value - median);
  return kMadToDeviation * median_in_place(kept);
}

std::vector<double> winsorised(std::span<const double> values) {
  std::vector<double> drawn_in(values.begin(), values.end());
  const double median = median_of(values);
  const double reach = kWinsorScales * mad_scale(values);
  if (!(reach > 0)) return drawn_in;
  for (double& value : drawn_in) {
    if (!std::isnan(value)) value = std::clamp(value, median - reach, median + reach);
  }
  return drawn_in;
}

double fisher_mean(std::span<const double> correlations) {
  constexpr double kMost = 1 - 1e-12;
  std::vector<double> transformed;
  transformed.reserve(correlations.size());
  for (const double r : correlations)
    transformed.push_back(std::atanh(std::clamp(r, -kMost, kMost)));
  return std::tanh(mean_of(transformed));
}

MeanCorrelation mean_correlation(std::span<const double> correlations, double confidence) {
  const std::vector<double> kept = present(correlations);
  MeanCorrelation result{mean_of(kept), kNaN, kNaN, kept.size()};
  if (kept.size() < kFewestUnits) return result;
  const auto n = static_cast<double>(kept.size());
  const double error = std::sqrt(variance_of(kept) / n);
  const double room = 1 - result.mean * result.mean;
  if (!(error > 0 && room > 0)) {
    result.lower = result.upper = result.mean;
    return result;
  }
  const double half = t_quantile((1 + confidence) / 2, n - 1) * error / room;
  result.lower = std::tanh(std::atanh(result.mean) - half);
  result.upper = std::tanh(std::atanh(result.mean) + half);
  return result;
}

}  // namespace mien
