#include "training/calibration.h"

#include <algorithm>
#include <cmath>
#include <tuple>

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

// One slope for the labels named, an intercept each, by Newton's method: the slope's unknown and
// the intercepts' are coupled only pairwise, so that each step is solved by elimination.
void share_slope(const std::vector<std::vector<Case>>& cases, std::span<const std::size_t> labels,
                 std::vector<double>& slope, std::vector<double>& intercept) {
  double shared = 1;
  const auto value = [&](double s, const std::vector<double>& at) {
    double sum = (s - 1) * (s - 1) / 2;
    for (const std::size_t l : labels) sum += objective(cases[l], s, at[l]) - (s - 1) * (s - 1) / 2;
    return sum;
  };
  double now = value(shared, intercept);
  for (int step = 0; step < kMostSteps; ++step) {
    double pull = shared - 1, bend = 1;
    std::vector<double> gb(intercept.size(), 0), hab(intercept.size(), 0),
        hbb(intercept.size(), 1e-9);
    double eliminated_pull = 0, eliminated_bend = 0;
    for (const std::size_t l : labels) {
      for (const Case& c : cases[l]) {
        const double p = sigmoid(intercept[l] + shared * c.z);
        const double off = c.raters * (p - c.mean), curve = c.raters * p * (1 - p);
        pull += off * c.z;
        bend += curve * c.z * c.z;
        gb[l] += off;
        hab[l] += curve * c.z;
        hbb[l] += curve;
      }
      eliminated_pull += hab[l] * gb[l] / hbb[l];
      eliminated_bend += hab[l] * hab[l] / hbb[l];
    }
    const double ds = -(pull - eliminated_pull) / (bend - eliminated_bend);
    double size = 1, next = 0, tried = shared;
    std::vector<double> moved = intercept;
    for (; size > 1e-6; size /= 2) {
      tried = shared + size * ds;
      for (const std::size_t l : labels)
        moved[l] = intercept[l] - size * (gb[l] + hab[l] * ds) / hbb[l];
      next = value(tried, moved);
      if (next <= now) break;
    }
    if (next > now) break;
    shared = tried;
    intercept = moved;
    const bool settled = now - next <= 1e-12 * std::fabs(now);
    now = next;
    if (settled) break;
  }
  for (const std::size_t l : labels) slope[l] = shared;
}

double held(float logit) {
  return static_cast<double>(std::clamp(logit, -kMostLogit, kMostLogit));
}

}  // namespace

CalibrationLine calibrate(std::span<const float> logits, std::span<const std::uint32_t> clips,
                          const Targets& targets) {
  std::vector<std::vector<Case>> cases(targets.labels);
  std::vector<double> slope(targets.labels), intercept(targets.labels);
  std::vector<std::size_t> rising;  // labels whose scores tell something
  for (std::size_t l = 0; l < targets.labels; ++l) {
    for (std::size_t i = 0; i < clips.size(); ++i) {
      const std::size_t at = clips[i] * targets.labels + l;
      if (targets.raters[at] == 0) continue;
      cases[l].push_back({held(logits[i * targets.labels + l]),
                          static_cast<double>(targets.mean[at]),
                          static_cast<double>(targets.raters[at])});
    }
    std::tie(slope[l], intercept[l]) = line_of(cases[l], false);
    if (slope[l] > 0) {
      rising.push_back(l);
    } else {
      std::tie(slope[l], intercept[l]) = line_of(cases[l], true);
    }
  }
  if (!rising.empty()) share_slope(cases, rising, slope, intercept);
  CalibrationLine line;
  for (std::size_t l = 0; l < targets.labels; ++l) {
    line.slope.push_back(static_cast<float>(slope[l]));
    line.intercept.push_back(static_cast<float>(intercept[l]));
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
