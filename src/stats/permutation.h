// Tests that compare an observed value with the same value under seeded random permutations.
//
// p = (1 + permutations at least as extreme) / (1 + permutations), so that it is never 0 (Phipson
// and Smyth 2010). Differences that rounding alone makes (1e-12) count as equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "stats/context_maps.h"

namespace mien {

enum class Tail { kLower, kUpper };

struct PermutationTest {
  double observed = 0;  // NaN: not estimable
  double p = 0;         // NaN: not testable
  int permutations = 0;
  std::string reason;  // why p is missing; empty where it is there
};

// Counts permuted values as they come.
class PermutationCount {
 public:
  PermutationCount(double observed, Tail tail) : observed_(observed), tail_(tail) {}
  void add(double permuted);
  PermutationTest result() const;

 private:
  double observed_;
  Tail tail_;
  int permutations_ = 0;
  int as_extreme_ = 0;
};

std::vector<std::size_t> random_order(std::size_t n, Random& random);  // Fisher and Yates

// Correlation of two symmetric matrices over the pairs of items, against permutations of the rows
// and columns of one of them together (Mantel 1967). Fewer than 4 items cannot be permuted into
// more than 6 orders: not testable.
PermutationTest mantel(const Matrix& a, const Matrix& b, Tail tail, int permutations,
                       std::uint64_t seed);

}  // namespace mien
