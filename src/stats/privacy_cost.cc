#include "stats/privacy_cost.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace mien {

namespace {

// `log_excess` is log(a - 1).
double epsilon_at(double rho, double log_delta, double log_excess) {
  const double excess = std::exp(log_excess);
  const double a = 1 + excess;
  return a * rho + (a * std::log1p(-1 / a) - log_delta - log_excess) / excess;
}

}  // namespace

double epsilon_of(double rho, double delta) {
  MIEN_CHECK(rho > 0 && delta > 0 && delta < 1, "a cost and a delta");
  const double log_delta = std::log(delta);
  // Near a = 1 + sqrt(log(1 / delta) / rho); a grid about it, then thirds.
  const double middle = 0.5 * std::log(-log_delta / rho);
  constexpr double kReach = 8;
  constexpr int kSteps = 400;
  double best = middle;
  for (int i = 0; i <= kSteps; ++i) {
    const double at = middle - kReach + 2 * kReach * i / kSteps;
    if (epsilon_at(rho, log_delta, at) < epsilon_at(rho, log_delta, best)) best = at;
  }
  double low = best - 2 * kReach / kSteps;
  double high = best + 2 * kReach / kSteps;
  for (int i = 0; i < 100; ++i) {
    const double a = low + (high - low) / 3;
    const double b = high - (high - low) / 3;
    (epsilon_at(rho, log_delta, a) < epsilon_at(rho, log_delta, b) ? high : low) =
        epsilon_at(rho, log_delta, a) < epsilon_at(rho, log_delta, b) ? b : a;
  }
  return std::max(0.0, epsilon_at(rho, log_delta, (low + high) / 2));
}

double rho_of(double epsilon, double delta) {
  MIEN_CHECK(epsilon > 0, "an epsilon");
  double low = 0;
  double high = epsilon + 1;  // costs more than epsilon: zCDP's epsilon is above rho
  while (epsilon_of(high, delta) < epsilon) high *= 2;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (epsilon_of(middle, delta) <= epsilon ? low : high) = middle;
  }
  return low;
}

double NoiseScale::rho() const {
  return static_cast<double>(sensitivity2) / (2 * static_cast<double>(variance));
}

NoiseScale noise_for(std::uint64_t sensitivity2, double rho) {
  MIEN_CHECK(rho > 0, "a cost above 0");
  const double wanted = std::ceil(static_cast<double>(sensitivity2) / (2 * rho));
  MIEN_CHECK(wanted < 0x1p53, "a variance that is a whole number");
  NoiseScale scale{sensitivity2, std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted))};
  while (scale.rho() > rho) ++scale.variance;
  return scale;
}

}  // namespace mien
