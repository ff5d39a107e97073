#include "stats/crossed_components.h"

#include <Eigen/Core>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <map>
#include <vector>

#include "base/missing.h"
#include "stats/decomposition.h"

namespace mien {

namespace {

constexpr int kBits = 40;     // of precision of one search along one axis
constexpr int kRounds = 200;  // of searches along both
constexpr double kStill = 1e-9;
constexpr std::size_t kMostCells = 20'000'000;  // of the restricted likelihood's matrices

struct Data {
  std::span<const std::uint32_t> row, column;
  std::span<const double> value;
  std::size_t rows, columns;
};

struct Factor {
  std::vector<double> n, sum, squares;
  explicit Factor(std::size_t levels) : n(levels, 0), sum(levels, 0), squares(levels, 0) {}
  void add(std::uint32_t level, double value) {
    n[level] += 1;
    sum[level] += value;
    squares[level] += value * value;
  }
  // Squared differences within levels, and how many ordered pairs of values they are of.
  double differences() const {
    double total = 0;
    for (std::size_t i = 0; i < n.size(); ++i) total += n[i] * squares[i] - sum[i] * sum[i];
    return total;
  }
  double pairs() const {
    double total = 0;
    for (const double count : n) total += count * (count - 1);
    return total;
  }
};

// Values whose column effect is tied to nothing cannot tell residual from effects.
bool identifiable(const Data& data, const Factor& rows, const Factor& columns) {
  double levels = 0;
  for (const double n : rows.n) levels += n > 0 ? 1 : 0;
  for (const double n : columns.n) levels += n > 0 ? 1 : 0;
  return rows.pairs() > 0 && columns.pairs() > 0 &&
         static_cast<double>(data.value.size()) > levels - 1;
}

CrossedComponents koch(const Data& data, const Factor& rows, const Factor& columns) {
  double sum = 0;
  double squares = 0;
  for (const double value : data.value) {
    sum += value;
    squares += value * value;
  }
  const auto n = static_cast<double>(data.value.size());
  const double in_row = rows.differences() / rows.pairs();           // column + residual
  const double in_column = columns.differences() / columns.pairs();  // row + residual
  const double apart_pairs = n * (n - 1) - rows.pairs() - columns.pairs();
  const double apart =
      (n * squares - sum * sum - rows.differences() - columns.differences()) / apart_pairs;
  if (!(apart_pairs > 0)) return {kNaN, kNaN, kNaN, "koch", "not_identifiable"};
  return {apart - in_row, apart - in_column, in_row + in_column - apart, "koch", ""};
}

// Minus twice the restricted log-likelihood as a function of the ratios of row and column variance
// to the residual's, which is profiled out. Rows are taken out block by block; rows of equal size
// are summed beforehand, so that an evaluation costs a factorisation of columns x columns.
class RestrictedLikelihood {
 public:
  RestrictedLikelihood(const Data& data, const Factor& rows, const Factor& columns)
      : n_(static_cast<double>(data.value.size())),
        column_n_(Eigen::Map<const Eigen::VectorXd>(columns.n.data(),
                                                    static_cast<Eigen::Index>(columns.n.size()))),
        column_sum_(Eigen::Map<const Eigen::VectorXd>(
            columns.sum.data(), static_cast<Eigen::Index>(columns.sum.size()))) {
    std::vector<std::vector<std::uint32_t>> members(data.rows);
    for (std::size_t i = 0; i < data.row.size(); ++i) {
      members[data.row[i]].push_back(data.column[i]);
      ones_values_ += data.value[i];
      values_values_ += data.value[i] * data.value[i];
    }
    const auto side = static_cast<Eigen::Index>(data.columns);
    for (std::size_t r = 0; r < data.rows; ++r) {
      if (members[r].empty()) continue;
      OfSize& size = sizes_[members[r].size()];
      if (size.rows == 0) {
        size.together = Eigen::MatrixXd::Zero(side, side);
        size.ones = Eigen::VectorXd::Zero(side);
        size.values = Eigen::VectorXd::Zero(side);
      }
      size.rows += 1;
      size.sum += rows.sum[r];
      size.squared_sum += rows.sum[r] * rows.sum[r];
      for (const std::uint32_t a : members[r]) {
        for (const std::uint32_t b : members[r]) size.together(a, b) += 1;
        size.ones(a) += rows.n[r];
        size.values(a) += rows.sum[r];
      }
    }
  }

