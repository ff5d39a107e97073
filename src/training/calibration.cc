#include "training/calibration.h"

#include <algorithm>
#include <cmath>

#include "training/head.h"

namespace mien {

namespace {

constexpr int kMostSteps = 50;

double sigmoid(double z) {
  return 1 / (1 + std::exp(-z));
}

struct Case {
  double z, mean, raters;
};

double objective(const std::vector<Case>& cases, double slope, double intercept) {
  double sum = (slope - 1) * (slope - 1) / 2;
  for (const Case& c : cases) {
    const double z = intercept + slope * c.z;
    sum += c.raters * (std::max(z, 0.0) + std::log1p(std::exp(-std::fabs(z))) - c.mean * z);
  }
  return sum;
}

// Newton's method in two unknowns, or (fixed_slope) in one.
std::pair<double, double> line_of(const std::vector<Case>& cases, bool fixed_slope) {
  double slope = fixed_slope ? 0 : 1, intercept = 0;
  double value = objective(cases, slope, intercept);
  for (int step = 0; step < kMostSteps; ++step) {
    double ga = fixed_slope ? 0 : slope - 1, gb = 0, haa = 1, hab = 0, hbb = 1e-9;
    for (const Case& c : cases) {
      const double p = sigmoid(intercept + slope * c.z);
      const double pull = c.raters * (p - c.mean), bend = c.raters * p * (1 - p);
      gb += pull;
      hbb += bend;
      if (fixed_slope) continue;
      ga += pull * c.z;
      haa += bend * c.z * c.z;
      hab += bend * c.z;
    }
    const double determinant = haa * hbb - hab * hab;
    const double da = -(hbb * ga - hab * gb) / determinant;
    const double db = -(haa * gb - hab * ga) / determinant;
    double size = 1;
    double next = objective(cases, slope + da, intercept + db);
    while (next > value && size > 1e-6) {
      size /= 2;
      next = objective(cases, slope + size * da, intercept + size * db);
    }
    if (next > value) break;
    slope += size * da;
    intercept += size * db;
    const bool settled = value - next <= 1e-12 * std::fabs(value);
    value = next;
    if (settled) break;
  }
  return {slope, intercept};
}

double held(float logit) {
  return static_cast<double>(std::clamp(logit, -kMostLogit, kMostLogit));
}

}  // namespace

CalibrationLine calibrate(std::span<const float> logits, std::span<const std::uint32_t> clips,
                          const Targets& targets) {
  CalibrationLine line;
  for (std::size_t l = 0; l < targets.labels; ++l) {
    std::vector<Case> cases;
    for (std::size_t i = 0; i < clips.size(); ++i) {
      const std::size_t at = clips[i] * targets.labels + l;
      if (targets.raters[at] == 0) continue;
      cases.push_back({held(logits[i * targets.labels + l]), static_cast<double>(targets.mean[at]),
                       static_cast<double>(targets.raters[at])});
    }
    auto [slope, intercept] = line_of(cases, false);
    if (!(slope > 0)) std::tie(slope, intercept) = line_of(cases, true);
    line.slope.push_back(static_cast<float>(slope));
    line.intercept.push_back(static_cast<float>(intercept));
  }
  return line;
}

std::vector<float> calibrated(std::span<const float> logits, const CalibrationLine& line) {
  std::vector<float> probs;
  const std::size_t labels = line.slope.size();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const float z = line.intercept[i % labels] +
                    line.slope[i % labels] * std::clamp(logits[i], -kMostLogit, kMostLogit);
    probs.push_back(1 / (1 + std::exp(-z)));
  }
  return probs;
}

}  // namespace mien
