#include "stats/distributions.h"

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "base/missing.h"

namespace mien {

namespace {

namespace math = boost::math;
using Quiet = math::policies::policy<math::policies::domain_error<math::policies::ignore_error>,
                                     math::policies::pole_error<math::policies::ignore_error>,
                                     math::policies::overflow_error<math::policies::ignore_error>,
                                     math::policies::evaluation_error<math::policies::ignore_error>,
                                     math::policies::promote_double<false>>;
using Normal = math::normal_distribution<double, Quiet>;
using StudentsT = math::students_t_distribution<double, Quiet>;
using ChiSquared = math::chi_squared_distribution<double, Quiet>;
using FisherF = math::fisher_f_distribution<double, Quiet>;

bool is_probability(double prob) {
  return prob > 0 && prob < 1;
}

}  // namespace

double normal_upper(double z) {
  if (std::isnan(z)) return kNaN;
  if (std::isinf(z)) return z > 0 ? 0 : 1;
  return math::cdf(math::complement(Normal(), z));
}

double normal_quantile(double prob) {
  return is_probability(prob) ? math::quantile(Normal(), prob) : kNaN;
}

double t_upper(double t, double df) {
  if (std::isnan(t) || !(df > 0)) return kNaN;
  if (std::isinf(t)) return t > 0 ? 0 : 1;
  return math::cdf(math::complement(StudentsT(df), t));
}

double t_two_sided(double t, double df) {
  return 2 * t_upper(std::abs(t), df);
}

double t_quantile(double prob, double df) {
  return is_probability(prob) && df > 0 ? math::quantile(StudentsT(df), prob) : kNaN;
}

double chi_squared_upper(double x, double df) {
  if (std::isnan(x) || !(df > 0)) return kNaN;
  if (x <= 0) return 1;
  if (std::isinf(x)) return 0;
  return math::cdf(math::complement(ChiSquared(df), x));
}

double f_quantile(double prob, double df1, double df2) {
  return is_probability(prob) && df1 > 0 && df2 > 0 ? math::quantile(FisherF(df1, df2), prob)
                                                    : kNaN;
}

}  // namespace mien
