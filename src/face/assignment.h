// Who belongs to whom at the least total cost: rows (faces) to columns (tracks), every row to at
// most one column and every column to at most one row.
//
// Shortest augmenting paths with potentials (Kuhn 1955; Jonker and Volgenant 1987), which is exact:
// O(rows^2 (rows + columns)). Every row may stay alone at a price, so there is always a solution.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace mien {

class CostMatrix {
 public:
  static constexpr double kForbidden = std::numeric_limits<double>::infinity();

  CostMatrix(std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns), costs_(rows * columns, kForbidden) {}

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  double& at(std::size_t row, std::size_t column) { return costs_[row * columns_ + column]; }
  double at(std::size_t row, std::size_t column) const { return costs_[row * columns_ + column]; }

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::vector<double> costs_;
};

// For every row its column, or -1 where it stays alone at the cost `alone` (finite). Costs may be
// negative; NaN counts as forbidden. Ties are broken by order alone, the same on every run.
std::vector<int> assign(const CostMatrix& costs, double alone);

}  // namespace mien
