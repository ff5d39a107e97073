#include "stats/noise_correction.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/missing.h"
#include "stats/correlation.h"
#include "stats/distributions.h"
#include "stats/second_order_noise.h"

namespace mien {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What a deleted block changes: the moments of one region with every other.
struct RegionMoments {
  Eigen::VectorXd covariance;
  Eigen::VectorXd variance;
};

// moments[b] of region g with its block b deleted.
std::vector<RegionMoments> deleted_moments(const ContextMaps& maps, std::size_t g) {
  const std::size_t regions = maps.regions.size();
  const std::vector<Matrix>& replicates = maps.replicates[g];
  std::vector<RegionMoments> moments(
      replicates.size(), {Eigen::VectorXd::Zero(at(regions)), Eigen::VectorXd::Zero(at(regions))});
  for (std::size_t h = 0; h < regions; ++h) {
    const SharedCells shared(maps, g, h);
    const Eigen::VectorXd other = shared.deviations(maps.cells[h]);
    for (std::size_t b = 0; b < replicates.size(); ++b) {
      const Eigen::VectorXd own = shared.deviations(replicates[b]);
      const double variance = per_df(own.squaredNorm(), shared.cells.size());
      moments[b].variance(at(h)) = variance;
      moments[b].covariance(at(h)) =
          h == g ? variance : per_df(own.dot(other), shared.cells.size());
    }
  }
  return moments;
}

// By how much deleting a block changes mean(SE^2): the squared standard error of a mean of B blocks
// is SS / (B (B - 1)), and without block b its sum of squares is SS - B / (B - 1) d_b^2. Blocks of
// equal noise give B / (B - 1).
std::vector<double> noise_factors(const std::vector<Matrix>& replicates) {
  const auto blocks = static_cast<double>(replicates.size());
  if (replicates.size() < 3) return std::vector<double>(replicates.size(), blocks / (blocks - 1));
  Matrix mean = Matrix::Zero(replicates.front().rows(), replicates.front().cols());
  for (const Matrix& replicate : replicates) mean += replicate / blocks;
  std::vector<double> squares;
  double sum = 0;
  for (const Matrix& replicate : replicates) {
    double square = 0;
    for (Eigen::Index i = 0; i < mean.size(); ++i) {
      const double deviation = replicate.data()[i] - mean.data()[i];
      if (!std::isnan(deviation)) square += deviation * deviation;
    }
    squares.push_back(square);
    sum += square;
  }
  std::vector<double> factors;
  for (const double square : squares) {
    const double share = sum > 0 ? square / sum : 1 / blocks;
    factors.push_back(blocks / (blocks - 2) * (1 - blocks / (blocks - 1) * share));
  }
  return factors;
}

void replace_region(PairMoments& moments, std::size_t g, const RegionMoments& with,
                    double noise_factor) {
  moments.covariance.row(at(g)) = with.covariance.transpose();
  moments.covariance.col(at(g)) = with.covariance;
  moments.variance.row(at(g)) = with.variance.transpose();
  moments.noise.row(at(g)) *= noise_factor;
}

double variance_preserved(const PairMoments& moments) {
  const auto regions = static_cast<std::size_t>(moments.covariance.rows());
  std::vector<double> shared;
  std::vector<double> own;
  for (std::size_t a = 0; a < regions; ++a) {
    own.push_back(moments.variance(at(a), at(a)) - moments.noise(at(a), at(a)));
    for (std::size_t b = a + 1; b < regions; ++b) {
      shared.push_back(moments.covariance(at(a), at(b)));
    }
  }
  const double denominator = mean_of(own);
  return denominator > 0 ? mean_of(shared) / denominator : kNaN;
}

using Statistics = std::function<std::vector<double>(const PairMoments&)>;

// Of every statistic.
struct Spread {
  std::vector<double> variance;
  std::vector<double> bias;
};

// What deleting one block of region g at a time says.
void add_region(const ContextMaps& maps, const PairMoments& whole, const Statistics& statistics,
                std::size_t g, Spread& spread) {
  const std::vector<double> values = statistics(whole);
  const auto blocks = static_cast<double>(maps.replicates[g].size());
  std::vector<std::vector<double>> deleted;
  const std::vector<RegionMoments> regions = deleted_moments(maps, g);
  const std::vector<double> factors = noise_factors(maps.replicates[g]);
  for (std::size_t b = 0; b < regions.size(); ++b) {
    PairMoments moments = whole;
    replace_region(moments, g, regions[b], factors[b]);
    deleted.push_back(statistics(moments));
  }
  for (std::size_t s = 0; s < values.size(); ++s) {
    double mean = 0;
    for (const std::vector<double>& replicate : deleted) mean += replicate[s] / blocks;
    double sum = 0;
    for (const std::vector<double>& replicate : deleted) {
      sum += (replicate[s] - mean) * (replicate[s] - mean);
    }
    spread.bias[s] += (blocks - 1) * (mean - values[s]);
    spread.variance[s] += blocks >= 2 ? sum * (blocks - 1) / blocks : kNaN;
  }
}

// The covariance of regions g and h, or region g's variance without noise, is larger by `by`.
PairMoments nudged(PairMoments moments, std::size_t g, std::size_t h, double by) {
  if (g == h) {
    moments.variance.row(at(g)).array() += by;
    moments.covariance(at(g), at(g)) += by;
  } else {
    moments.covariance(at(g), at(h)) += by;
    moments.covariance(at(h), at(g)) += by;
  }
  return moments;
}

// Derivatives are differences of fourth order (Abramowitz and Stegun 1964, 25.3.21 and 25.3.24)
// over a step at which what they leave out and rounding are both below 1e-9.
void take_off_second_order(const ContextMaps& maps, const PairMoments& whole,
                           const Statistics& statistics, Spread& spread) {
  constexpr double kStep = 1e-3;
  const Matrix second_order = second_order_noise(maps);
  const std::vector<double> at_0 = statistics(whole);
  const auto own = [&](std::size_t g) {
    return std::abs(whole.variance(at(g), at(g)) - whole.noise(at(g), at(g)));
  };
  for (std::size_t g = 0; g < maps.regions.size(); ++g) {
    for (std::size_t h = g; h < maps.regions.size(); ++h) {
      const double noise = second_order(at(g), at(h));
      const double step = kStep * std::sqrt(own(g) * own(h));
      if (!(noise > 0) || !(step > 0)) continue;
      const auto shifted = [&](double steps) {
        return statistics(nudged(whole, g, h, steps * step));
      };
      const std::vector<double> up_2 = shifted(2);
      const std::vector<double> up = shifted(1);
      const std::vector<double> down = shifted(-1);
      const std::vector<double> down_2 = shifted(-2);
      for (std::size_t s = 0; s < at_0.size(); ++s) {
        const double slope = (8 * (up[s] - down[s]) - (up_2[s] - down_2[s])) / (12 * step);
        const double curvature =
            (16 * (up[s] + down[s]) - (up_2[s] + down_2[s]) - 30 * at_0[s]) / (12 * step * step);
        if (std::isnan(slope) || std::isnan(curvature)) continue;
        spread.variance[s] -= slope * slope * noise;
        spread.bias[s] -= curvature * noise / 2;
      }
    }
  }
}

// mean rho, mean rho^2, variance preserved, then rho of every pair. Which pairs are estimable is
// what the maps themselves say: were each replicate asked anew, a pair that leaves the means would
// count as a leap of them, which derivatives and deleted blocks then magnify without bound.
std::vector<double> corrected_statistics(const PairMoments& moments, const PairMoments& whole) {
  const auto regions = static_cast<std::size_t>(moments.covariance.rows());
  std::vector<double> rho;
  std::vector<double> squared;
  for (std::size_t a = 0; a < regions; ++a) {
    for (std::size_t b = a + 1; b < regions; ++b) {
      rho.push_back(whole.is_estimable(a, b) ? moments.rho(a, b) : kNaN);
      squared.push_back(rho.back() * rho.back());
    }
  }
  std::vector<double> statistics = {mean_of(rho), mean_of(squared), variance_preserved(moments)};
  statistics.insert(statistics.end(), rho.begin(), rho.end());
  return statistics;
}

std::string why_not(const PairMoments& moments, const ContextMaps& maps, std::size_t a,
                    std::size_t b) {
  for (const auto& [region, other] : {std::pair(a, b), std::pair(b, a)}) {
    const double reliability = moments.reliability(region, other);
    if (reliability >= kLeastReliability) continue;
    return std::isnan(reliability)
               ? "the reliability of " + maps.regions[region] + " is unknown"
               : "the reliability of " + maps.regions[region] + " is too low to divide by";
  }
  return std::isnan(moments.r(a, b)) ? "no shared cells that vary" : "";
}

}  // namespace

