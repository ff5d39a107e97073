#include "stats/signed_rank.h"

#include <cmath>
#include <limits>
#include <vector>

#include "stats/correlation.h"
#include "stats/distributions.h"

namespace mien {

namespace {

constexpr std::size_t kExactUpTo = 200;

// P(sum of the chosen ranks >= observed) where each rank is chosen with probability 1/2. Ranks are
// doubled so that shared ones are whole numbers.
double exact_upper(std::span<const double> ranks, double observed) {
  const std::size_t total = ranks.size() * (ranks.size() + 1);
  std::vector<double> prob(total + 1, 0.0);
  prob[0] = 1;
  std::size_t reached = 0;
  for (const double rank : ranks) {
    const auto step = static_cast<std::size_t>(std::lround(2 * rank));
    reached += step;
    for (std::size_t sum = reached + 1; sum-- > 0;) {
      prob[sum] = (prob[sum] + (sum >= step ? prob[sum - step] : 0)) / 2;
    }
  }
  double upper = 0;
  for (std::size_t sum = reached + 1;
       sum-- > static_cast<std::size_t>(std::lround(2 * observed));) {
    upper += prob[sum];
  }
  return upper;
}

double normal_approximation(std::span<const double> ranks, double observed) {
  double mean = 0;
  double variance = 0;  // sum of rank^2 / 4 holds with ties as well
  for (const double rank : ranks) {
    mean += rank / 2;
    variance += rank * rank / 4;
  }
  return normal_upper((observed - mean - 0.5) / std::sqrt(variance));
}

}  // namespace

SignedRank signed_rank_greater(std::span<const double> values) {
  std::vector<double> sizes;
  std::vector<bool> positive;
  for (const double value : values) {
    if (std::isnan(value) || value == 0) continue;
    sizes.push_back(std::abs(value));
    positive.push_back(value > 0);
  }
  SignedRank result;
  result.n = sizes.size();
  if (sizes.empty()) {
    result.p = std::numeric_limits<double>::quiet_NaN();
    return result;
  }
  const std::vector<double> ranks = average_ranks(sizes);
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (!positive[i]) continue;
    result.rank_sum += ranks[i];
    ++result.positive;
  }
  result.p = result.n <= kExactUpTo ? exact_upper(ranks, result.rank_sum)
                                    : normal_approximation(ranks, result.rank_sum);
  return result;
}

double smallest_signed_rank_p(std::size_t n) {
  return std::pow(0.5, static_cast<double>(n));
}

}  // namespace mien
