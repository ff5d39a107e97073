// What one set of block weights makes of scores and covariates of a group: all that a context's
// sums need to become associations. For the .cc files of this room.
#pragma once

#include <cstddef>
#include <vector>

#include "stats/association_estimator.h"

namespace mien {

struct AssociationProjection {
  // Per centring unit (country, or the whole group): sum of w, and sums of w v (columns a unit).
  std::vector<double> unit_weights;
  std::vector<double> unit_sums;
  double weight = 0;               // of the group
  std::vector<double> sums;        // of the group, columns
  std::vector<double> total_yy;    // centred within the group
  std::vector<double> yy;          // centred as asked
  std::vector<double> yy_z;        // and freed of covariates
  std::vector<double> inverse_l;   // K x K column-major; u = inverse_l s_xz, S_xx.z = S_xx - u'u
  std::vector<double> u_y;         // K x E; S_xy.z = S_xy - u_y' u
  std::vector<double> precision;   // with Control::kExpressions: E x E inverse of S_yy.z, or empty
  std::vector<bool> is_estimable;  // E: y varies beyond covariates (and other scores)
  std::vector<double> y_scale;     // E: what y brings to an association's scale; NaN: no estimate
};

// Relative sizes below which a sum of squares counts as zero: what is left after a projection or
// within countries, against what was there. Rounding of centred sums of 10^7 terms is near 1e-13.
inline constexpr double kLeftOver = 1e-10;

// A sum of squares this small against the same sum before centring is rounding: a constant.
inline constexpr double kRounding = 1e-12;

// From packed products (upper triangle by rows) and a projection's sums: centred cross-products
// v x v (full, row-major) as asked, and their diagonal centred within the
// group alone; over country means the two are one.
struct CentredProducts {
  std::vector<double> products;
  std::vector<double> total_diagonal;
};

CentredProducts centre_products(const double* packed, std::size_t columns, Within within,
                                const AssociationProjection& projection);

// Lower triangle L of the covariates' cross-products scaled to unit diagonal, column by column; a
// covariate that adds less than kLeftOver to those before it gets a zero row, as do those that
// `allowed` excludes. Fills inverse_l; gives which covariates were kept.
std::vector<bool> factor_covariates(const CentredProducts& centred, std::size_t expressions,
                                    const std::vector<bool>& allowed,
                                    AssociationProjection& projection);

// Fills yy, yy_z, u_y, precision, is_estimable from centred products and inverse_l.
void project_scores(const CentredProducts& centred, std::size_t expressions, Control control,
                    AssociationProjection& projection);

// Fills y_scale: an association is S_xy.z times this and what x brings.
void scale_scores(AssociationKind kind, std::size_t expressions, AssociationProjection& projection);

// For country means: xx where it is more than rounding against what varies in the group, else 0.
inline double between_or_zero(double xx, double group_xx) {
  return xx > kLeftOver * group_xx ? xx : 0;
}

// A context's sums, centred: what `association_row` needs.
struct ContextSums {
  double total_xx = 0;         // within the group
  double xx = 0;               // as asked
  const double* xv = nullptr;  // columns: with scores, then covariates
};

// S_xx.z; `u` has K places and is left filled for association_row.
double project_context(const AssociationProjection& projection, std::size_t expressions,
                       const ContextSums& context, double* u);

// Associations of one context with the expressions; NaN where there is none.
void association_row(const AssociationProjection& projection, const EstimatorOptions& options,
                     std::size_t expressions, const ContextSums& context, double* u, double* out);

}  // namespace mien
