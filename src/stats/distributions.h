// Tail areas and quantiles of the distributions that tests and intervals refer to; the arithmetic
// is Boost.Math's (relative error below 1e-13 in the ranges used here).
//
// A NaN argument, a probability outside (0, 1) or degrees of freedom that are not positive give
// NaN, so that "not estimable" travels on; nothing throws. Thread-safe.
#pragma once

namespace mien {

double normal_upper(double z);        // P(Z > z)
double normal_quantile(double prob);  // z with P(Z <= z) = prob

double t_two_sided(double t, double df);        // P(|T| > |t|); df may be fractional or infinite
double t_upper(double t, double df);            // P(T > t)
double t_quantile(double prob, double df);      // t with P(T <= t) = prob
inline constexpr double kUpperTail = 0.975;     // of a two-sided 95% interval
double chi_squared_upper(double x, double df);  // P(X > x)

// x with P(F <= x) = prob, F with df1 and df2 degrees of freedom (each may be fractional)
double f_quantile(double prob, double df1, double df2);

}  // namespace mien
