#include "stats/context_order.h"

#include <cmath>

#include "base/missing.h"
#include "stats/clustering.h"
#include "stats/correlation.h"

namespace mien {

namespace {

using Columns = Eigen::MatrixXd;

// A region's complete contexts, in the order given, centred and of unit length as one vector.
Matrix standardised(const Matrix& map, const std::vector<std::size_t>& order) {
  Matrix result(static_cast<Eigen::Index>(order.size()), map.cols());
  for (std::size_t i = 0; i < order.size(); ++i) {
    result.row(static_cast<Eigen::Index>(i)) = map.row(static_cast<Eigen::Index>(order[i]));
  }
  result.array() -= result.mean();
  return result / result.norm();
}

// With unit vectors the mean over pairs of their products is (|sum|^2 - n) / (n (n - 1)).
double mean_pairwise(const Matrix& sum, std::size_t regions) {
  const auto n = static_cast<double>(regions);
  return (sum.squaredNorm() - n) / (n * (n - 1));
}

}  // namespace

std::vector<std::size_t> similar_contexts_together(const ContextMaps& maps) {
  const CompleteMaps complete = complete_maps(maps);
  if (complete.kept_expressions.empty()) return complete.kept_contexts;
  std::vector<std::size_t> varying;
  std::vector<std::size_t> constant;
  std::vector<Eigen::RowVectorXd> profiles;
  for (std::size_t i = 0; i < complete.kept_contexts.size(); ++i) {
    Eigen::RowVectorXd row =
        Eigen::RowVectorXd::Zero(static_cast<Eigen::Index>(complete.kept_expressions.size()));
    for (const Matrix& map : complete.maps.cells) row += map.row(static_cast<Eigen::Index>(i));
    const double size = row.norm();
    row.array() -= row.mean();
    if (row.norm() > 1e-12 * size) {
      varying.push_back(complete.kept_contexts[i]);
      profiles.push_back(row.normalized());
    } else {
      constant.push_back(complete.kept_contexts[i]);
    }
  }
  std::vector<std::size_t> order;
  if (!profiles.empty()) {
    Columns rows(static_cast<Eigen::Index>(profiles.size()), profiles.front().size());
    for (std::size_t i = 0; i < profiles.size(); ++i) {
      rows.row(static_cast<Eigen::Index>(i)) = profiles[i];
    }
    const Matrix r = rows * rows.transpose();
    const Matrix distance = (1 - (r + r.transpose()).array() / 2).max(0).matrix();
    for (const std::size_t leaf : average_linkage(distance).leaf_order) {
      order.push_back(varying[leaf]);
    }
  }
  order.insert(order.end(), constant.begin(), constant.end());
  return order;
}

ContextNull context_group_null(const ContextMaps& maps, const std::vector<std::size_t>& order,
                               std::size_t group_size, int permutations, std::uint64_t seed) {
  const std::size_t regions = maps.regions.size();
  ContextNull result;
  result.contexts = order.size();
  result.groups = (order.size() + group_size - 1) / group_size;
  result.null_mean = result.null_sd = kNaN;
  result.test = {kNaN, kNaN, 0, "fewer than 2 regions or than 4 groups of contexts"};
  if (regions < 2 || result.groups < 4) return result;
  std::vector<Matrix> maps_of;
  Matrix sum = Matrix::Zero(static_cast<Eigen::Index>(order.size()), maps.cells.front().cols());
  for (const Matrix& map : maps.cells) {
    maps_of.push_back(standardised(map, order));
    sum += maps_of.back();
  }
  if (!sum.allFinite()) {
    result.test.reason = "a region's map does not vary, or an expression is missing in a region";
    return result;
  }
  PermutationCount count(mean_pairwise(sum, regions), Tail::kUpper);
  std::vector<double> permuted;
  Random random(seed);
  for (int i = 0; i < permutations; ++i) {
    sum = maps_of.front();
    for (std::size_t g = 1; g < regions; ++g) {
      Eigen::Index at = 0;
      for (const std::size_t group : random_order(result.groups, random)) {
        const auto first = static_cast<Eigen::Index>(group * group_size);
        const Eigen::Index rows =
            std::min(static_cast<Eigen::Index>(group_size), sum.rows() - first);
        sum.middleRows(at, rows) += maps_of[g].middleRows(first, rows);
        at += rows;
      }
    }
    permuted.push_back(mean_pairwise(sum, regions));
    count.add(permuted.back());
  }
  result.test = count.result();
  result.null_mean = mean_of(permuted);
  result.null_sd = std::sqrt(variance_of(permuted));
  return result;
}

}  // namespace mien