std::vector<Estimate> jackknife(
    const ContextMaps& maps,
    const std::function<std::vector<double>(const PairMoments&)>& statistics) {
  const PairMoments whole = pair_moments(maps);
  const std::vector<double> values = statistics(whole);
  if (!maps.has_replicates()) {
    std::vector<Estimate> unknown;
    unknown.reserve(values.size());
    for (const double value : values) unknown.push_back({value, kNaN, kNaN, kNaN, kInfinity});
    return unknown;
  }
  Spread spread{std::vector<double>(values.size(), 0), std::vector<double>(values.size(), 0)};
  double df = kInfinity;
  for (std::size_t g = 0; g < maps.regions.size(); ++g) {
    df = std::min(df, static_cast<double>(maps.replicates[g].size()) - 1);
    add_region(maps, whole, statistics, g, spread);
  }
  const std::vector<double> first_order = spread.variance;
  take_off_second_order(maps, whole, statistics, spread);
  std::vector<Estimate> estimates;
  for (std::size_t s = 0; s < values.size(); ++s) {
    // The second order is at most half of what was counted, as far as it is known.
    const double se = std::sqrt(std::max(spread.variance[s], first_order[s] / 2));
    const double reach = t_quantile(0.975, df) * se;
    const double value = std::isnan(spread.bias[s]) ? values[s] : values[s] - spread.bias[s];
    estimates.push_back({value, se, value - reach, value + reach, df});
  }
  return estimates;
}

