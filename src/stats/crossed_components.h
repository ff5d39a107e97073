// Variance components of values that two crossed factors share: value = mean + a row's effect + a
// column's effect + residual, all random, any cells missing, at most one value a cell. (Ratings:
// rows are clips, columns raters.)
//
// Up to kMostRemlColumns columns by restricted maximum likelihood (Patterson and Thompson 1971),
// components not below 0; beyond, by the means of squared differences between values that share a
// row, a column or neither (Koch 1967), unbiased for any design, where a component may come out
// below 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mien {

constexpr std::size_t kMostRemlColumns = 300;

struct CrossedComponents {
  double row = 0, column = 0, residual = 0;  // variances; NaN with a reason
  std::string method;                        // "reml", "koch"
  std::string reason;                        // "not_identifiable", "no_variation", or empty
};

// row[i] < rows and column[i] < columns of each value. Not identifiable where no row or no column
// holds two values, or where effects are as many as values.
CrossedComponents crossed_components(std::span<const std::uint32_t> row,
                                     std::span<const std::uint32_t> column,
                                     std::span<const double> value, std::size_t rows,
                                     std::size_t columns);

}  // namespace mien
