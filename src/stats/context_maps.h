// How strongly every expression goes with every context, in every region: what comparison between
// regions starts from.
//
// A cell is an association (a correlation, a slope...) of one kind throughout; NaN is a cell that
// was not estimated. Contexts are known by their row, since published names repeat. Standard errors
// and block replicates are optional: published maps have neither, and what needs them is then "not
// estimable".
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

// Contexts x expressions, or regions x regions; row by row in memory.
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
inline Eigen::Index at(std::size_t i) {
  return static_cast<Eigen::Index>(i);
}

struct ContextMaps {
  std::vector<std::string> regions;
  std::vector<std::string> contexts;
  std::vector<std::string> expressions;
  std::vector<Matrix> cells;  // one a region: contexts x expressions
  std::vector<Matrix> se;     // the same shape, or empty: unknown. NaN where unknown for a cell

  // replicates[g][b]: region g's map without its block b of uploaders; empty where not known.
  // Deleting one block at a time gives the jackknife of any statistic of the maps.
  std::vector<std::vector<Matrix>> replicates;

  std::span<const double> values(std::size_t region) const {
    return {cells[region].data(), static_cast<std::size_t>(cells[region].size())};
  }
  bool has_se() const { return !se.empty(); }
  bool has_replicates() const { return !replicates.empty(); }
};

// kMismatch where shapes disagree or fewer than one region, context or expression is there;
// kCorrupt for an infinite cell; both name the place.
Status check_maps(const ContextMaps& maps);

// Every region's cells drawn in to median +- 5 x 1.4826 MAD of that region. Standard errors and
// replicates are left out: they belong to the cells as they were.
ContextMaps winsorised_maps(const ContextMaps& maps);

// A place that has no estimate at all.
struct DroppedRow {
  std::size_t region = 0;
  std::size_t context = 0;
};

// Contexts whose every cell is missing in a region, region by region.
std::vector<DroppedRow> missing_rows(const ContextMaps& maps);

// The part on which every region has every cell. Expressions that some region lacks altogether are
// left out first, so that they do not cost all contexts; then contexts with a missing cell.
struct CompleteMaps {
  ContextMaps maps;  // without se and replicates
  std::vector<std::size_t> kept_contexts;
  std::vector<std::size_t> dropped_contexts;
  std::vector<std::size_t> kept_expressions;
  std::vector<std::size_t> dropped_expressions;
};
CompleteMaps complete_maps(const ContextMaps& maps);

}  // namespace mien
