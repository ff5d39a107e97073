#include "stats/permutation.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/missing.h"
#include "stats/correlation.h"

namespace mien {

namespace {

constexpr double kTieRounding = 1e-12;
constexpr std::size_t kFewestItems = 4;

// The pairs (i, j), i < j, with both members renamed by `order`.
std::vector<double> pairs_of(const Matrix& matrix, const std::vector<std::size_t>& order) {
  std::vector<double> values;
  values.reserve(order.size() * (order.size() - 1) / 2);
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      values.push_back(
          matrix(static_cast<Eigen::Index>(order[i]), static_cast<Eigen::Index>(order[j])));
    }
  }
  return values;
}

}  // namespace

void PermutationCount::add(double permuted) {
  ++permutations_;
  const bool extreme = tail_ == Tail::kUpper ? permuted >= observed_ - kTieRounding
                                             : permuted <= observed_ + kTieRounding;
  as_extreme_ += extreme ? 1 : 0;
}

PermutationTest PermutationCount::result() const {
  return {observed_, (1.0 + as_extreme_) / (1.0 + permutations_), permutations_, {}};
}

std::vector<std::size_t> random_order(std::size_t n, Random& random) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

PermutationTest mantel(const Matrix& a, const Matrix& b, Tail tail, int permutations,
                       std::uint64_t seed) {
  MIEN_CHECK(a.rows() == b.rows() && a.rows() == a.cols() && b.rows() == b.cols(),
             "both matrices are between the same items");
  const auto n = static_cast<std::size_t>(a.rows());
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (n < 2) return {kNaN, kNaN, 0, "fewer than 4 items"};
  const std::vector<double> fixed = pairs_of(a, order);
  const std::vector<double> moving = pairs_of(b, order);
  const Correlation observed = pearson(fixed, moving);
  if (n < kFewestItems) return {observed.r, kNaN, 0, "fewer than 4 items"};
  if (observed.n != fixed.size()) return {observed.r, kNaN, 0, "a pair of items has no value"};
  if (std::isnan(observed.r)) return {kNaN, kNaN, 0, "one of the matrices does not vary"};
  PermutationCount count(observed.r, tail);
  Random random(seed);
  for (int i = 0; i < permutations; ++i) {
    count.add(pearson(fixed, pairs_of(b, random_order(n, random))).r);
  }
  return count.result();
}

}  // namespace mien
