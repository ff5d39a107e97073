// Weighted sums of rows: the product of a matrix of weights and a matrix of rows, in float64.
//
// Terms are added in the order of the rows, one multiplication and one addition each, so that the
// result has the same bits on every CPU, whatever vector width it has.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mien {

// Columns are handled this many at a time: strides and `columns` are multiples of it.
inline constexpr std::size_t kWeightedSumsStep = 8;
constexpr std::size_t rounded_up(std::size_t columns) {
  return (columns + kWeightedSumsStep - 1) / kWeightedSumsStep * kWeightedSumsStep;
}

// out[s][c] = sum over r of weights[s][r] * rows[r][c]; each matrix row-major with its stride.
void weighted_sums(const double* weights, std::size_t weights_stride, std::size_t sets,
                   const double* rows, std::size_t rows_stride, std::size_t row_count,
                   std::size_t columns, double* out, std::size_t out_stride);

}  // namespace mien