NoiseCorrection correct_for_noise(const ContextMaps& maps) {
  NoiseCorrection result;
  if (!maps.has_se()) {
    result.not_estimable = "the maps come without standard errors, so their reliability is unknown";
    return result;
  }
  if (maps.regions.size() < 2) {
    result.not_estimable = "one region: no pair";
    return result;
  }
  const PairMoments moments = pair_moments(maps);
  const std::vector<Estimate> estimates =
      jackknife(maps, [&](const PairMoments& of) { return corrected_statistics(of, moments); });
  result.mean_rho = estimates[0];
  result.mean_rho_squared = estimates[1];
  result.variance_preserved = estimates[2];
  const std::size_t regions = maps.regions.size();
  result.rho = Matrix::Identity(at(regions), at(regions));
  for (std::size_t a = 0; a < regions; ++a) {
    result.reliability.push_back(moments.reliability(a, a));
    for (std::size_t b = a + 1; b < regions; ++b) {
      const Estimate& rho = estimates[3 + result.pairs.size()];
      result.rho(at(a), at(b)) = result.rho(at(b), at(a)) = rho.value;
      result.pairs.push_back(
          {a, b, moments.r(a, b), rho, std::isnan(rho.value) ? why_not(moments, maps, a, b) : ""});
    }
  }
  return result;
}

double stepped_up(std::span<const double> half_correlations) {
  const double r = mean_of(half_correlations);
  return 2 * r / (1 + r);
}

}  // namespace mien
