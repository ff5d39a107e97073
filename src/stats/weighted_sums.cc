#include "stats/weighted_sums.h"

#include "stats/vector_widths.h"

namespace mien {

namespace {

typedef double Vector __attribute__((vector_size(64), aligned(8), may_alias));
static_assert(sizeof(Vector) == kWeightedSumsStep * sizeof(double));

// `place(r)`: which weight of a set belongs to row r.
template <typename Place>
[[gnu::always_inline]] inline void sum_rows(const double* weights, std::size_t weights_stride,
                                            std::size_t sets, const Place& place,
                                            const double* rows, std::size_t rows_stride,
                                            std::size_t row_count, std::size_t columns, double* out,
                                            std::size_t out_stride) {
  constexpr std::size_t kSets = 4;
  std::size_t s = 0;
  for (; s + kSets <= sets; s += kSets) {
    const double* w0 = weights + s * weights_stride;
    const double* w1 = w0 + weights_stride;
    const double* w2 = w1 + weights_stride;
    const double* w3 = w2 + weights_stride;
    std::size_t c = 0;
    for (; c + 2 * kWeightedSumsStep <= columns; c += 2 * kWeightedSumsStep) {
      Vector a0 = {}, a1 = {}, a2 = {}, a3 = {}, b0 = {}, b1 = {}, b2 = {}, b3 = {};
      const double* row = rows + c;
      for (std::size_t r = 0; r < row_count; ++r, row += rows_stride) {
        const std::size_t at = place(r);
        const Vector x = *reinterpret_cast<const Vector*>(row);
        const Vector y = *reinterpret_cast<const Vector*>(row + kWeightedSumsStep);
        a0 += w0[at] * x;
        b0 += w0[at] * y;
        a1 += w1[at] * x;
        b1 += w1[at] * y;
        a2 += w2[at] * x;
        b2 += w2[at] * y;
        a3 += w3[at] * x;
        b3 += w3[at] * y;
      }
      double* to = out + s * out_stride + c;
      *reinterpret_cast<Vector*>(to) = a0;
      *reinterpret_cast<Vector*>(to + kWeightedSumsStep) = b0;
      *reinterpret_cast<Vector*>(to + out_stride) = a1;
      *reinterpret_cast<Vector*>(to + out_stride + kWeightedSumsStep) = b1;
      *reinterpret_cast<Vector*>(to + 2 * out_stride) = a2;
      *reinterpret_cast<Vector*>(to + 2 * out_stride + kWeightedSumsStep) = b2;
      *reinterpret_cast<Vector*>(to + 3 * out_stride) = a3;
      *reinterpret_cast<Vector*>(to + 3 * out_stride + kWeightedSumsStep) = b3;
    }
    for (; c < columns; c += kWeightedSumsStep) {
      Vector a0 = {}, a1 = {}, a2 = {}, a3 = {};
      const double* row = rows + c;
      for (std::size_t r = 0; r < row_count; ++r, row += rows_stride) {
        const std::size_t at = place(r);
        const Vector x = *reinterpret_cast<const Vector*>(row);
        a0 += w0[at] * x;
        a1 += w1[at] * x;
        a2 += w2[at] * x;
        a3 += w3[at] * x;
      }
      double* to = out + s * out_stride + c;
      *reinterpret_cast<Vector*>(to) = a0;
      *reinterpret_cast<Vector*>(to + out_stride) = a1;
      *reinterpret_cast<Vector*>(to + 2 * out_stride) = a2;
      *reinterpret_cast<Vector*>(to + 3 * out_stride) = a3;
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

}  // namespace

MIEN_VECTOR_WIDTHS
void weighted_sums(const double* weights, std::size_t weights_stride, std::size_t sets,
                   const double* rows, std::size_t rows_stride, std::size_t row_count,
                   std::size_t columns, double* out, std::size_t out_stride) {
  sum_rows(
      weights, weights_stride, sets, [](std::size_t r) { return r; }, rows, rows_stride, row_count,
      columns, out, out_stride);
}

MIEN_VECTOR_WIDTHS
void weighted_sums_at(const double* weights, std::size_t weights_stride, std::size_t sets,
                      const std::uint32_t* places, const double* rows, std::size_t rows_stride,
                      std::size_t row_count, std::size_t columns, double* out,
                      std::size_t out_stride) {
  sum_rows(
      weights, weights_stride, sets, [places](std::size_t r) { return std::size_t{places[r]}; },
      rows, rows_stride, row_count, columns, out, out_stride);
}

MIEN_VECTOR_WIDTHS
void add_scaled(double factor, const double* from, std::size_t count, double* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

}  // namespace mien
