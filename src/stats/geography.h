// Whether regions that lie close to each other, or that border on each other, are more alike; and
// whether a region is closer to the world than to its neighbours.
//
// A mean of many maps correlates higher with any map by averaging alone, so a region is never
// judged by its similarity to the world's mean against that to single neighbours. Two fair
// comparisons are given: the mean similarity to neighbours against that to the others, and the
// region against averages of equally many neighbours and others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stats/context_maps.h"
#include "stats/permutation.h"

namespace mien {

struct PlaceOnEarth {
  double latitude_deg = 0;
  double longitude_deg = 0;
};

// Along the great circle, haversine formula, mean Earth radius 6371.0088 km (IUGG 1980).
double great_circle_km(const PlaceOnEarth& a, const PlaceOnEarth& b);
Matrix great_circle_km(const std::vector<PlaceOnEarth>& places);

// Neighbours are pairs with 1 in `adjacent` (symmetric, 0 elsewhere).
struct NeighbourComparison {
  std::size_t neighbours = 0;
  double to_neighbours = 0;  // mean similarity; NaN where there is none
  double to_others = 0;
  double averaged_neighbours = 0;  // r with the mean of m neighbours' maps...
  double averaged_others = 0;      // ...and with the mean of m others', m the lesser number; means
                                   // over all choices of m, or over 200 seeded ones
};
std::vector<NeighbourComparison> compare_neighbours(const ContextMaps& maps,
                                                    const Matrix& similarity,
                                                    const Matrix& adjacent, std::uint64_t seed);

// Mean over regions of to_others - to_neighbours, against permutations of the regions. The upper
// tail speaks for "closer to the world", the lower for "closer to neighbours".
struct WorldOrNeighbours {
  PermutationTest closer_to_world;
  PermutationTest closer_to_neighbours;
};
WorldOrNeighbours world_or_neighbours(const Matrix& similarity, const Matrix& adjacent,
                                      int permutations, std::uint64_t seed);

}  // namespace mien