  static std::size_t cells(const Data& data, const Factor& rows) {
    std::map<double, bool> sizes;
    for (const double n : rows.n) sizes[n] = true;
    return sizes.size() * data.columns * data.columns;
  }

  double operator()(double row_ratio, double column_ratio) {
    Eigen::MatrixXd m = column_n_.asDiagonal();
    Eigen::VectorXd ones = column_n_;
    Eigen::VectorXd values = column_sum_;
    double log_rows = 0;
    double oo = n_;
    double ov = ones_values_;
    double vv = values_values_;
    for (const auto& [size, of] : sizes_) {
      const auto k = static_cast<double>(size);
      const double g = row_ratio / (1 + row_ratio * k);
      log_rows += of.rows * std::log1p(row_ratio * k);
      m -= g * of.together;
      ones -= g * of.ones;
      values -= g * of.values;
      oo -= g * of.rows * k * k;
      ov -= g * k * of.sum;
      vv -= g * of.squared_sum;
    }
    m *= column_ratio;
    m.diagonal().array() += 1;
    const Cholesky factor(m);
    const Eigen::VectorXd solved = factor.solve(ones);
    oo -= column_ratio * ones.dot(solved);
    ov -= column_ratio * values.dot(solved);
    vv -= column_ratio * values.dot(factor.solve(values).col(0));
    residual_ = (vv - ov * ov / oo) / (n_ - 1);
    return (n_ - 1) * std::log(residual_) + log_rows + factor.log_determinant() + std::log(oo);
  }

  double residual() const { return residual_; }  // of the last evaluation

 private:
  struct OfSize {
    double rows = 0, sum = 0, squared_sum = 0;
    Eigen::MatrixXd together;      // how often two columns stand in one row
    Eigen::VectorXd ones, values;  // over the rows of each column: their size, their sum
  };
  double n_;
  Eigen::VectorXd column_n_, column_sum_;
  double ones_values_ = 0, values_values_ = 0;
  std::map<std::size_t, OfSize> sizes_;
  double residual_ = kNaN;
};

// Along one ratio at a time (Brent 1973), on a scale that reaches from 0 to infinity.
CrossedComponents reml(const Data& data, const Factor& rows, const Factor& columns) {
  RestrictedLikelihood likelihood(data, rows, columns);
  const auto ratio = [](double share) { return share / (1 - share); };
  double row = 0.3;
  double column = 0.3;
  constexpr double kLargest = 1 - 1e-9;
  for (int round = 0; round < kRounds; ++round) {
    const double row_before = row;
    const double column_before = column;
    row = boost::math::tools::brent_find_minima(
              [&](double share) { return likelihood(ratio(share), ratio(column)); }, 0.0, kLargest,
              kBits)
              .first;
    column = boost::math::tools::brent_find_minima(
                 [&](double share) { return likelihood(ratio(row), ratio(share)); }, 0.0, kLargest,
                 kBits)
                 .first;
    if (std::abs(row - row_before) + std::abs(column - column_before) < kStill) break;
  }
  likelihood(ratio(row), ratio(column));
  const double residual = likelihood.residual();
  return {residual * ratio(row), residual * ratio(column), residual, "reml", ""};
}

}  // namespace

CrossedComponents crossed_components(std::span<const std::uint32_t> row,
                                     std::span<const std::uint32_t> column,
                                     std::span<const double> value, std::size_t rows,
                                     std::size_t columns) {
  double mean = 0;
  for (const double v : value) mean += v / static_cast<double>(value.size());
  std::vector<double> centred(value.begin(), value.end());
  Factor of_row(rows);
  Factor of_column(columns);
  double squares = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    centred[i] -= mean;
    of_row.add(row[i], centred[i]);
    of_column.add(column[i], centred[i]);
    squares += centred[i] * centred[i];
  }
  const Data data{row, column, centred, rows, columns};
  if (!identifiable(data, of_row, of_column)) return {kNaN, kNaN, kNaN, "", "not_identifiable"};
  if (!(squares > 0)) return {kNaN, kNaN, kNaN, "", "no_variation"};
  const bool small =
      columns <= kMostRemlColumns && RestrictedLikelihood::cells(data, of_row) <= kMostCells;
  return small ? reml(data, of_row, of_column) : koch(data, of_row, of_column);
}

}  // namespace mien
