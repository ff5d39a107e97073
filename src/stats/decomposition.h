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

// X with A X = B, the shortest of the nearest where A has not full rank.
Eigen::MatrixXd least_squares(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

}  // namespace mien
