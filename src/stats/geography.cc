#include "stats/geography.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/missing.h"
#include "stats/correlation.h"

namespace mien {

namespace {

constexpr double kEarthRadiusKm = 6371.0088;
constexpr std::size_t kMostChoices = 200;

struct Sides {
  std::vector<std::size_t> neighbours;
  std::vector<std::size_t> others;
};

Sides sides_of(std::size_t region, const Matrix& adjacent) {
  Sides sides;
  for (Eigen::Index other = 0; other < adjacent.cols(); ++other) {
    if (other == static_cast<Eigen::Index>(region)) continue;
    const bool borders = adjacent(static_cast<Eigen::Index>(region), other) > 0;
    (borders ? sides.neighbours : sides.others).push_back(static_cast<std::size_t>(other));
  }
  return sides;
}

double mean_similarity(std::size_t region, const std::vector<std::size_t>& to,
                       const Matrix& similarity) {
  std::vector<double> values;
  values.reserve(to.size());
  for (const std::size_t other : to) {
    values.push_back(
        similarity(static_cast<Eigen::Index>(region), static_cast<Eigen::Index>(other)));
  }
  return mean_of(values);
}

// All choices of m out of `from` in lexicographic order, or seeded ones where there are too many.
std::vector<std::vector<std::size_t>> choices(const std::vector<std::size_t>& from, std::size_t m,
                                              Random& random) {
  std::vector<std::vector<std::size_t>> result;
  std::vector<bool> chosen(from.size(), false);
  std::fill(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(m), true);
  do {
    std::vector<std::size_t> choice;
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (chosen[i]) choice.push_back(from[i]);
    }
    result.push_back(std::move(choice));
  } while (result.size() <= kMostChoices && std::prev_permutation(chosen.begin(), chosen.end()));
  if (result.size() <= kMostChoices) return result;
  result.clear();
  for (std::size_t i = 0; i < kMostChoices; ++i) {
    std::vector<std::size_t> choice;
    for (const std::size_t at : random_order(from.size(), random)) {
      if (choice.size() < m) choice.push_back(from[at]);
    }
    std::sort(choice.begin(), choice.end());
    result.push_back(std::move(choice));
  }
  return result;
}

double against_averages(const ContextMaps& maps, std::size_t region,
                        const std::vector<std::vector<std::size_t>>& groups) {
  std::vector<double> correlations;
  for (const std::vector<std::size_t>& group : groups) {
    Matrix mean = maps.cells[group.front()];
    for (std::size_t i = 1; i < group.size(); ++i) mean += maps.cells[group[i]];
    correlations.push_back(
        pearson(maps.values(region), {mean.data(), static_cast<std::size_t>(mean.size())}).r);
  }
  return mean_of(correlations);
}

double world_minus_neighbours(const Matrix& similarity, const std::vector<Sides>& sides,
                              const std::vector<std::size_t>& order) {
  double sum = 0;
  std::size_t regions = 0;
  for (std::size_t g = 0; g < sides.size(); ++g) {
    if (sides[g].neighbours.empty() || sides[g].others.empty()) continue;
    const auto mean = [&](const std::vector<std::size_t>& to) {
      double total = 0;
      for (const std::size_t other : to) {
        total += similarity(static_cast<Eigen::Index>(order[g]),
                            static_cast<Eigen::Index>(order[other]));
      }
      return total / static_cast<double>(to.size());
    };
    sum += mean(sides[g].others) - mean(sides[g].neighbours);
    ++regions;
  }
  return regions > 0 ? sum / static_cast<double>(regions) : kNaN;
}

}  // namespace

double great_circle_km(const PlaceOnEarth& a, const PlaceOnEarth& b) {
  constexpr double kRadians = std::numbers::pi / 180;
  const double up = std::sin((b.latitude_deg - a.latitude_deg) * kRadians / 2);
  const double along = std::sin((b.longitude_deg - a.longitude_deg) * kRadians / 2);
  const double chord = up * up + std::cos(a.latitude_deg * kRadians) *
                                     std::cos(b.latitude_deg * kRadians) * along * along;
  return 2 * kEarthRadiusKm * std::asin(std::min(1.0, std::sqrt(chord)));
}

Matrix great_circle_km(const std::vector<PlaceOnEarth>& places) {
  const auto n = static_cast<Eigen::Index>(places.size());
  Matrix km = Matrix::Zero(n, n);
  for (Eigen::Index a = 0; a < n; ++a) {
    for (Eigen::Index b = a + 1; b < n; ++b) {
      km(a, b) = km(b, a) =
          great_circle_km(places[static_cast<std::size_t>(a)], places[static_cast<std::size_t>(b)]);
    }
  }
  return km;
}

std::vector<NeighbourComparison> compare_neighbours(const ContextMaps& maps,
                                                    const Matrix& similarity,
                                                    const Matrix& adjacent, std::uint64_t seed) {
  std::vector<NeighbourComparison> result;
  const Random seeded(seed);
  for (std::size_t g = 0; g < maps.regions.size(); ++g) {
    const Sides sides = sides_of(g, adjacent);
    NeighbourComparison comparison;
    comparison.neighbours = sides.neighbours.size();
    comparison.to_neighbours = mean_similarity(g, sides.neighbours, similarity);
    comparison.to_others = mean_similarity(g, sides.others, similarity);
    comparison.averaged_neighbours = comparison.averaged_others = kNaN;
    const std::size_t m = std::min(sides.neighbours.size(), sides.others.size());
    if (m > 0) {
      Random random = seeded.fork(g);
      comparison.averaged_neighbours =
          against_averages(maps, g, choices(sides.neighbours, m, random));
      comparison.averaged_others = against_averages(maps, g, choices(sides.others, m, random));
    }
    result.push_back(comparison);
  }
  return result;
}

WorldOrNeighbours world_or_neighbours(const Matrix& similarity, const Matrix& adjacent,
                                      int permutations, std::uint64_t seed) {
  const auto n = static_cast<std::size_t>(similarity.rows());
  std::vector<Sides> sides;
  for (std::size_t g = 0; g < n; ++g) sides.push_back(sides_of(g, adjacent));
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const double observed = world_minus_neighbours(similarity, sides, order);
  if (std::isnan(observed) || n < 4) {
    const PermutationTest missing{observed, kNaN, 0,
                                  n < 4 ? "fewer than 4 regions"
                                        : "no region has both neighbours and others, or a pair of "
                                          "regions has no similarity"};
    return {missing, missing};
  }
  PermutationCount world(observed, Tail::kUpper);
  PermutationCount neighbours(observed, Tail::kLower);
  Random random(seed);
  for (int i = 0; i < permutations; ++i) {
    const double permuted = world_minus_neighbours(similarity, sides, random_order(n, random));
    world.add(permuted);
    neighbours.add(permuted);
  }
  return {world.result(), neighbours.result()};
}

}  // namespace mien
