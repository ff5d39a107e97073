#include "face/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace mien {
namespace {

double total(const CostMatrix& costs, const std::vector<int>& column_of, double alone) {
  double sum = 0;
  for (std::size_t row = 0; row < costs.rows(); ++row) {
    sum += column_of[row] < 0 ? alone : costs.at(row, static_cast<std::size_t>(column_of[row]));
  }
  return sum;
}

// Every way there is.
double least(const CostMatrix& costs, double alone, std::size_t row, std::vector<bool>& taken) {
  if (row == costs.rows()) return 0;
  double best = alone + least(costs, alone, row + 1, taken);
  for (std::size_t c = 0; c < costs.columns(); ++c) {
    if (taken[c]) continue;
    taken[c] = true;
    best = std::min(best, costs.at(row, c) + least(costs, alone, row + 1, taken));
    taken[c] = false;
  }
  return best;
}

TEST(Assign, EqualsTheBestOfAllWays) {
  Random random(11);
  for (int round = 0; round < 3000; ++round) {
    const std::size_t rows = random.below(6);
    const std::size_t columns = random.below(6);
    CostMatrix costs(rows, columns);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        // Small whole numbers make ties, and some pairs stay forbidden.
        if (random.uniform() < 0.8) costs.at(r, c) = static_cast<double>(random.below(9)) - 3;
      }
    }
    const double alone = static_cast<double>(random.below(8)) - 2;
    const std::vector<int> found = assign(costs, alone);
    std::set<int> used;
    for (const int c : found) EXPECT_TRUE(c < 0 || used.insert(c).second);
    std::vector<bool> taken(columns, false);
    ASSERT_EQ(total(costs, found, alone), least(costs, alone, 0, taken)) << "round " << round;
  }
}

TEST(Assign, IsGlobalNotGreedy) {
  CostMatrix costs(2, 2);
  costs.at(0, 0) = 1;
  costs.at(0, 1) = 2;
  costs.at(1, 0) = 1.5;
  costs.at(1, 1) = 9;
  EXPECT_EQ(assign(costs, 100), (std::vector<int>{1, 0}));
}

TEST(Assign, ForbiddenAndNanPairsAreNeverMade) {
  CostMatrix costs(2, 3);
  costs.at(1, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(assign(costs, 1e6), (std::vector<int>{-1, -1}));
  costs.at(1, 2) = 5;
  EXPECT_EQ(assign(costs, 10), (std::vector<int>{-1, 2}));
  EXPECT_EQ(assign(costs, 4), (std::vector<int>{-1, -1}));
}

TEST(Assign, EmptySidesAreFine) {
  EXPECT_TRUE(assign(CostMatrix(0, 5), 1).empty());
  EXPECT_EQ(assign(CostMatrix(3, 0), 1), (std::vector<int>{-1, -1, -1}));
}

TEST(Assign, AHundredFacesAndThreeHundredTracks) {
  Random random(5);
  CostMatrix costs(100, 300);
  for (std::size_t r = 0; r < costs.rows(); ++r) {
    for (std::size_t c = 0; c < costs.columns(); ++c) costs.at(r, c) = 1 + random.uniform();
    costs.at(r, 3 * r) = 0;
  }
  const std::vector<int> found = assign(costs, 50);
  for (std::size_t r = 0; r < costs.rows(); ++r) EXPECT_EQ(found[r], static_cast<int>(3 * r));
}

}  // namespace
}  // namespace mien
