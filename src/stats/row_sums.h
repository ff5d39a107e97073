// The loop of weighted_sums and fused_sums: always part of the function that calls it, so that each
// file's rules for products and sums, and each function's vectors, hold in it.
#pragma once

#include <cstddef>

#include "stats/weighted_sums.h"

namespace mien::row_sums {

typedef double Vector __attribute__((vector_size(64), aligned(8), may_alias));
static_assert(sizeof(Vector) == kWeightedSumsStep * sizeof(double));

// So many sets share what is read of a row; with two vectors a row, their sums fill half the
// registers of a CPU with vectors of 8 doubles.
constexpr std::size_t kSetsAtOnce = 8;

template <std::size_t kVectors, typename Place>
[[gnu::always_inline]] inline void sum_vectors(const double* weights, std::size_t weights_stride,
                                               const Place& place, const double* rows,
                                               std::size_t rows_stride, std::size_t row_count,
                                               double* out, std::size_t out_stride) {
  Vector sums[kSetsAtOnce][kVectors] = {};
  for (std::size_t r = 0; r < row_count; ++r, rows += rows_stride) {
    const double* w = weights + place(r);
    Vector row[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      row[v] = *reinterpret_cast<const Vector*>(rows + v * kWeightedSumsStep);
    }
#pragma GCC unroll 8
    for (std::size_t s = 0; s < kSetsAtOnce; ++s) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; ++v) sums[s][v] += w[s * weights_stride] * row[v];
    }
  }
  for (std::size_t s = 0; s < kSetsAtOnce; ++s) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      *reinterpret_cast<Vector*>(out + s * out_stride + v * kWeightedSumsStep) = sums[s][v];
    }
  }
}

// `place(r)`: which weight of a set belongs to row r.
template <typename Place>
[[gnu::always_inline]] inline void sum_rows(const double* weights, std::size_t weights_stride,
                                            std::size_t sets, const Place& place,
                                            const double* rows, std::size_t rows_stride,
                                            std::size_t row_count, std::size_t columns, double* out,
                                            std::size_t out_stride) {
  std::size_t s = 0;
  for (; s + kSetsAtOnce <= sets; s += kSetsAtOnce) {
    const double* w = weights + s * weights_stride;
    std::size_t c = 0;
    for (; c + 2 * kWeightedSumsStep <= columns; c += 2 * kWeightedSumsStep) {
      sum_vectors<2>(w, weights_stride, place, rows + c, rows_stride, row_count,
                     out + s * out_stride + c, out_stride);
    }
    for (; c < columns; c += kWeightedSumsStep) {
      sum_vectors<1>(w, weights_stride, place, rows + c, rows_stride, row_count,
                     out + s * out_stride + c, out_stride);
    }
  }
  for (; s < sets; ++s) {
    const double* w = weights + s * weights_stride;
    for (std::size_t c = 0; c < columns; c += kWeightedSumsStep) {
      Vector a = {};
      const double* row = rows + c;
      for (std::size_t r = 0; r < row_count; ++r, row += rows_stride) {
        a += w[place(r)] * *reinterpret_cast<const Vector*>(row);
      }
      *reinterpret_cast<Vector*>(out + s * out_stride + c) = a;
    }
  }
}

}  // namespace mien::row_sums
