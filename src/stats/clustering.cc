#include "stats/clustering.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace mien {

namespace {

struct RawMerge {
  std::size_t a = 0;  // any item of either cluster
  std::size_t b = 0;
  double height = 0;
};

// Merges in the order in which the chain finds them; `distance` is used up.
std::vector<RawMerge> nearest_neighbour_chain(Matrix distance) {
  const auto n = static_cast<std::size_t>(distance.rows());
  std::vector<std::size_t> size(n, 1);  // 0: merged into another
  std::vector<std::size_t> chain;
  std::vector<RawMerge> merges;
  const auto at = [&](std::size_t a, std::size_t b) -> double& {
    return distance(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b));
  };
  while (merges.size() + 1 < n) {
    if (chain.empty()) {
      chain.push_back(static_cast<std::size_t>(
          std::find_if(size.begin(), size.end(), [](std::size_t s) { return s > 0; }) -
          size.begin()));
    }
    const std::size_t tip = chain.back();
    // The one before in the chain wins a tie, or the chain would go round in circles.
    std::size_t nearest = chain.size() > 1 ? chain[chain.size() - 2] : n;
    double least = nearest < n ? at(tip, nearest) : INFINITY;
    for (std::size_t other = 0; other < n; ++other) {
      if (other == tip || size[other] == 0 || at(tip, other) >= least) continue;
      nearest = other;
      least = at(tip, other);
    }
    if (chain.size() < 2 || nearest != chain[chain.size() - 2]) {
      chain.push_back(nearest);
      continue;
    }
    chain.resize(chain.size() - 2);
    merges.push_back({tip, nearest, least});
    const auto tip_size = static_cast<double>(size[tip]);
    const auto other_size = static_cast<double>(size[nearest]);
    for (std::size_t k = 0; k < n; ++k) {
      if (k == tip || k == nearest || size[k] == 0) continue;
      const double mean =
          (tip_size * at(tip, k) + other_size * at(nearest, k)) / (tip_size + other_size);
      at(nearest, k) = at(k, nearest) = mean;
    }
    size[nearest] += size[tip];
    size[tip] = 0;
  }
  return merges;
}

}  // namespace

ClusterTree average_linkage(const Matrix& distance) {
  MIEN_CHECK(distance.rows() == distance.cols(), "distances are between all items");
  const auto n = static_cast<std::size_t>(distance.rows());
  for (Eigen::Index i = 0; i < distance.rows(); ++i) {
    for (Eigen::Index j = 0; j < i; ++j) {
      MIEN_CHECK(std::isfinite(distance(i, j)) && distance(i, j) == distance(j, i),
                 "distances are finite and symmetric");
    }
  }
  std::vector<RawMerge> raw = nearest_neighbour_chain(distance);
  std::stable_sort(raw.begin(), raw.end(),
                   [](const RawMerge& a, const RawMerge& b) { return a.height < b.height; });
  // parent[x]: the cluster that x went into; clusters are numbered from n in order of height.
  std::vector<std::size_t> parent(2 * n);
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto cluster_of = [&](std::size_t item) {
    while (parent[item] != item) item = parent[item] = parent[parent[item]];
    return item;
  };
  ClusterTree tree;
  std::vector<std::vector<std::size_t>> members(2 * n);
  for (std::size_t i = 0; i < n; ++i) members[i] = {i};
  for (const RawMerge& merge : raw) {
    const auto [a, b] = std::minmax({cluster_of(merge.a), cluster_of(merge.b)});
    const std::size_t made = n + tree.merges.size();
    parent[a] = parent[b] = made;
    members[made] = std::move(members[a]);
    members[made].insert(members[made].end(), members[b].begin(), members[b].end());
    members[b].clear();
    tree.merges.push_back({a, b, merge.height, members[made].size()});
  }
  if (n > 0) tree.leaf_order = members[n + tree.merges.size() - 1];
  return tree;
}

}  // namespace mien
