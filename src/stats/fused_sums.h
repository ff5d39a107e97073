// weighted_sums with one rounding a term: multiplication and addition as one step, in half the
// time. The same bits for any number of threads and on every CPU that has the step (of x86, those
// since 2013); on others products are rounded as well.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mien {

// out[s][c] = sum over r of weights[s][r] * rows[r][c], as weighted_sums.
void fused_sums(const double* weights, std::size_t weights_stride, std::size_t sets,
                const double* rows, std::size_t rows_stride, std::size_t row_count,
                std::size_t columns, double* out, std::size_t out_stride);

// The same where most rows are zero and left out: rows[r] belongs to weights[s][places[r]].
void fused_sums_at(const double* weights, std::size_t weights_stride, std::size_t sets,
                   const std::uint32_t* places, const double* rows, std::size_t rows_stride,
                   std::size_t row_count, std::size_t columns, double* out, std::size_t out_stride);

}  // namespace mien
