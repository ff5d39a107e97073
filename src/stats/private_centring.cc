#include "stats/private_centring.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace mien {

namespace {

double noise_sd(const NoiseScale& noise, double lattice) {
  return std::sqrt(static_cast<double>(noise.variance)) / lattice;
}

// Videos and sums of one unit or region, in real numbers.
struct NoisySums {
  double videos = 0;
  Eigen::VectorXd sums;  // of u, then of covariates
};

Eigen::MatrixXd inverse_with_ridge(const Eigen::MatrixXd& products, double ridge) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(products);
  const Eigen::VectorXd values = solver.eigenvalues().cwiseMax(0).array() + ridge;
  return solver.eigenvectors() * values.cwiseInverse().asDiagonal() *
         solver.eigenvectors().transpose();
}

// Of one region, row-major covariates x expressions: products of covariates and with u.
struct RegionProducts {
  Eigen::MatrixXd zz, zu;
};

RegionProducts read_products(const PrivateDesign& design, const WholeNumbers& products,
                             std::size_t region) {
  const std::size_t k = design.covariates();
  const std::size_t e = design.expressions;
  const std::int64_t* at = products.data() + region * (k * (k + 1) / 2 + k * e);
  const auto rows = static_cast<Eigen::Index>(k);
  RegionProducts read{Eigen::MatrixXd(rows, rows),
                      Eigen::MatrixXd(rows, static_cast<Eigen::Index>(e))};
  for (Eigen::Index a = 0; a < rows; ++a) {
    for (Eigen::Index b = a; b < rows; ++b) {
      read.zz(a, b) = read.zz(b, a) = static_cast<double>(*at++) / kLattice;
    }
  }
  for (Eigen::Index a = 0; a < rows; ++a) {
    for (Eigen::Index b = 0; b < read.zu.cols(); ++b) {
      read.zu(a, b) = static_cast<double>(*at++) / kLattice;
    }
  }
  return read;
}

}  // namespace

ScoreScale scale_of(const PrivateDesign& design, const WholeNumbers& noisy,
                    const NoiseScale& noise) {
  const std::size_t expressions = design.expressions;
  const double sd = noise_sd(noise, kScaleLattice);
  const double videos = std::max(1.0, static_cast<double>(noisy[0]) / kScaleLattice);
  constexpr double kLeastVariance = 1e-6;
  ScoreScale scale;
  for (std::size_t e = 0; e < expressions; ++e) {
    const double mean = static_cast<double>(noisy[1 + e]) / kScaleLattice / videos;
    const double square = static_cast<double>(noisy[1 + expressions + e]) / kScaleLattice / videos;
    const double variance = std::max({square - mean * mean, 2 * sd / videos, kLeastVariance});
    scale.mean.push_back(std::clamp(mean, -0.5, 0.5) + 0.5);
    scale.spread.push_back(std::sqrt(std::min(variance, 0.25)));
  }
  return scale;
}

ScoreCentring centring_of(const PrivateDesign& design, const UnitSums& noisy,
                          const NoiseScale& units_noise, const NoiseScale& products_noise) {
  const std::size_t expressions = design.expressions;
  const std::size_t covariates = design.covariates();
  const std::size_t width = 1 + expressions + covariates;
  const auto length = static_cast<Eigen::Index>(expressions + covariates);
  const double sd = noise_sd(units_noise, kLattice);
  std::vector<NoisySums> units;
  std::vector<NoisySums> regions(design.regions, {0, Eigen::VectorXd::Zero(length)});
  for (std::size_t unit = 0; unit < design.unit_region.size(); ++unit) {
    const std::int64_t* at = noisy.units.data() + unit * width;
    NoisySums sums{static_cast<double>(at[0]) / kLattice, Eigen::VectorXd(length)};
    for (Eigen::Index i = 0; i < length; ++i) {
      sums.sums[i] = static_cast<double>(at[1 + i]) / kLattice;
    }
    regions[design.unit_region[unit]].videos += sums.videos;
    regions[design.unit_region[unit]].sums += sums.sums;
    units.push_back(std::move(sums));
  }

  // Means by unit.
  std::vector<Eigen::VectorXd> means;
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    const NoisySums& region = regions[design.unit_region[unit]];
    const Eigen::VectorXd whole = region.sums / std::max(1.0, region.videos);
    const double videos = units[unit].videos;
    if (videos <= 1) {
      means.push_back(whole);
      continue;
    }
    const double error = sd * sd / (videos * videos) + 1 / videos;
    const double weight = kUnitVariance / (kUnitVariance + error);
    means.push_back(whole + weight * (units[unit].sums / videos - whole));
  }

  ScoreCentring centring;
  centring.unit.assign(units.size() * expressions, 0);
  centring.slope.assign(design.regions * covariates * expressions, 0);
  const auto scores = static_cast<Eigen::Index>(expressions);
  const auto rest = static_cast<Eigen::Index>(covariates);
  std::vector<Eigen::MatrixXd> slopes(design.regions, Eigen::MatrixXd::Zero(rest, scores));
  for (std::size_t region = 0; covariates > 0 && region < design.regions; ++region) {
    RegionProducts products = read_products(design, noisy.products, region);
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
      if (design.unit_region[unit] != region) continue;
      const double videos = std::max(0.0, units[unit].videos);
      const auto z = means[unit].tail(rest);
      products.zz -= videos * z * z.transpose();
      products.zu -= videos * z * means[unit].head(scores).transpose();
    }
    const double ridge = std::max(3 * noise_sd(products_noise, kLattice), 1.0);
    slopes[region] = inverse_with_ridge(products.zz, ridge) * products.zu;
    for (Eigen::Index k = 0; k < rest; ++k) {
      for (Eigen::Index e = 0; e < scores; ++e) {
        centring.slope[(region * covariates + static_cast<std::size_t>(k)) * expressions +
                       static_cast<std::size_t>(e)] = slopes[region](k, e);
      }
    }
  }
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    const Eigen::VectorXd off =
        means[unit].head(scores) -
        slopes[design.unit_region[unit]].transpose() * means[unit].tail(rest);
    for (std::size_t e = 0; e < expressions; ++e) {
      centring.unit[unit * expressions + e] = off[static_cast<Eigen::Index>(e)];
    }
  }
  return centring;
}

}  // namespace mien
