#include "stats/association_projection.h"

#include <Eigen/Core>
#include <cmath>

#include "base/missing.h"
#include "stats/decomposition.h"
#include "stats/vector_widths.h"

namespace mien {

CentredProducts centre_products(const double* packed, std::size_t columns, Within within,
                                const AssociationProjection& projection) {
  CentredProducts centred;
  centred.products.resize(columns * columns);
  centred.total_diagonal.resize(columns);
  const std::size_t units = projection.unit_weights.size();
  const double* from = packed;
  for (std::size_t i = 0; i < columns; ++i) {
    for (std::size_t j = i; j < columns; ++j) {
      const double raw = *from++;
      double of_means = 0;
      for (std::size_t k = 0; k < units; ++k) {
        if (projection.unit_weights[k] <= 0) continue;
        const double* sums = projection.unit_sums.data() + k * columns;
        of_means += sums[i] * sums[j] / projection.unit_weights[k];
      }
      const double of_mean =
          projection.weight > 0 ? projection.sums[i] * projection.sums[j] / projection.weight : 0;
      const bool is_between = within == Within::kBetweenCountries;
      double value = is_between ? of_means - of_mean : raw - of_means;
      if (i == j) {
        const bool is_constant = raw - of_mean <= kRounding * raw ||
                                 (is_between && value <= kLeftOver * (raw - of_mean));
        if (is_constant) value = 0;
        centred.total_diagonal[i] = is_constant ? 0 : is_between ? value : raw - of_mean;
      }
      centred.products[i * columns + j] = value;
      centred.products[j * columns + i] = value;
    }
  }
  return centred;
}

std::vector<bool> factor_covariates(const CentredProducts& centred, std::size_t expressions,
                                    const std::vector<bool>& allowed,
                                    AssociationProjection& projection) {
  const std::size_t columns = centred.total_diagonal.size();
  const std::size_t k = columns - expressions;
  std::vector<bool> kept(k, false);
  std::vector<double> lower(k * k, 0.0);
  std::vector<double> scale(k, 0.0);
  const auto product = [&](std::size_t i, std::size_t j) {
    return centred.products[(expressions + i) * columns + expressions + j];
  };
  for (std::size_t i = 0; i < k; ++i) {
    const double size = product(i, i);
    if (!allowed[i] || !(size > kLeftOver * centred.total_diagonal[expressions + i])) continue;
    scale[i] = 1.0 / std::sqrt(size);
    double left = 1.0;
    for (std::size_t j = 0; j < i; ++j) {
      if (!kept[j]) continue;
      double value = product(i, j) * scale[i] * scale[j];
      for (std::size_t m = 0; m < j; ++m) value -= lower[i * k + m] * lower[j * k + m];
      value /= lower[j * k + j];
      lower[i * k + j] = value;
      left -= value * value;
    }
    if (left <= kLeftOver) {
      for (std::size_t j = 0; j < i; ++j) lower[i * k + j] = 0;
      continue;
    }
    lower[i * k + i] = std::sqrt(left);
    kept[i] = true;
  }
  // Column c of the inverse solves L u = e_c.
  projection.inverse_l.assign(k * k, 0.0);
  for (std::size_t c = 0; c < k; ++c) {
    if (!kept[c]) continue;
    double* u = projection.inverse_l.data() + c * k;
    for (std::size_t i = c; i < k; ++i) {
      if (!kept[i]) continue;
      double value = i == c ? scale[c] : 0.0;
      for (std::size_t j = c; j < i; ++j) value -= lower[i * k + j] * u[j];
      u[i] = value / lower[i * k + i];
    }
  }
  return kept;
}

void project_scores(const CentredProducts& centred, std::size_t expressions, Control control,
                    AssociationProjection& projection) {
  const std::size_t columns = centred.total_diagonal.size();
  const std::size_t k = columns - expressions;
  projection.u_y.assign(k * expressions, 0.0);
  for (std::size_t c = 0; c < k; ++c) {
    const double* column = projection.inverse_l.data() + c * k;
    const double* zy = centred.products.data() + (expressions + c) * columns;
    for (std::size_t i = c; i < k; ++i) {
      for (std::size_t e = 0; e < expressions; ++e) {
        projection.u_y[i * expressions + e] += column[i] * zy[e];
      }
    }
  }
  projection.total_yy.assign(
      centred.total_diagonal.begin(),
      centred.total_diagonal.begin() + static_cast<std::ptrdiff_t>(expressions));
  projection.yy.resize(expressions);
  projection.yy_z.resize(expressions);
  projection.is_estimable.assign(expressions, false);
  for (std::size_t e = 0; e < expressions; ++e) {
    const double yy = centred.products[e * columns + e];
    double left = yy;
    for (std::size_t i = 0; i < k; ++i) {
      const double u = projection.u_y[i * expressions + e];
      left -= u * u;
    }
    projection.yy[e] = yy;
    projection.yy_z[e] = left;
    projection.is_estimable[e] = yy > kLeftOver * projection.total_yy[e] && left > kLeftOver * yy;
  }
  projection.precision.clear();
  if (control == Control::kNone) return;

  // Scaled to correlations; scores that do not vary take no part.
  std::vector<std::size_t> varying;
  for (std::size_t e = 0; e < expressions; ++e) {
    if (projection.is_estimable[e]) varying.push_back(e);
  }
  const auto size = static_cast<Eigen::Index>(varying.size());
  Eigen::MatrixXd scaled(size, size);
  for (Eigen::Index a = 0; a < size; ++a) {
    for (Eigen::Index b = 0; b < size; ++b) {
      const std::size_t e = varying[static_cast<std::size_t>(a)];
      const std::size_t f = varying[static_cast<std::size_t>(b)];
      double value = centred.products[e * columns + f];
      for (std::size_t i = 0; i < k; ++i) {
        value -= projection.u_y[i * expressions + e] * projection.u_y[i * expressions + f];
      }
      scaled(a, b) = value / std::sqrt(projection.yy_z[e] * projection.yy_z[f]);
    }
  }
  projection.precision.assign(expressions * expressions, 0.0);
  const Cholesky factor(scaled);
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(size, size));
  for (Eigen::Index a = 0; a < size; ++a) {
    const std::size_t e = varying[static_cast<std::size_t>(a)];
    // 1 / W_ee of the scaled matrix is the share of y_e that the other scores leave.
    const bool is_free =
        factor.is_positive_definite() && inverse(a, a) > 0 && 1.0 / inverse(a, a) > kLeftOver;
    if (!is_free) projection.is_estimable[e] = false;
    for (Eigen::Index b = 0; b < size; ++b) {
      const std::size_t f = varying[static_cast<std::size_t>(b)];
      projection.precision[e * expressions + f] =
          inverse(a, b) / std::sqrt(projection.yy_z[e] * projection.yy_z[f]);
    }
  }
}

