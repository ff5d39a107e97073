#include "stats/rotation.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/missing.h"
#include "stats/decomposition.h"

namespace mien {

namespace {

constexpr int kMostSweeps = 1000;
constexpr double kSmallestAngle = 1e-13;

using Columns = Eigen::MatrixXd;  // what Eigen's decompositions like

void turn_columns(Matrix& matrix, Eigen::Index p, Eigen::Index q, double angle) {
  const Eigen::VectorXd x = matrix.col(p);
  const Eigen::VectorXd y = matrix.col(q);
  matrix.col(p) = std::cos(angle) * x + std::sin(angle) * y;
  matrix.col(q) = std::cos(angle) * y - std::sin(angle) * x;
}

Columns standardised_configuration(const Matrix& configuration) {
  Columns centred = configuration.rowwise() - configuration.colwise().mean();
  const double size = centred.norm();
  // What centring leaves of a constant is rounding.
  if (!(size > 1e-12 * configuration.norm())) return Columns::Constant(1, 1, kNaN);
  return centred / size;
}

double disparity(const Columns& a, const Columns& b) {
  const Columns cross = a.transpose() * b;
  const double trace = singular_values(cross).sum();
  return std::max(0.0, 1 - trace * trace);
}

}  // namespace

Varimax varimax(const Matrix& loadings) {
  const Eigen::Index factors = loadings.cols();
  const auto n = static_cast<double>(loadings.rows());
  Varimax result{loadings, Matrix::Identity(factors, factors)};
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    double largest = 0;
    for (Eigen::Index p = 0; p < factors; ++p) {
      for (Eigen::Index q = p + 1; q < factors; ++q) {
        const Eigen::ArrayXd x = result.loadings.col(p).array();
        const Eigen::ArrayXd y = result.loadings.col(q).array();
        const Eigen::ArrayXd u = x.square() - y.square();
        const Eigen::ArrayXd v = 2 * x * y;
        const double sine = 2 * (u * v).sum() - 2 * u.sum() * v.sum() / n;
        const double cosine =
            (u.square() - v.square()).sum() - (u.sum() * u.sum() - v.sum() * v.sum()) / n;
        if (sine == 0 && cosine >= 0) continue;
        const double angle = std::atan2(sine, cosine) / 4;
        largest = std::max(largest, std::abs(angle));
        turn_columns(result.loadings, p, q, angle);
        turn_columns(result.rotation, p, q, angle);
      }
    }
    if (largest < kSmallestAngle) break;
  }
  return result;
}

double procrustes_disparity(const Matrix& a, const Matrix& b) {
  MIEN_CHECK(a.rows() == b.rows() && a.cols() == b.cols(), "two configurations of one shape");
  const Columns x = standardised_configuration(a);
  const Columns y = standardised_configuration(b);
  return x.hasNaN() || y.hasNaN() ? kNaN : disparity(x, y);
}

PermutationTest procrustes_test(const Matrix& a, const Matrix& b, int permutations,
                                std::uint64_t seed) {
  const double observed = procrustes_disparity(a, b);
  if (std::isnan(observed)) return {kNaN, kNaN, 0, "one of the configurations does not vary"};
  if (a.rows() < 4) return {observed, kNaN, 0, "fewer than 4 rows"};
  const Columns x = standardised_configuration(a);
  const Columns y = standardised_configuration(b);
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
