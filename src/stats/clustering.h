// A tree of what is alike: hierarchical clustering with average linkage (Sokal and Michener 1958).
//
// The nearest-neighbour chain (Murtagh 1983) finds it in time and memory n^2; ties go to the lower
// number, so the same distances give the same tree.
#pragma once

#include <cstddef>
#include <vector>

#include "stats/context_maps.h"

namespace mien {

struct TreeMerge {
  std::size_t a = 0;  // below n: that item; else the cluster made by merge number a - n; a < b
  std::size_t b = 0;
  double height = 0;     // mean distance between the members of a and of b
  std::size_t size = 0;  // items in the new cluster
};

struct ClusterTree {
  std::vector<TreeMerge> merges;        // n - 1, by rising height
  std::vector<std::size_t> leaf_order;  // the items from left to right
};

// `distance` is square, symmetric and finite off the diagonal, else a caller's bug; no item or one
// gives no merge.
ClusterTree average_linkage(const Matrix& distance);

}  // namespace mien