void scale_scores(AssociationKind kind, std::size_t expressions,
                  AssociationProjection& projection) {
  const bool controls = !projection.precision.empty();
  projection.y_scale.assign(expressions, kNaN);
  for (std::size_t e = 0; e < expressions; ++e) {
    if (!projection.is_estimable[e]) continue;
    double& scale = projection.y_scale[e];
    switch (kind) {
      case AssociationKind::kCorrelation:
      case AssociationKind::kPartial:
      case AssociationKind::kSemipartial:
        scale = 1.0 / std::sqrt(controls ? 1.0 / projection.precision[e * expressions + e]
                                         : projection.yy_z[e]);
        break;
      case AssociationKind::kSlope:
        scale = 1.0;
        break;
      case AssociationKind::kStandardisedSlope:
        scale = 1.0 / std::sqrt(projection.total_yy[e] / projection.weight);
        break;
    }
  }
}

namespace {

typedef double Vector __attribute__((vector_size(64), aligned(8), may_alias));
constexpr std::size_t kRowLanes = sizeof(Vector) / sizeof(double);

// to[j] += sum over i of factors[i] * rows[i][j], terms added in order of i.
[[gnu::always_inline]] inline void add_rows(const double* factors, std::size_t count,
                                            const double* rows, std::size_t width, double* to) {
  std::size_t j = 0;
  for (; j + kRowLanes <= width; j += kRowLanes) {
    Vector sum = *reinterpret_cast<const Vector*>(to + j);
    for (std::size_t i = 0; i < count; ++i) {
      sum += factors[i] * *reinterpret_cast<const Vector*>(rows + i * width + j);
    }
    *reinterpret_cast<Vector*>(to + j) = sum;
  }
  for (; j < width; ++j) {
    for (std::size_t i = 0; i < count; ++i) to[j] += factors[i] * rows[i * width + j];
  }
}

[[gnu::always_inline]] inline double free_of_covariates(const AssociationProjection& projection,
                                                        std::size_t expressions,
                                                        const ContextSums& context, double* u) {
  const std::size_t k = projection.u_y.size() / expressions;
  for (std::size_t i = 0; i < k; ++i) u[i] = 0;
  add_rows(context.xv + expressions, k, projection.inverse_l.data(), k, u);
  double left = context.xx;
  for (std::size_t i = 0; i < k; ++i) left -= u[i] * u[i];
  return left;
}

// With the other scores held constant: out is S_xy.z, and becomes the association.
void control_scores(const AssociationProjection& projection, AssociationKind kind,
                    std::size_t expressions, const ContextSums& context, double xx_z, double* out) {
  std::vector<double> weighted(expressions, 0.0);
  double explained = 0;  // of x by z and all scores: s' W s
  for (std::size_t e = 0; e < expressions; ++e) {
    for (std::size_t f = 0; f < expressions; ++f) {
      weighted[e] += projection.precision[e * expressions + f] * out[f];
    }
    explained += weighted[e] * out[e];
  }
  for (std::size_t e = 0; e < expressions; ++e) {
    const double own = projection.precision[e * expressions + e];
    const double xx = xx_z - explained + weighted[e] * weighted[e] / own;
    const double x = kind == AssociationKind::kSemipartial ? context.total_xx : xx;
    const bool is_slope =
        kind == AssociationKind::kSlope || kind == AssociationKind::kStandardisedSlope;
    out[e] = weighted[e] / own * projection.y_scale[e] / (is_slope ? x : std::sqrt(x));
  }
}

}  // namespace

