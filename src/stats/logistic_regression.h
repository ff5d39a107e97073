// Logistic regression of one label with an L2 penalty, for many features and sparse labels.
//
// Minimises, over coefficients b and the intercept a,
//   sum_i w_i log(1 + exp(-y_i (a + x_i b))) / sum_i w_i  +  penalty / 2 |b|^2,   y_i in {-1, 1}
// by Newton's method, each step solved by conjugate gradients and shortened until the objective
// falls (truncated Newton; Lin, Weng and Keerthi 2008, "Trust region Newton method", with a line
// search in place of the region). The intercept is not penalised. The same input gives the same
// bits; there is nothing random.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace mien {

struct LogisticModel {
  Eigen::VectorXd coefficients;  // one a feature
  double intercept = 0;
  double gradient = 0;  // length of the gradient at the end: 0 at the optimum
  int steps = 0;
};

// Rows of `features` are cases; `labels` are 0 or 1, `weights` above 0, one a case. kUsage where
// there is no case of one of the two labels. `penalty` above 0.
Result<LogisticModel> fit_logistic(const Eigen::MatrixXd& features,
                                   std::span<const std::uint8_t> labels,
                                   std::span<const double> weights, double penalty);

}  // namespace mien
