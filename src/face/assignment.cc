#include "face/assignment.h"

#include <cmath>

#include "base/check.h"

namespace mien {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// The matrix with one more column a row, in which that row, and no other, stays alone.
class Extended {
 public:
  Extended(const CostMatrix& costs, double alone) : costs_(costs), alone_(alone) {}
  std::size_t columns() const { return costs_.columns() + costs_.rows(); }
  double at(std::size_t row, std::size_t column) const {
    if (column >= costs_.columns()) {
      return column - costs_.columns() == row ? alone_ : CostMatrix::kForbidden;
    }
    const double cost = costs_.at(row, column);
    return std::isnan(cost) ? CostMatrix::kForbidden : cost;
  }

 private:
  const CostMatrix& costs_;
  double alone_;
};

struct Matching {
  std::vector<std::size_t> row_of;  // of a column
  std::vector<double> row_potential;
  std::vector<double> column_potential;
};

// Finds the cheapest way to bring `start` in, moving earlier rows where that pays, and takes it.
void augment(const Extended& costs, std::size_t start, Matching& matching) {
  const std::size_t columns = costs.columns();
  std::vector<double> distance(columns, CostMatrix::kForbidden);
  std::vector<std::size_t> came_from(columns, kNone);
  std::vector<bool> settled(columns, false);
  std::vector<std::size_t> path;  // settled columns in order
  std::size_t row = start;
  std::size_t from = kNone;
  double so_far = 0;
  std::size_t last = kNone;
  while (last == kNone) {
    std::size_t nearest = kNone;
    for (std::size_t c = 0; c < columns; ++c) {
      if (settled[c]) continue;
      const double reduced =
          so_far + costs.at(row, c) - matching.row_potential[row] - matching.column_potential[c];
      if (reduced < distance[c]) {
        distance[c] = reduced;
        came_from[c] = from;
      }
      if (nearest == kNone || distance[c] < distance[nearest]) nearest = c;
    }
    MIEN_CHECK(nearest != kNone && std::isfinite(distance[nearest]), "staying alone is possible");
    settled[nearest] = true;
    so_far = distance[nearest];
    path.push_back(nearest);
    if (matching.row_of[nearest] == kNone) {
      last = nearest;
    } else {
      row = matching.row_of[nearest];
      from = nearest;
    }
  }
  matching.row_potential[start] += so_far;
  for (const std::size_t c : path) {
    if (c == last) continue;
    matching.column_potential[c] -= so_far - distance[c];
    matching.row_potential[matching.row_of[c]] += so_far - distance[c];
  }
  for (std::size_t c = last; c != kNone;) {
    const std::size_t before = came_from[c];
    matching.row_of[c] = before == kNone ? start : matching.row_of[before];
    c = before;
  }
}

}  // namespace

std::vector<int> assign(const CostMatrix& costs, double alone) {
  MIEN_CHECK(std::isfinite(alone), "the price of staying alone is finite");
  const Extended extended(costs, alone);
  Matching matching;
  matching.row_of.assign(extended.columns(), kNone);
  matching.row_potential.assign(costs.rows(), 0.0);
  matching.column_potential.assign(extended.columns(), 0.0);
  for (std::size_t row = 0; row < costs.rows(); ++row) augment(extended, row, matching);
  std::vector<int> column_of(costs.rows(), -1);
  for (std::size_t c = 0; c < costs.columns(); ++c) {
    if (matching.row_of[c] != kNone) column_of[matching.row_of[c]] = static_cast<int>(c);
  }
  return column_of;
}

}  // namespace mien
