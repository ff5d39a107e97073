#include "stats/noise_correction.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/correlation.h"
#include "stats/distributions.h"

namespace mien {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Eigen::Index at(std::size_t i) {
  return static_cast<Eigen::Index>(i);
}

// The cells of a pair that enter its moments, and region b's deviations there.
struct SharedCells {
  std::vector<Eigen::Index> cells;

  SharedCells(const ContextMaps& maps, std::size_t a, std::size_t b) {
    const Matrix& x = maps.cells[a];
    const Matrix& y = maps.cells[b];
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      if (std::isnan(x.data()[i]) || std::isnan(y.data()[i])) continue;
      if (maps.has_se() && (std::isnan(maps.se[a].data()[i]) || std::isnan(maps.se[b].data()[i]))) {
        continue;
      }
      cells.push_back(i);
    }
  }

  Eigen::VectorXd deviations(const Matrix& map) const {
    Eigen::VectorXd values(at(cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) values(at(i)) = map.data()[cells[i]];
    return values.array() - values.mean();
  }

  double mean_square(const Matrix& se) const {
    double sum = 0;
    for (const Eigen::Index cell : cells) sum += se.data()[cell] * se.data()[cell];
    return sum / static_cast<double>(cells.size());
  }
};

double per_df(double sum, std::size_t n) {
  return n >= kFewestPairs ? sum / static_cast<double>(n - 1) : kNaN;
}

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

// mean rho, mean rho^2, variance preserved, then rho of every pair.
std::vector<double> corrected_statistics(const PairMoments& moments) {
  const auto regions = static_cast<std::size_t>(moments.covariance.rows());
  std::vector<double> rho;
  std::vector<double> squared;
  for (std::size_t a = 0; a < regions; ++a) {
    for (std::size_t b = a + 1; b < regions; ++b) {
      rho.push_back(moments.rho(a, b));
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

double PairMoments::r(std::size_t a, std::size_t b) const {
  const double product = variance(at(a), at(b)) * variance(at(b), at(a));
  return product > 0 ? covariance(at(a), at(b)) / std::sqrt(product) : kNaN;
}

double PairMoments::reliability(std::size_t region, std::size_t other) const {
  const double total = variance(at(region), at(other));
  return total > 0 ? 1 - noise(at(region), at(other)) / total : kNaN;
}

double PairMoments::rho(std::size_t a, std::size_t b) const {
  const double of_a = reliability(a, b);
  const double of_b = reliability(b, a);
  if (!(of_a >= kLeastReliability) || !(of_b >= kLeastReliability)) return kNaN;
  return r(a, b) / std::sqrt(of_a * of_b);
}

PairMoments pair_moments(const ContextMaps& maps) {
  const std::size_t regions = maps.regions.size();
  PairMoments moments{Matrix::Zero(at(regions), at(regions)),
                      Matrix::Zero(at(regions), at(regions)),
                      Matrix::Constant(at(regions), at(regions), kNaN)};
  for (std::size_t a = 0; a < regions; ++a) {
    for (std::size_t b = a; b < regions; ++b) {
      const SharedCells shared(maps, a, b);
      const std::size_t n = shared.cells.size();
      const Eigen::VectorXd of_a = shared.deviations(maps.cells[a]);
      const Eigen::VectorXd of_b = shared.deviations(maps.cells[b]);
      moments.variance(at(a), at(b)) = per_df(of_a.squaredNorm(), n);
      moments.variance(at(b), at(a)) = per_df(of_b.squaredNorm(), n);
      moments.covariance(at(a), at(b)) = moments.covariance(at(b), at(a)) =
          per_df(of_a.dot(of_b), n);
      if (!maps.has_se() || n == 0) continue;
      moments.noise(at(a), at(b)) = shared.mean_square(maps.se[a]);
      moments.noise(at(b), at(a)) = shared.mean_square(maps.se[b]);
    }
  }
  return moments;
}

std::vector<Estimate> jackknife(
    const ContextMaps& maps,
    const std::function<std::vector<double>(const PairMoments&)>& statistics) {
  const PairMoments whole = pair_moments(maps);
  const std::vector<double> values = statistics(whole);
  std::vector<double> variance(values.size(), maps.has_replicates() ? 0 : kNaN);
  std::vector<double> bias(values.size(), 0);
  double df = std::numeric_limits<double>::infinity();
  for (std::size_t g = 0; g < maps.regions.size() && maps.has_replicates(); ++g) {
    const auto blocks = static_cast<double>(maps.replicates[g].size());
    df = std::min(df, blocks - 1);
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
      bias[s] += (blocks - 1) * (mean - values[s]);
      variance[s] += blocks >= 2 ? sum * (blocks - 1) / blocks : kNaN;
    }
  }
  std::vector<Estimate> estimates;
  for (std::size_t s = 0; s < values.size(); ++s) {
    const double se = std::sqrt(variance[s]);
    const double reach = t_quantile(0.975, df) * se;
    const double value = std::isnan(bias[s]) ? values[s] : values[s] - bias[s];
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
  const std::vector<Estimate> estimates = jackknife(maps, corrected_statistics);
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
