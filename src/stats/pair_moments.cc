#include "stats/pair_moments.h"

#include <cmath>

#include "base/missing.h"
#include "stats/correlation.h"

namespace mien {

namespace {}  // namespace

SharedCells::SharedCells(const ContextMaps& maps, std::size_t a, std::size_t b) {
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

Eigen::VectorXd SharedCells::deviations(const Matrix& map) const {
  Eigen::VectorXd values(at(cells.size()));
  if (cells.empty()) return values;  // a region may have no cell at all
  for (std::size_t i = 0; i < cells.size(); ++i) values(at(i)) = map.data()[cells[i]];
  return values.array() - values.mean();
}

double SharedCells::mean_square(const Matrix& se) const {
  double sum = 0;
  for (const Eigen::Index cell : cells) sum += se.data()[cell] * se.data()[cell];
  return sum / static_cast<double>(cells.size());
}

double per_df(double sum, std::size_t n) {
  return n >= kFewestPairs ? sum / static_cast<double>(n - 1) : kNaN;
}

double PairMoments::r(std::size_t a, std::size_t b) const {
  const double product = variance(at(a), at(b)) * variance(at(b), at(a));
  return product > 0 ? covariance(at(a), at(b)) / std::sqrt(product) : kNaN;
}

double PairMoments::reliability(std::size_t region, std::size_t other) const {
  const double total = variance(at(region), at(other));
  return total > 0 ? 1 - noise(at(region), at(other)) / total : kNaN;
}

bool PairMoments::is_estimable(std::size_t a, std::size_t b) const {
  return reliability(a, b) >= kLeastReliability && reliability(b, a) >= kLeastReliability;
}

double PairMoments::rho(std::size_t a, std::size_t b) const {
  const double of_a = reliability(a, b);
  const double of_b = reliability(b, a);
  return of_a > 0 && of_b > 0 ? r(a, b) / std::sqrt(of_a * of_b) : kNaN;
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

}  // namespace mien
