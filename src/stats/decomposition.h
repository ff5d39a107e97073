// The matrix decompositions that this room uses, compiled once: Eigen's solvers take long to
// compile, and each file that names them pays for it again.
#pragma once

#include <Eigen/Core>

namespace mien {

struct SymmetricEigen {
  Eigen::VectorXd values;   // falling
  Eigen::MatrixXd vectors;  // a column a value, unit length; their signs are arbitrary
};
SymmetricEigen symmetric_eigen(const Eigen::MatrixXd& symmetric);

// Without the vectors, which takes a fraction of the time. At least 1 x 1.
double largest_eigenvalue(const Eigen::MatrixXd& symmetric);

// The symmetric root of a symmetric matrix without negative eigenvalues.
Eigen::MatrixXd symmetric_root(const Eigen::MatrixXd& symmetric);

struct LeftSingular {
  Eigen::VectorXd values;   // falling
  Eigen::MatrixXd vectors;  // rows x values
};
LeftSingular left_singular(const Eigen::MatrixXd& matrix);

// Falling.
Eigen::VectorXd singular_values(const Eigen::MatrixXd& matrix);

// A = L L' of a symmetric positive definite A.
class Cholesky {
 public:
  explicit Cholesky(const Eigen::MatrixXd& symmetric);

  bool is_positive_definite() const { return is_positive_definite_; }
  double reciprocal_condition() const { return reciprocal_condition_; }
  double log_determinant() const;                               // of A
  Eigen::MatrixXd solve(const Eigen::MatrixXd& b) const;        // A^-1 b
  Eigen::MatrixXd solve_lower(const Eigen::MatrixXd& b) const;  // L^-1 b
  Eigen::MatrixXd solve_upper(const Eigen::MatrixXd& b) const;  // L'^-1 b

 private:
  Eigen::MatrixXd lower_;
  bool is_positive_definite_ = false;
  double reciprocal_condition_ = 0;
};

// Q of A = Q R, square: columns of length 1 at right angles, the first k spanning A's first k.
Eigen::MatrixXd orthonormal_basis(const Eigen::MatrixXd& a);

// X with A X = B, the shortest of the nearest where A has not full rank.
Eigen::MatrixXd least_squares(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

}  // namespace mien
