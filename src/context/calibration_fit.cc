#include "context/calibration_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

namespace mien {

namespace {

constexpr std::size_t kFewestTexts = 20;
constexpr int kRounds = 60;
constexpr double kSlopePenalty = 1e-4;  // keeps slopes finite where the pairs can be divided

struct Pair {
  std::uint32_t context = 0;
  double similarity = 0;
  double margin = 0;  // the text's largest similarity less this one
  bool holds = false;
};

// Solves the 3 x 3 system of a Newton step; symmetric and positive definite by the penalties.
std::array<double, 3> solve(std::array<std::array<double, 3>, 3> m, std::array<double, 3> v) {
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t r = i + 1; r < 3; ++r) {
      const double factor = m[r][i] / m[i][i];
      for (std::size_t k = i; k < 3; ++k) m[r][k] -= factor * m[i][k];
      v[r] -= factor * v[i];
    }
  }
  for (std::size_t i = 3; i-- > 0;) {
    for (std::size_t k = i + 1; k < 3; ++k) v[i] -= m[i][k] * v[k];
    v[i] /= m[i][i];
  }
  return v;
}

class Fit {
 public:
  Fit(const CalibrationData& data, std::vector<Pair> pairs)
      : pairs_(std::move(pairs)), offsets_(data.contexts.size(), 0.0) {}

  void run() {
    for (int round = 0; round < kRounds; ++round) {
      step_common();
      step_offsets();
    }
  }

  double logit(const Pair& pair) const {
    return common_[0] + offsets_[pair.context] + common_[1] * pair.similarity +
           common_[2] * pair.margin;
  }
  const std::array<double, 3>& common() const { return common_; }
  const std::vector<double>& offsets() const { return offsets_; }

 private:
  void step_common() {
    std::array<std::array<double, 3>, 3> curvature{};
    std::array<double, 3> gradient{};
    for (const Pair& pair : pairs_) {
      const double p = logistic(logit(pair));
      const std::array<double, 3> x = {1, pair.similarity, pair.margin};
      for (std::size_t i = 0; i < 3; ++i) {
        gradient[i] += ((pair.holds ? 1 : 0) - p) * x[i];
        for (std::size_t k = 0; k < 3; ++k) curvature[i][k] += p * (1 - p) * x[i] * x[k];
      }
    }
    for (std::size_t i = 0; i < 3; ++i) {
      gradient[i] -= kSlopePenalty * common_[i];
      curvature[i][i] += kSlopePenalty;
    }
    const std::array<double, 3> step = solve(curvature, gradient);
    double largest = 0;
    for (const double s : step) largest = std::max(largest, std::abs(s));
    const double share = largest > 5 ? 5 / largest : 1;  // far from the top, Newton leaps too far
    for (std::size_t i = 0; i < 3; ++i) common_[i] += share * step[i];
  }

  void step_offsets() {
    constexpr double kPenalty = 1 / (kOffsetSd * kOffsetSd);
    std::vector<double> gradient(offsets_.size());
    std::vector<double> curvature(offsets_.size(), kPenalty);
    for (std::size_t c = 0; c < offsets_.size(); ++c) gradient[c] = -kPenalty * offsets_[c];
    for (const Pair& pair : pairs_) {
      const double p = logistic(logit(pair));
      gradient[pair.context] += (pair.holds ? 1 : 0) - p;
      curvature[pair.context] += p * (1 - p);
    }
    for (std::size_t c = 0; c < offsets_.size(); ++c) offsets_[c] += gradient[c] / curvature[c];
  }

  std::vector<Pair> pairs_;
  std::array<double, 3> common_{-3, 1, 0};
  std::vector<double> offsets_;
};

// P(holds) = logistic(intercept + slope x), with the slope's penalty.
std::pair<double, double> fit_line(const std::vector<std::pair<double, bool>>& points) {
  double intercept = 0;
  double slope = 0;
  for (int round = 0; round < kRounds; ++round) {
    double g0 = -kSlopePenalty * intercept;
    double g1 = -kSlopePenalty * slope;
    double h00 = kSlopePenalty;
    double h01 = 0;
    double h11 = kSlopePenalty;
    for (const auto& [x, holds] : points) {
      const double p = logistic(intercept + slope * x);
      const double w = p * (1 - p);
      g0 += (holds ? 1 : 0) - p;
      g1 += ((holds ? 1 : 0) - p) * x;
      h00 += w;
      h01 += w * x;
      h11 += w * x * x;
    }
    const double determinant = h00 * h11 - h01 * h01;
    if (!(determinant > 0)) break;
    intercept += std::clamp((h11 * g0 - h01 * g1) / determinant, -2.0, 2.0);
    slope += std::clamp((h00 * g1 - h01 * g0) / determinant, -2.0, 2.0);
  }
  return {intercept, slope};
}

}  // namespace

