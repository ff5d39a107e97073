#include "stats/second_order_noise.h"

#include "base/check.h"
#include "base/missing.h"
#include "stats/pair_moments.h"

namespace mien {

namespace {

constexpr Eigen::Index kFewestBlocks = 4;

// Blocks x cells: replicates less their mean, and less each one's mean over the cells.
Eigen::MatrixXd block_deviations(const std::vector<Matrix>& replicates, const SharedCells& shared) {
  Eigen::MatrixXd deviations(at(replicates.size()), at(shared.cells.size()));
  for (std::size_t b = 0; b < replicates.size(); ++b) {
    deviations.row(at(b)) = shared.deviations(replicates[b]).transpose();
  }
  deviations.rowwise() -= deviations.colwise().mean().eval();
  return deviations;
}

double between(const Eigen::MatrixXd& products) {
  const auto rows = static_cast<double>(products.rows());
  const auto columns = static_cast<double>(products.cols());
  return (rows - 1) * (columns - 1) / (rows * columns) * products.squaredNorm();
}

double within(const Eigen::MatrixXd& products) {
  const auto blocks = static_cast<double>(products.rows());
  // Rows of `products` sum to 0, so a row without its diagonal sums to the negative diagonal. The
  // additive part has effect a_b with (B - 2) a_b + sum of all a = that sum.
  const Eigen::VectorXd sums = -products.diagonal();
  const double effects = sums.sum() / (2 * (blocks - 1));
  const Eigen::VectorXd effect = (sums.array() - effects) / (blocks - 2);
  double squares = 0;
  for (Eigen::Index a = 0; a < products.rows(); ++a) {
    for (Eigen::Index b = a + 1; b < products.rows(); ++b) {
      const double rest = products(a, b) - effect(a) - effect(b);
      squares += rest * rest;
    }
  }
  return 4 * (blocks - 1) * (blocks - 1) * (blocks - 1) / (blocks * blocks * (blocks - 3)) *
         squares;
}

}  // namespace

Matrix second_order_noise(const ContextMaps& maps) {
  MIEN_CHECK(maps.has_replicates(), "maps without blocks of uploaders are needed");
  const std::size_t regions = maps.regions.size();
  Matrix result = Matrix::Constant(at(regions), at(regions), kNaN);
  for (std::size_t g = 0; g < regions; ++g) {
    if (at(maps.replicates[g].size()) < kFewestBlocks) continue;
    for (std::size_t h = g; h < regions; ++h) {
      if (at(maps.replicates[h].size()) < kFewestBlocks) continue;
      const SharedCells shared(maps, g, h);
      const double df = per_df(1, shared.cells.size());
      const Eigen::MatrixXd of_g = block_deviations(maps.replicates[g], shared);
      const Eigen::MatrixXd products =
          g == h ? Eigen::MatrixXd(of_g * of_g.transpose() * df)
                 : Eigen::MatrixXd(of_g * block_deviations(maps.replicates[h], shared).transpose() *
                                   df);
      result(at(g), at(h)) = result(at(h), at(g)) = g == h ? within(products) : between(products);
    }
  }
  return result;
}

}  // namespace mien
