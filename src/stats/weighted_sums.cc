#include "stats/weighted_sums.h"

// Several versions of one function, chosen when the program starts; sanitizers are not yet up then.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MIEN_VECTOR_WIDTHS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MIEN_VECTOR_WIDTHS
#endif

namespace mien {

namespace {

typedef double Vector __attribute__((vector_size(64), aligned(8), may_alias));
static_assert(sizeof(Vector) == kWeightedSumsStep * sizeof(double));

}  // namespace

MIEN_VECTOR_WIDTHS
void weighted_sums(const double* weights, std::size_t weights_stride, std::size_t sets,
                   const double* rows, std::size_t rows_stride, std::size_t row_count,
                   std::size_t columns, double* out, std::size_t out_stride) {
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
        const Vector x = *reinterpret_cast<const Vector*>(row);
        const Vector y = *reinterpret_cast<const Vector*>(row + kWeightedSumsStep);
        a0 += w0[r] * x;
        b0 += w0[r] * y;
        a1 += w1[r] * x;
        b1 += w1[r] * y;
        a2 += w2[r] * x;
        b2 += w2[r] * y;
        a3 += w3[r] * x;
        b3 += w3[r] * y;
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
        const Vector x = *reinterpret_cast<const Vector*>(row);
        a0 += w0[r] * x;
        a1 += w1[r] * x;
        a2 += w2[r] * x;
        a3 += w3[r] * x;
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
        a += w[r] * *reinterpret_cast<const Vector*>(row);
      }
      *reinterpret_cast<Vector*>(out + s * out_stride + c) = a;
    }
  }
}

}  // namespace mien
