#include "training/pooled_fit.h"

#include <algorithm>
#include <cmath>

#include "training/rated_labels.h"

namespace mien {

namespace {

constexpr double kLeastProb = 1e-6;
constexpr double kStrengthStep = 3.1622776601683795;  // half a decade
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

// Logits that were trained on evened labels are brought back to the rates first.
double calibrated_loss(const std::vector<float>& logits, std::span<const std::uint32_t> rows,
                       const Targets& targets) {
  const CalibrationLine line = calibrate(logits, rows, targets);
  return mean_loss(losses_of(calibrated(logits, line), rows, targets));
}

// Multiplies a block's standardised features, of means and of deviations, and its strength.
void scale_block(std::size_t block, double factor, std::span<const std::size_t> blocks,
                 std::vector<float>& features, std::size_t width, PooledFit& fit) {
  std::size_t first = 0, dimensions = 0;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    if (b < block) first += blocks[b];
    dimensions += blocks[b];
  }
  for (std::size_t part = 0; part < width; part += dimensions) {
    for (std::size_t f = part + first; f < part + first + blocks[block]; ++f) {
      fit.scaling.scale[f] *= static_cast<float>(factor);
      for (std::size_t at = f; at < features.size(); at += width)
        features[at] *= static_cast<float>(factor);
    }
  }
  fit.strengths[block] *= factor;
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
    const double loss = calibrated_loss(logits, validation, targets);
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
                           std::span<const std::size_t> blocks, std::span<const std::uint32_t> rows,
                           std::span<const std::uint8_t> folds, int threads) {
  PooledFit fit;
  fit.scaling = scaling_of(pooled, rows);
  std::vector<float> features = standardised(pooled, fit.scaling, rows);
  const LogisticSolver solver(features, rows.size(), pooled.features, threads);
  const Targets smooth = training_targets(targets, rows);
  const std::size_t fold_count = *std::ranges::max_element(folds) + std::size_t{1};
  const Columns by_fold = columns_of(smooth, rows, folds, fold_count);
  LogisticColumns columns;
  const std::size_t width = fold_count * targets.labels;
  const auto left_out = [&](double penalty) {
    solver.fit(by_fold.targets, by_fold.weights, penalty, columns);
    const std::vector<float> all = solver.logits(columns);
    std::vector<float> own;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto first =
          all.begin() + static_cast<std::ptrdiff_t>(i * width + folds[i] * targets.labels);
      own.insert(own.end(), first, first + static_cast<std::ptrdiff_t>(targets.labels));
    }
    return own;
  };
  std::vector<float> logits = choose(targets, rows, left_out, fit);
  fit.strengths.assign(blocks.size(), 1);
  if (blocks.size() > 1) {
    double lowest = *std::ranges::min_element(fit.losses);
    for (std::size_t block = 0; block < blocks.size(); ++block) {
      for (const double step : {kStrengthStep, 1 / kStrengthStep}) {
        const double before = lowest;
        while (true) {
          scale_block(block, step, blocks, features, pooled.features, fit);
          std::vector<float> tried = left_out(fit.penalty);
          const double loss = calibrated_loss(tried, rows, targets);
          if (!(loss < lowest)) break;
          lowest = loss;
          logits = std::move(tried);
        }
        scale_block(block, 1 / step, blocks, features, pooled.features, fit);
        if (lowest < before) break;  // the other way is where it came from
      }
    }
  }
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
  const Columns whole = columns_of(training_targets(targets, train), train, {}, 1);
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
  const Columns whole = columns_of(training_targets(targets, rows), rows, {}, 1);
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
