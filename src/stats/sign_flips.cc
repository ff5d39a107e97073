#include "stats/sign_flips.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "stats/decomposition.h"

namespace mien {

namespace {

constexpr std::size_t kAllFlipsUpTo = 12;  // regions
constexpr std::size_t kRandomFlips = 2048;
constexpr std::uint64_t kSeed = 1;
constexpr double kEigenRounding = 1e-12;  // of the largest eigenvalue

// Regions x flips, the first column all +1.
Eigen::MatrixXd signs_of(std::size_t regions) {
  const bool all = regions <= kAllFlipsUpTo;
  const std::size_t flips = all ? std::size_t{1} << (regions - 1) : kRandomFlips;
  Eigen::MatrixXd signs =
      Eigen::MatrixXd::Ones(static_cast<Eigen::Index>(regions), static_cast<Eigen::Index>(flips));
  Random random(kSeed);
  for (std::size_t flip = 1; flip < flips; ++flip) {
    for (std::size_t g = 1; g < regions; ++g) {
      const bool negative = all ? ((flip >> (g - 1)) & 1U) != 0 : random.below(2) == 1;
      if (negative) signs(static_cast<Eigen::Index>(g), static_cast<Eigen::Index>(flip)) = -1;
    }
  }
  return signs;
}

// components^2 x flips: the sum over pairs of the maps' products on the axes, under every flip.
Eigen::MatrixXd flipped_sums(const std::vector<Matrix>& centred, const Matrix& axes,
                             const Eigen::MatrixXd& signs) {
  std::vector<Eigen::MatrixXd> scores;
  for (const Matrix& map : centred) scores.emplace_back(map * axes);
  const auto regions = static_cast<Eigen::Index>(centred.size());
  const Eigen::Index pairs = regions * (regions - 1) / 2;
  Eigen::MatrixXd products(axes.cols() * axes.cols(), pairs);
  Eigen::MatrixXd pair_signs(pairs, signs.cols());
  Eigen::Index pair = 0;
  for (Eigen::Index g = 0; g < regions; ++g) {
    for (Eigen::Index h = g + 1; h < regions; ++h, ++pair) {
      const Eigen::MatrixXd product =
          scores[static_cast<std::size_t>(g)].transpose() * scores[static_cast<std::size_t>(h)];
      products.col(pair) = (product + product.transpose()).reshaped();
      pair_signs.row(pair) = signs.row(g).cwiseProduct(signs.row(h));
    }
  }
  return products * pair_signs;
}

}  // namespace

SignFlips sign_flips(const std::vector<Matrix>& centred, const Matrix& axes, double alpha) {
  const Eigen::Index components = axes.cols();
  SignFlips result;
  result.p.assign(static_cast<std::size_t>(components), std::numeric_limits<double>::quiet_NaN());
  const std::size_t regions = centred.size();
  if (regions < 2 || std::pow(0.5, static_cast<double>(regions) - 1) >= alpha) {
    result.not_testable = std::to_string(regions) +
                          " regions have too few flips to reach p below " +
                          std::to_string(alpha).substr(0, 4);
    return result;
  }
  const Eigen::MatrixXd signs = signs_of(regions);
  const Eigen::MatrixXd sums = flipped_sums(centred, axes, signs);
  result.flips = static_cast<std::size_t>(signs.cols());
  double rounding = 0;
  double largest = 0;
  for (Eigen::Index k = 0; k < components; ++k) {
    const auto eigenvalue = [&](Eigen::Index flip) {
      const Eigen::MatrixXd sum = sums.col(flip).reshaped(components, components);
      return largest_eigenvalue(sum.bottomRightCorner(components - k, components - k));
    };
    const double observed = eigenvalue(0);
    if (k == 0) rounding = kEigenRounding * std::max(std::abs(observed), sums.col(0).norm());
    std::size_t as_large = 0;
    for (Eigen::Index flip = 0; flip < sums.cols(); ++flip) {
      as_large += eigenvalue(flip) >= observed - rounding ? 1 : 0;
    }
    largest = std::max(largest, static_cast<double>(as_large) / static_cast<double>(result.flips));
    result.p[static_cast<std::size_t>(k)] = largest;
    if (!(largest < alpha)) break;
    ++result.passed;
  }
  return result;
}

}  // namespace mien
