// Sums of a few contexts beside each other, one lane of a vector each, and the associations they
// become: what a context alone would do in chains of dependent steps, all do at once. The same
// terms in the same order, so the same bits. For the .cc files of this room.
#pragma once

#include <cstddef>

#include "stats/association_projection.h"

namespace mien {

inline constexpr std::size_t kContextLanes = 16;

// Under one set of weights. `unit`: one centring unit's sums, 2 + columns rows of lanes: sum of x,
// of xx, of xv. Adds to `centred` (as many rows: sum of x; centred xx; centred xv) and `raw_xx`.
// With `is_between`: the means' own part instead of what is centred by them.
void add_unit_lanes(const double* unit, double unit_weight, const double* means,
                    std::size_t columns, bool is_between, double* centred, double* raw_xx);

// The same for contexts whose sums lie one after the other, each in `step` places of `unit` and
// 2 + columns places of `centred` (no lanes).
void add_unit_rows(const double* unit, std::size_t step, double unit_weight, const double* means,
                   std::size_t columns, std::size_t contexts, bool is_between, double* centred,
                   double* raw_xx);

// Rows of a context each to lanes.
void to_lanes(const double* rows, std::size_t contexts, std::size_t width, double* lanes);

// Associations with all expressions, expressions x lanes; NaN where there is none. `centred` is
// spoilt; `u` has room for K x lanes.
void associate_lanes(const AssociationProjection& projection, const EstimatorOptions& options,
                     std::size_t expressions, std::size_t covariates, double* centred,
                     const double* raw_xx, double* u, double* out);

}  // namespace mien