double best_threshold(std::vector<std::pair<double, bool>> points) {
  std::ranges::sort(points, [](const auto& a, const auto& b) { return a.first > b.first; });
  const auto all =
      static_cast<double>(std::ranges::count_if(points, [](const auto& p) { return p.second; }));
  double best = 0;
  double threshold = 0.5;
  double right = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].second) ++right;
    if (i + 1 < points.size() && points[i + 1].first == points[i].first) continue;
    const double f1 = 2 * right / (static_cast<double>(i + 1) + all);
    if (f1 <= best) continue;
    best = f1;
    threshold =
        i + 1 < points.size() ? (points[i].first + points[i + 1].first) / 2 : points[i].first;
  }
  return threshold;
}

namespace {

// The threshold that so many texts of no context reach and no more; 0 where there are too few of
// them to tell. `best` holds a text's largest logit and whether it is one of them.
double least_threshold(const std::vector<std::pair<double, bool>>& best) {
  std::vector<double> probs;
  for (const auto& [logit, is_none] : best) {
    if (is_none) probs.push_back(logistic(logit));
  }
  const auto reach = static_cast<std::size_t>(kMostNoneGiven * static_cast<double>(probs.size()));
  if (reach == 0) return 0;
  std::ranges::sort(probs, std::greater<>());
  return std::midpoint(probs[reach - 1], probs[reach]);
}

}  // namespace

std::vector<std::vector<std::uint32_t>> ancestors_of(const ContextVocabulary& vocabulary) {
  std::vector<std::vector<std::uint32_t>> all;
  for (const Context& context : vocabulary.contexts) {
    std::set<std::size_t> above;
    std::vector<std::size_t> open = context.parents;
    while (!open.empty()) {
      const std::size_t next = open.back();
      open.pop_back();
      if (!above.insert(next).second) continue;
      const std::vector<std::size_t>& parents = vocabulary.contexts[next].parents;
      open.insert(open.end(), parents.begin(), parents.end());
    }
    all.emplace_back(above.begin(), above.end());
  }
  return all;
}

Result<Calibration> fit_calibration(const CalibrationData& data) {
  const std::size_t contexts = data.contexts.size();
  std::vector<Pair> pairs;
  std::vector<std::size_t> ends;  // of each text's pairs
  std::vector<bool> is_none;
  std::vector<int> counts(contexts, 0);
  for (std::size_t t = 0; t < data.labels.size(); ++t) {
    const std::span<const float> row = data.similarities.subspan(t * contexts, contexts);
    if (std::isnan(row.front())) continue;
    const double most = std::ranges::max(row);
    const std::vector<std::uint32_t>& own = data.labels[t];
    std::set<std::uint32_t> above;
    for (const std::uint32_t label : own) {
      ++counts[label];
      if (!data.ancestors.empty()) {
        above.insert(data.ancestors[label].begin(), data.ancestors[label].end());
      }
    }
    for (std::uint32_t c = 0; c < contexts; ++c) {
      const bool holds = std::ranges::find(own, c) != own.end();
      if (!holds && above.contains(c)) continue;
      pairs.push_back({c, row[c], most - row[c], holds});
    }
    ends.push_back(pairs.size());
    is_none.push_back(own.empty());
  }
  const auto none = static_cast<std::size_t>(std::ranges::count(is_none, true));
  if (ends.size() < kFewestTexts || none == ends.size()) {
    return Error{ErrorCode::kUsage,
                 "a calibration needs at least " + std::to_string(kFewestTexts) +
                     " texts that the model can read, not all of them of no context; there are " +
                     std::to_string(ends.size()) + ", " + std::to_string(none) + " of none"};
  }
  Fit fit(data, pairs);
  fit.run();
  Calibration calibration;
  calibration.texts = static_cast<int>(ends.size());
  calibration.none_texts = static_cast<int>(none);
  calibration.intercept = fit.common()[0];
  calibration.slope = fit.common()[1];
  calibration.margin_slope = fit.common()[2];
  std::vector<std::pair<double, bool>> best_of_texts;
  std::vector<std::pair<double, bool>> all_points;
  std::vector<std::vector<std::pair<double, bool>>> points_of(contexts);
  for (std::size_t t = 0, p = 0; t < ends.size(); ++t) {
    double most = fit.logit(pairs[p]);
    for (; p < ends[t]; ++p) {
      const double logit = fit.logit(pairs[p]);
      most = std::max(most, logit);
      all_points.emplace_back(logistic(logit), pairs[p].holds);
      points_of[pairs[p].context].push_back(all_points.back());
    }
    best_of_texts.emplace_back(most, is_none[t]);
  }
  if (none > 0) {
    std::tie(calibration.none_intercept, calibration.none_slope) = fit_line(best_of_texts);
  }
  const double least = least_threshold(best_of_texts);
  calibration.threshold_prob = std::max(least, best_threshold(std::move(all_points)));
  for (std::size_t c = 0; c < contexts; ++c) {
    double threshold = calibration.threshold_prob;
    if (counts[c] >= kOwnThresholdTexts) {
      threshold =
          (counts[c] * best_threshold(std::move(points_of[c])) + kThresholdWeight * threshold) /
          (counts[c] + kThresholdWeight);
    }
    calibration.contexts[data.contexts[c]] = {counts[c], fit.offsets()[c],
                                              std::max(least, threshold)};
  }
  return calibration;
}

}  // namespace mien
