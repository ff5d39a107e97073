#include "stats/association_lanes.h"

#include <cmath>
#include <vector>

#include "base/missing.h"
#include "stats/vector_widths.h"

namespace mien {

namespace {

typedef double Vector __attribute__((vector_size(64), aligned(8), may_alias));
constexpr std::size_t kLanes = kContextLanes;
constexpr std::size_t kWide = sizeof(Vector) / sizeof(double);
constexpr std::size_t kVectors = kLanes / kWide;

[[gnu::always_inline]] inline Vector& vector_at(double* lanes, std::size_t v) {
  return *reinterpret_cast<Vector*>(lanes + v * kWide);
}
[[gnu::always_inline]] inline const Vector& vector_at(const double* lanes, std::size_t v) {
  return *reinterpret_cast<const Vector*>(lanes + v * kWide);
}

struct ContextSizes {
  Vector total_xx[kVectors];  // within the group
  Vector xx[kVectors];        // as asked
};

// Ends the centring of what the units added; for country means, about the group's mean.
[[gnu::always_inline]] inline ContextSizes finish_centring(const AssociationProjection& projection,
                                                           bool is_between, std::size_t columns,
                                                           double* centred, const double* raw_xx) {
  ContextSizes sizes;
  const Vector zero = {};
  for (std::size_t v = 0; v < kVectors; ++v) {
    const Vector x = vector_at(centred, v);
    const Vector scale = projection.weight > 0 ? x / projection.weight : zero;
    Vector& xx = vector_at(centred + kLanes, v);
    if (is_between) {
      xx -= scale * x;
      for (std::size_t i = 0; i < columns; ++i) {
        vector_at(centred + (2 + i) * kLanes, v) -= scale * projection.sums[i];
      }
    }
    const Vector raw = vector_at(raw_xx, v);
    const Vector total = raw - scale * x;
    sizes.total_xx[v] = total <= kRounding * raw ? zero : total;
    sizes.xx[v] = xx;
    if (!is_between) continue;
    sizes.xx[v] = xx > kLeftOver * sizes.total_xx[v] ? xx : zero;  // as between_or_zero
    sizes.total_xx[v] = sizes.xx[v];
  }
  return sizes;
}

// With other scores held constant, context by context.
void associate_each(const AssociationProjection& projection, const EstimatorOptions& options,
                    std::size_t expressions, std::size_t covariates, const double* centred,
                    const ContextSizes& sizes, double* u, double* out) {
  std::vector<double> xv(expressions + covariates);
  std::vector<double> row(expressions);
  for (std::size_t c = 0; c < kLanes; ++c) {
    for (std::size_t i = 0; i < xv.size(); ++i) xv[i] = centred[(2 + i) * kLanes + c];
    const ContextSums sums{sizes.total_xx[c / kWide][c % kWide], sizes.xx[c / kWide][c % kWide],
                           xv.data()};
    association_row(projection, options, expressions, sums, u, row.data());
    for (std::size_t e = 0; e < expressions; ++e) out[e * kLanes + c] = row[e];
  }
}

// What x brings to an association's scale; NaN: no estimate.
[[gnu::always_inline]] inline void scale_contexts(AssociationKind kind, const ContextSizes& sizes,
                                                  const Vector* xx_z, Vector* scale) {
  const bool is_slope =
      kind == AssociationKind::kSlope || kind == AssociationKind::kStandardisedSlope;
  double size[kLanes];
  for (std::size_t v = 0; v < kVectors; ++v) {
    vector_at(size, v) = kind == AssociationKind::kSemipartial ? sizes.total_xx[v] : xx_z[v];
  }
  if (!is_slope) {
    for (std::size_t c = 0; c < kLanes; ++c) size[c] = std::sqrt(size[c]);
  }
  const Vector none = Vector{} + kNaN;
  for (std::size_t v = 0; v < kVectors; ++v) {
    const auto has_estimate = (sizes.total_xx[v] > 0) &
                              (sizes.xx[v] > kLeftOver * sizes.total_xx[v]) &
                              (xx_z[v] > kLeftOver * sizes.xx[v]);
    scale[v] = has_estimate ? 1.0 / vector_at(size, v) : none;
  }
}

}  // namespace

MIEN_VECTOR_WIDTHS
void add_unit_lanes(const double* unit, double unit_weight, const double* means,
                    std::size_t columns, bool is_between, double* centred, double* raw_xx) {
  for (std::size_t v = 0; v < kVectors; ++v) {
    const Vector x = vector_at(unit, v);
    const Vector xx = vector_at(unit + kLanes, v);
    const Vector scale = x / unit_weight;
    vector_at(raw_xx, v) += xx;
    vector_at(centred, v) += x;
    vector_at(centred + kLanes, v) += is_between ? scale * x : xx - scale * x;
    double* to = centred + 2 * kLanes;
    if (is_between) {
      for (std::size_t i = 0; i < columns; ++i, to += kLanes) vector_at(to, v) += scale * means[i];
      continue;
    }
    const double* from = unit + 2 * kLanes;
    for (std::size_t i = 0; i < columns; ++i, to += kLanes, from += kLanes) {
      vector_at(to, v) += vector_at(from, v) - scale * means[i];
    }
  }
}

MIEN_VECTOR_WIDTHS
void add_unit_rows(const double* unit, std::size_t step, double unit_weight, const double* means,
                   std::size_t columns, std::size_t contexts, bool is_between, double* centred,
                   double* raw_xx) {
  for (std::size_t c = 0; c < contexts; ++c, unit += step, centred += 2 + columns) {
    if (unit[0] == 0 && unit[1] == 0) continue;  // the context does not occur here
    const double scale = unit[0] / unit_weight;
    raw_xx[c] += unit[1];
    centred[0] += unit[0];
    if (is_between) {
      centred[1] += scale * unit[0];
      for (std::size_t i = 0; i < columns; ++i) centred[2 + i] += scale * means[i];
    } else {
      centred[1] += unit[1] - scale * unit[0];
      for (std::size_t i = 0; i < columns; ++i) centred[2 + i] += unit[2 + i] - scale * means[i];
    }
  }
}

void to_lanes(const double* rows, std::size_t contexts, std::size_t width, double* lanes) {
  for (std::size_t c = 0; c < contexts; ++c, rows += width) {
    for (std::size_t i = 0; i < width; ++i) lanes[i * kLanes + c] = rows[i];
  }
}

MIEN_VECTOR_WIDTHS
void associate_lanes(const AssociationProjection& projection, const EstimatorOptions& options,
                     std::size_t expressions, std::size_t covariates, double* centred,
                     const double* raw_xx, double* u, double* out) {
  const ContextSizes sizes =
      finish_centring(projection, options.within == Within::kBetweenCountries,
                      expressions + covariates, centred, raw_xx);
  if (!projection.precision.empty()) {
    associate_each(projection, options, expressions, covariates, centred, sizes, u, out);
    return;
  }
  const double* xy = centred + 2 * kLanes;
  const double* xz = xy + expressions * kLanes;
  Vector xx_z[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) xx_z[v] = sizes.xx[v];
  for (std::size_t i = 0; i < covariates; ++i) {
    Vector sums[kVectors] = {};
    for (std::size_t j = 0; j <= i; ++j) {
      const double factor = projection.inverse_l[j * covariates + i];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[v] += factor * vector_at(xz + j * kLanes, v);
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      xx_z[v] -= sums[v] * sums[v];
      vector_at(u + i * kLanes, v) = -sums[v];
    }
  }
  Vector scale[kVectors];
  scale_contexts(options.kind, sizes, xx_z, scale);
  for (std::size_t e = 0; e < expressions; ++e) {
    Vector sums[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) sums[v] = vector_at(xy + e * kLanes, v);
    for (std::size_t i = 0; i < covariates; ++i) {
      const double factor = projection.u_y[i * expressions + e];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[v] += factor * vector_at(u + i * kLanes, v);
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      vector_at(out + e * kLanes, v) = sums[v] * scale[v] * projection.y_scale[e];
    }
  }
}

}  // namespace mien
