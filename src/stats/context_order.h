// Contexts in an order in which similar ones are neighbours, and what could happen by chance if
// groups of similar contexts were exchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stats/context_maps.h"
#include "stats/permutation.h"

namespace mien {

// Contexts complete in all regions, in the leaf order of average linkage on 1 - r of their rows in
// the mean of all maps; contexts that do not vary come last. Time and memory contexts^2.
std::vector<std::size_t> similar_contexts_together(const ContextMaps& maps);

// Is the mean pairwise similarity larger than when every region's contexts are exchanged in groups
// of `group_size` similar ones? Exchanging single rows would be too lenient: similar contexts have
// similar rows, so there are far fewer independent ones than rows. On contexts complete in all
// regions; not testable below 4 groups.
struct ContextNull {
  PermutationTest test;
  double null_mean = 0;
  double null_sd = 0;
  std::size_t groups = 0;
  std::size_t contexts = 0;
};
ContextNull context_group_null(const ContextMaps& maps, const std::vector<std::size_t>& order,
                               std::size_t group_size, int permutations, std::uint64_t seed);

}  // namespace mien
