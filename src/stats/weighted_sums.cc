#include "stats/weighted_sums.h"

#include "stats/row_sums.h"
#include "stats/vector_widths.h"

namespace mien {

MIEN_VECTOR_WIDTHS
void weighted_sums(const double* weights, std::size_t weights_stride, std::size_t sets,
                   const double* rows, std::size_t rows_stride, std::size_t row_count,
                   std::size_t columns, double* out, std::size_t out_stride) {
  row_sums::sum_rows(
      weights, weights_stride, sets, [](std::size_t r) { return r; }, rows, rows_stride, row_count,
      columns, out, out_stride);
}

}  // namespace mien
