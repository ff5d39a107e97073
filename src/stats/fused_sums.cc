// Compiled with -ffp-contract=fast (CMakeLists.txt): what this file adds up is fused.
#include "stats/fused_sums.h"

#include "stats/row_sums.h"
#include "stats/vector_widths.h"

namespace mien {

MIEN_FUSED_WIDTHS
void fused_sums(const double* weights, std::size_t weights_stride, std::size_t sets,
                const double* rows, std::size_t rows_stride, std::size_t row_count,
                std::size_t columns, double* out, std::size_t out_stride) {
  row_sums::sum_rows(
      weights, weights_stride, sets, [](std::size_t r) { return r; }, rows, rows_stride, row_count,
      columns, out, out_stride);
}

MIEN_FUSED_WIDTHS
void fused_sums_at(const double* weights, std::size_t weights_stride, std::size_t sets,
                   const std::uint32_t* places, const double* rows, std::size_t rows_stride,
                   std::size_t row_count, std::size_t columns, double* out,
                   std::size_t out_stride) {
  row_sums::sum_rows(
      weights, weights_stride, sets, [places](std::size_t r) { return std::size_t{places[r]}; },
      rows, rows_stride, row_count, columns, out, out_stride);
}

}  // namespace mien
