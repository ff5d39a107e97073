#include "face/motion.h"

#include <algorithm>
#include <cmath>

namespace mien {
namespace {

// In face sizes. Random walks of position and velocity per square root of a second: between
// DeepSORT's (0.27 and 1.0 after conversion from its 30 frames/s) and what seated people do (0.05
// and 0.5).
constexpr double kPositionWalk = 0.15;
constexpr double kVelocityWalk = 1.0;
// A new face may already move: DeepSORT's ten times 1/160 a frame.
constexpr double kFirstVelocity = 1.9;

double square(double v) {
  return v * v;
}

std::array<double, 3> measured(const Box& box) {
  const Point2 centre = box.centre();
  return {static_cast<double>(centre.x), static_cast<double>(centre.y),
          0.5 * std::log(static_cast<double>(box.area_px2()))};
}

// The face's size for the axes in pixels, one for the logarithm.
double unit_of(std::size_t axis, double log_size) {
  return axis < 2 ? std::exp(log_size) : 1.0;
}

}  // namespace

void FaceMotion::Axis::predict(double seconds, double unit) {
  position += velocity * seconds;
  variance += 2 * seconds * covariance + square(seconds) * velocity_variance +
              square(kPositionWalk * unit) * seconds +
              square(kVelocityWalk * unit) * seconds * square(seconds) / 3;
  covariance += seconds * velocity_variance + square(kVelocityWalk * unit) * square(seconds) / 2;
  velocity_variance += square(kVelocityWalk * unit) * seconds;
}

void FaceMotion::Axis::correct(double found, double unit) {
  const double total = variance + square(kClearNoise * unit);
  const double gain = variance / total;
  const double velocity_gain = covariance / total;
  const double error = found - position;
  position += gain * error;
  velocity += velocity_gain * error;
  velocity_variance -= velocity_gain * covariance;
  covariance *= 1 - gain;
  variance *= 1 - gain;
}

FaceMotion::FaceMotion(const Box& box, double time_s) : time_s_(time_s) {
  const auto z = measured(box);
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    const double unit = unit_of(i, z[2]);
    axes_[i] = {z[i], 0, square(kClearNoise * unit), 0, square(kFirstVelocity * unit)};
  }
}

std::array<FaceMotion::Axis, 3> FaceMotion::expected(double time_s) const {
  auto axes = axes_;
  const double seconds = std::max(0.0, time_s - time_s_);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    axes[i].predict(seconds, unit_of(i, axes_[2].position));
  }
  return axes;
}

double FaceMotion::surprise(const Box& box, double time_s, double noise_sizes) const {
  const auto axes = expected(time_s);
  const auto z = measured(box);
  double twice = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const double noise = square(noise_sizes * unit_of(i, axes_[2].position));
    const double variance = axes[i].variance + noise;
    twice += square(z[i] - axes[i].position) / variance + std::log(variance / noise);
  }
  return twice / 2;
}

void FaceMotion::update(const Box& box, double time_s) {
  axes_ = expected(time_s);
  time_s_ = std::max(time_s_, time_s);
  const auto z = measured(box);
  for (std::size_t i = 0; i < axes_.size(); ++i) axes_[i].correct(z[i], unit_of(i, z[2]));
}

Point2 FaceMotion::expected_centre(double time_s) const {
  const auto axes = expected(time_s);
  return {static_cast<float>(axes[0].position), static_cast<float>(axes[1].position)};
}

}  // namespace mien
