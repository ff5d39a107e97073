#include "training/pooled_fit.h"

#include <algorithm>
#include <cmath>

#include "training/rated_labels.h"

namespace mien {

namespace {

constexpr double kLeastProb = 1e-6;
constexpr int kRises = 2;  // weaker penalties are not tried after so many losses above the lowest

struct Columns {
  std::vector<float> targets, weights;  // [rows][columns]
};

// One column a label; where there are folds, a label and fold, fold by fold, in which the fold's
// own rows weigh nothing.
Columns columns_of(const Targets& smooth, std::span<const std::uint32_t> rows,
                   std::span<const std::uint8_t> folds, std::size_t fold_count) {
  Columns columns;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t fold = 0; fold < fold_count; ++fold) {
      for (std::size_t l = 0; l < smooth.labels; ++l) {
        const std::size_t at = rows[i] * smooth.labels + l;
        const bool out = !folds.empty() && folds[i] == fold;
        columns.targets.push_back(smooth.mean[at]);
        columns.weights.push_back(out ? 0 : smooth.raters[at]);
      }
    }
  }
  return columns;
}

// Tries penalties with `left_out`, which fits with one and gives the logits of the rows that
// validate; keeps the best.
template <typename LeftOut>
std::vector<float> choose(const Targets& targets, std::span<const std::uint32_t> validation,
                          const LeftOut& left_out, PooledFit& fit) {
  std::vector<float> best_logits;
  int rises = 0;
  for (int i = 0; i < kPenalties && rises < kRises; ++i) {
    std::vector<float> logits = left_out(penalty_of(i));
    const CalibrationLine as_is = {std::vector<float>(targets.labels, 1),
                                   std::vector<float>(targets.labels, 0)};
    const double loss = mean_loss(losses_of(calibrated(logits, as_is), validation, targets));
    const bool better = fit.losses.empty() || loss < *std::ranges::min_element(fit.losses);
    fit.losses.push_back(loss);
    rises = better ? 0 : rises + 1;
    if (!better) continue;
    fit.penalty = penalty_of(i);
    best_logits = std::move(logits);
  }
  return best_logits;
}

void calibrate_on(const std::vector<float>& logits, const Targets& targets,
                  std::span<const std::uint32_t> rows, PooledFit& fit) {
  fit.calibration = calibrate(logits, rows, targets);
  fit.loss = mean_loss(losses_of(calibrated(logits, fit.calibration), rows, targets));
}

}  // namespace

double penalty_of(int place) {
  return kStrongestPenalty * std::pow(10, -place / 2.0);
}

PooledFit fit_pooled_folds(const PooledFeatures& pooled, const Targets& targets,
                           std::span<const std::uint32_t> rows, std::span<const std::uint8_t> folds,
                           int threads) {
  PooledFit fit;
  fit.scaling = scaling_of(pooled, rows);
  const std::vector<float> features = standardised(pooled, fit.scaling, rows);
  const LogisticSolver solver(features, rows.size(), pooled.features, threads);
  const Targets smooth = smoothed(targets, rows);
  const std::size_t fold_count = *std::ranges::max_element(folds) + std::size_t{1};
  const Columns by_fold = columns_of(smooth, rows, folds, fold_count);
  LogisticColumns columns;
  const std::size_t width = fold_count * targets.labels;
  const std::vector<float> logits = choose(
      targets, rows,
      [&](double penalty) {
        solver.fit(by_fold.targets, by_fold.weights, penalty, columns);
        const std::vector<float> all = solver.logits(columns);
        std::vector<float> left_out;
        for (std::size_t i = 0; i < rows.size(); ++i) {
          const auto first =
              all.begin() + static_cast<std::ptrdiff_t>(i * width + folds[i] * targets.labels);
          left_out.insert(left_out.end(), first,
                          first + static_cast<std::ptrdiff_t>(targets.labels));
        }
        return left_out;
      },
      fit);
  calibrate_on(logits, targets, rows, fit);
  const Columns whole = columns_of(smooth, rows, {}, 1);
  solver.fit(whole.targets, whole.weights, fit.penalty, fit.columns);
  return fit;
}

PooledFit fit_pooled_split(const PooledFeatures& pooled, const Targets& targets,
                           std::span<const std::uint32_t> train,
                           std::span<const std::uint32_t> validation, int threads) {
  PooledFit fit;
  fit.scaling = scaling_of(pooled, train);
  const std::vector<float> features = standardised(pooled, fit.scaling, train);
  const std::vector<float> held = standardised(pooled, fit.scaling, validation);
  const LogisticSolver solver(features, train.size(), pooled.features, threads);
  const LogisticSolver other(held, validation.size(), pooled.features, threads);
  const Columns whole = columns_of(smoothed(targets, train), train, {}, 1);
  LogisticColumns columns;
  const std::vector<float> logits = choose(
      targets, validation,
      [&](double penalty) {
        solver.fit(whole.targets, whole.weights, penalty, columns);
        return other.logits(columns);
      },
      fit);
  calibrate_on(logits, targets, validation, fit);
  solver.fit(whole.targets, whole.weights, fit.penalty, fit.columns);
  return fit;
}

PooledFit fit_pooled(const PooledFeatures& pooled, const Targets& targets,
                     std::span<const std::uint32_t> rows, double penalty, int threads) {
  PooledFit fit;
  fit.penalty = penalty;
  fit.scaling = scaling_of(pooled, rows);
  const std::vector<float> features = standardised(pooled, fit.scaling, rows);
  const Columns whole = columns_of(smoothed(targets, rows), rows, {}, 1);
  LogisticSolver(features, rows.size(), pooled.features, threads)
      .fit(whole.targets, whole.weights, penalty, fit.columns);
  return fit;
}

std::vector<float> pooled_logits(const PooledFeatures& pooled, const PooledFit& fit,
                                 std::span<const std::uint32_t> rows, int threads) {
  const std::vector<float> features = standardised(pooled, fit.scaling, rows);
  return LogisticSolver(features, rows.size(), pooled.features, threads).logits(fit.columns);
}

std::vector<RowLoss> losses_of(std::span<const float> probs, std::span<const std::uint32_t> rows,
                               const Targets& targets) {
  std::vector<RowLoss> losses(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t l = 0; l < targets.labels; ++l) {
      const std::size_t at = rows[i] * targets.labels + l;
      const auto raters = static_cast<double>(targets.raters[at]);
      if (raters == 0) continue;
      const double p = std::clamp(static_cast<double>(probs[i * targets.labels + l]), kLeastProb,
                                  1 - kLeastProb);
      const auto mean = static_cast<double>(targets.mean[at]);
      losses[i].loss -= raters * (mean * std::log(p) + (1 - mean) * std::log(1 - p));
      losses[i].weight += raters;
    }
  }
  return losses;
}

double mean_loss(std::span<const RowLoss> losses) {
  double loss = 0, weight = 0;
  for (const RowLoss& row : losses) {
    loss += row.loss;
    weight += row.weight;
  }
  return loss / weight;
}

}  // namespace mien
