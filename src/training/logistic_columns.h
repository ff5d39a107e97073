// Logistic regressions with an L2 penalty, many at once over the same cases: columns are labels, or
// labels of several folds (a case that a column leaves out has weight 0 there).
//
// Minimises of each column, over coefficients b and intercept a,
//   sum_i w_i (log(1 + exp z_i) - t_i z_i) / sum_i w_i  +  penalty / 2 |b|^2,   z_i = a + x_i b,
// t_i in [0, 1], by Newton's method, each step solved by conjugate gradients and shortened until
// the objective falls (as stats/logistic_regression.h, which is the reference in tests). Matrix
// products are LibTorch's, in single precision and pieces of fixed size: threads change nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace mien {

struct LogisticColumns {
  std::vector<float> weights;  // [features][columns]
  std::vector<float> bias;     // [columns]
};

class LogisticSolver {
 public:
  // Standardised features, [cases][features]; kept by reference, not copied.
  LogisticSolver(std::span<const float> features, std::size_t cases, std::size_t width,
                 int threads);
  ~LogisticSolver();
  LogisticSolver(const LogisticSolver&) = delete;
  LogisticSolver& operator=(const LogisticSolver&) = delete;

  // Targets and weights [cases][columns]; a target of weight 0 may be NaN. Every column needs some
  // weight. `columns` holds the beginning, or nothing, and then the end. penalty above 0.
  void fit(std::span<const float> targets, std::span<const float> weights, double penalty,
           LogisticColumns& columns) const;

  // z of every case, [cases][columns].
  std::vector<float> logits(const LogisticColumns& columns) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mien
