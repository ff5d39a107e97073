#include "stats/rotation.h"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace mien {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kMostSteps = 5000;

using Columns = Eigen::MatrixXd;  // what Eigen's decompositions like

Columns standardised(const Matrix& configuration) {
  Columns centred = configuration.rowwise() - configuration.colwise().mean();
  const double size = centred.norm();
  // What centring leaves of a constant is rounding.
  if (!(size > 1e-12 * configuration.norm())) return Columns::Constant(1, 1, kNaN);
  return centred / size;
}

double disparity(const Columns& a, const Columns& b) {
  const Columns cross = a.transpose() * b;
  const double trace = Eigen::JacobiSVD<Columns>(cross).singularValues().sum();
  return std::max(0.0, 1 - trace * trace);
}

}  // namespace

Varimax varimax(const Matrix& loadings) {
  const Eigen::Index factors = loadings.cols();
  Varimax result{loadings, Matrix::Identity(factors, factors)};
  if (factors < 2) return result;
  double criterion = 0;
  for (int step = 0; step < kMostSteps; ++step) {
    const Columns rotated = result.loadings;
    const Columns target =
        rotated.array().cube().matrix() -
        rotated * (rotated.array().square().colwise().mean().matrix().asDiagonal());
    const Eigen::JacobiSVD<Columns> svd(loadings.transpose() * target,
                                        Eigen::ComputeThinU | Eigen::ComputeThinV);
    result.rotation = svd.matrixU() * svd.matrixV().transpose();
    result.loadings = loadings * result.rotation;
    const double grown = svd.singularValues().sum();
    if (grown <= criterion * (1 + 1e-15)) break;
    criterion = grown;
  }
  return result;
}

double procrustes_disparity(const Matrix& a, const Matrix& b) {
  MIEN_CHECK(a.rows() == b.rows() && a.cols() == b.cols(), "two configurations of one shape");
  const Columns x = standardised(a);
  const Columns y = standardised(b);
  return x.hasNaN() || y.hasNaN() ? kNaN : disparity(x, y);
}

PermutationTest procrustes_test(const Matrix& a, const Matrix& b, int permutations,
                                std::uint64_t seed) {
  const double observed = procrustes_disparity(a, b);
  if (std::isnan(observed)) return {kNaN, kNaN, 0, "one of the configurations does not vary"};
  if (a.rows() < 4) return {observed, kNaN, 0, "fewer than 4 rows"};
  const Columns x = standardised(a);
  const Columns y = standardised(b);
  PermutationCount count(observed, Tail::kLower);
  Random random(seed);
  for (int i = 0; i < permutations; ++i) {
    const std::vector<std::size_t> order = random_order(static_cast<std::size_t>(y.rows()), random);
    Columns permuted(y.rows(), y.cols());
    for (Eigen::Index row = 0; row < y.rows(); ++row) {
      permuted.row(row) = y.row(static_cast<Eigen::Index>(order[static_cast<std::size_t>(row)]));
    }
    count.add(disparity(x, permuted));
  }
  return count.result();
}

}  // namespace mien
