#include "stats/multiple_testing.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mien {

namespace {

// Positions of the tests that were made, smallest p first; equal ones in their order.
std::vector<std::size_t> ascending(std::span<const double> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!std::isnan(p[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  return order;
}

std::vector<double> step_up(std::span<const double> p, double factor) {
  const std::vector<std::size_t> order = ascending(p);
  std::vector<double> adjusted(p.begin(), p.end());
  const double tests = static_cast<double>(order.size());
  double least = 1;
  for (std::size_t rank = order.size(); rank > 0; --rank) {
    const std::size_t i = order[rank - 1];
    least = std::min(least, p[i] * tests * factor / static_cast<double>(rank));
    adjusted[i] = least;
  }
  return adjusted;
}

}  // namespace

std::vector<double> holm(std::span<const double> p) {
  const std::vector<std::size_t> order = ascending(p);
  std::vector<double> adjusted(p.begin(), p.end());
  double most = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    most = std::max(most, p[order[rank]] * static_cast<double>(order.size() - rank));
    adjusted[order[rank]] = std::min(1.0, most);
  }
  return adjusted;
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  return step_up(p, 1);
}

std::vector<double> benjamini_yekutieli(std::span<const double> p) {
  double harmonic = 0;
  std::size_t tests = 0;
  for (const double value : p) {
    if (!std::isnan(value)) harmonic += 1.0 / static_cast<double>(++tests);
  }
  return step_up(p, harmonic);
}

}  // namespace mien
