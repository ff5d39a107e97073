#include "stats/embedding.h"

#include <algorithm>
#include <cmath>

#include "stats/decomposition.h"

namespace mien {

namespace {

using Floats = Eigen::ArrayXf;
using Affinities = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int kSteps = 1000;
constexpr int kExaggerated = 250;
constexpr float kExaggeration = 12;

// Probabilities of row i's neighbours whose entropy is log(perplexity), by bisection on the
// precision of a normal distribution around the point.
Eigen::ArrayXd neighbours_of(const Eigen::ArrayXd& squared, Eigen::Index i, double perplexity) {
  const double entropy_wanted = std::log(perplexity);
  double precision = 1;
  double low = 0;
  double high = INFINITY;
  Eigen::ArrayXd prob;
  for (int step = 0; step < 64; ++step) {
    Eigen::ArrayXd shifted = squared;
    shifted(i) = INFINITY;
    const double nearest = shifted.minCoeff();
    prob = (-precision * (shifted - nearest)).exp();
    prob(i) = 0;
    const double sum = prob.sum();
    prob /= sum;
    Eigen::ArrayXd logs = (prob > 0).select(prob.log(), 0.0);
    const double entropy = -(prob * logs).sum();
    if (std::abs(entropy - entropy_wanted) < 1e-7) break;
    if (entropy > entropy_wanted) {
      low = precision;
      precision = std::isinf(high) ? precision * 2 : (low + high) / 2;
    } else {
      high = precision;
      precision = (low + high) / 2;
    }
  }
  return prob;
}

Affinities affinities(const Matrix& points, double perplexity) {
  const Eigen::Index n = points.rows();
  const Eigen::VectorXd norms = points.rowwise().squaredNorm();
  Affinities conditional(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    Eigen::ArrayXd squared =
        (norms.array() + norms(i)) - 2 * (points * points.row(i).transpose()).array();
    squared = squared.max(0);
    conditional.row(i) = neighbours_of(squared, i, perplexity).cast<float>().matrix().transpose();
  }
  const Affinities transposed = conditional.transpose();
  return (conditional + transposed) / (2 * static_cast<float>(n));
}

Matrix first_two_components(const Matrix& points) {
  const Matrix centred = points.rowwise() - points.colwise().mean();
  Matrix scores = centred * symmetric_eigen(centred.transpose() * centred).vectors.leftCols(2);
  for (Eigen::Index k = 0; k < 2; ++k) {
    Eigen::Index largest = 0;
    scores.col(k).cwiseAbs().maxCoeff(&largest);
    if (scores(largest, k) < 0) scores.col(k) = -scores.col(k);
  }
  return scores;
}

struct Plane {
  Floats x;
  Floats y;
};

// Gradient / 4: attraction by the affinities less repulsion of all pairs.
Plane gradient(const Plane& at, const Affinities& affinity, float exaggeration) {
  const Eigen::Index n = at.x.size();
  Plane pull{Floats(n), Floats(n)};
  Plane push{Floats(n), Floats(n)};
  double total = 0;
  Floats dx(n);
  Floats dy(n);
  Floats near(n);
  Floats weight(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    dx = at.x(i) - at.x;
    dy = at.y(i) - at.y;
    near = (1 + dx.square() + dy.square()).inverse();
    total += static_cast<double>(near.sum()) - 1;  // not with itself
    weight = affinity.row(i).transpose().array() * near;
    pull.x(i) = (weight * dx).sum();
    pull.y(i) = (weight * dy).sum();
    weight = near.square();
    push.x(i) = (weight * dx).sum();
    push.y(i) = (weight * dy).sum();
  }
  const auto scale = static_cast<float>(1 / total);
  return {exaggeration * pull.x - scale * push.x, exaggeration * pull.y - scale * push.y};
}

// One coordinate's step: gains as in van der Maaten's implementation (Jacobs 1988).
void step(Floats& at, Floats& velocity, Floats& gain, const Floats& slope, float momentum,
          float rate) {
  for (Eigen::Index i = 0; i < at.size(); ++i) {
    const bool turns = (slope(i) > 0) != (velocity(i) > 0);
    gain(i) = std::max(0.01F, turns ? gain(i) + 0.2F : gain(i) * 0.8F);
  }
  velocity = momentum * velocity - rate * gain * 4 * slope;
  at += velocity;
  at -= at.mean();
}

}  // namespace

Matrix embed(const Matrix& points, double perplexity) {
  const Eigen::Index n = points.rows();
  if (n < 4 || points.cols() < 2) {
    Matrix plane = Matrix::Zero(n, 2);
    const Eigen::Index dimensions = std::min<Eigen::Index>(2, points.cols());
    plane.leftCols(dimensions) = points.leftCols(dimensions);
    return plane;
  }
  const Affinities affinity =
      affinities(points, std::min(perplexity, static_cast<double>(n - 1) / 3));
  const Matrix start = first_two_components(points);
  const double spread = std::sqrt(start.col(0).squaredNorm() / static_cast<double>(n));
  const double shrink = spread > 0 ? 1e-4 / spread : 0;
  Plane at{(start.col(0) * shrink).cast<float>().array(),
           (start.col(1) * shrink).cast<float>().array()};
  Plane velocity{Floats::Zero(n), Floats::Zero(n)};
  Plane gain{Floats::Ones(n), Floats::Ones(n)};
  const float rate = std::max(50.0F, static_cast<float>(n) / kExaggeration);
  for (int i = 0; i < kSteps; ++i) {
    const bool early = i < kExaggerated;
    const Plane slope = gradient(at, affinity, early ? kExaggeration : 1);
    step(at.x, velocity.x, gain.x, slope.x, early ? 0.5F : 0.8F, rate);
    step(at.y, velocity.y, gain.y, slope.y, early ? 0.5F : 0.8F, rate);
  }
  Matrix plane(n, 2);
  plane.col(0) = at.x.cast<double>().matrix();
  plane.col(1) = at.y.cast<double>().matrix();
  return plane;
}

}  // namespace mien