double project_context(const AssociationProjection& projection, std::size_t expressions,
                       const ContextSums& context, double* u) {
  return free_of_covariates(projection, expressions, context, u);
}

MIEN_VECTOR_WIDTHS
void association_row(const AssociationProjection& projection, const EstimatorOptions& options,
                     std::size_t expressions, const ContextSums& context, double* u, double* out) {
  const std::size_t k = projection.u_y.size() / expressions;
  const double xx_z = free_of_covariates(projection, expressions, context, u);
  if (!(context.total_xx > 0) || !(context.xx > kLeftOver * context.total_xx) ||
      !(xx_z > kLeftOver * context.xx)) {
    for (std::size_t e = 0; e < expressions; ++e) out[e] = kNaN;
    return;
  }
  for (std::size_t i = 0; i < k; ++i) u[i] = -u[i];
  for (std::size_t e = 0; e < expressions; ++e) out[e] = context.xv[e];
  add_rows(u, k, projection.u_y.data(), expressions, out);
  if (!projection.precision.empty()) {
    control_scores(projection, options.kind, expressions, context, xx_z, out);
    return;
  }
  double x_scale = 0;
  switch (options.kind) {
    case AssociationKind::kCorrelation:
    case AssociationKind::kPartial:
      x_scale = 1.0 / std::sqrt(xx_z);
      break;
    case AssociationKind::kSemipartial:
      x_scale = 1.0 / std::sqrt(context.total_xx);
      break;
    case AssociationKind::kSlope:
    case AssociationKind::kStandardisedSlope:
      x_scale = 1.0 / xx_z;
      break;
  }
  const double* y_scale = projection.y_scale.data();
  for (std::size_t e = 0; e < expressions; ++e) out[e] = out[e] * x_scale * y_scale[e];
}

}  // namespace mien
