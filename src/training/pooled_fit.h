// The pooled head of head.h, its penalty chosen and its calibration fitted on clips that were not
// trained on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "training/calibration.h"
#include "training/dataset.h"
#include "training/logistic_columns.h"
#include "training/pooled_features.h"

namespace mien {

// L2 penalties that are tried, on features of SD 1, from strong to weak: half decades.
inline constexpr double kStrongestPenalty = 31.622776601683793;
inline constexpr int kPenalties = 13;
double penalty_of(int place);

struct PooledFit {
  Scaling scaling;
  LogisticColumns columns;
  double penalty = 0;
  std::vector<double> strengths;  // of each block of features, folded into the scaling
  std::vector<double> losses;  // of each penalty that was tried, cross-entropy a rating, validated
  CalibrationLine calibration;
  double loss = 0;  // of the chosen penalty, after calibration
};

// All below: `rows` number clips of `pooled` and `targets` alike.

// By cross-validation over `folds` (one a row; 0..): each penalty's loss over the rows left out;
// the penalty of the lowest loss; then block after block (`blocks`: features a row of each) a
// strength, a factor on its standardised features, moved by half decades as long as the loss falls;
// calibration on the left-out logits; last, a fit on all rows.
PooledFit fit_pooled_folds(const PooledFeatures& pooled, const Targets& targets,
                           std::span<const std::size_t> blocks, std::span<const std::uint32_t> rows,
                           std::span<const std::uint8_t> folds, int threads);

// On `train`, chosen and calibrated on `validation`.
PooledFit fit_pooled_split(const PooledFeatures& pooled, const Targets& targets,
                           std::span<const std::uint32_t> train,
                           std::span<const std::uint32_t> validation, int threads);

// On `rows` with a penalty that is given; no calibration.
PooledFit fit_pooled(const PooledFeatures& pooled, const Targets& targets,
                     std::span<const std::uint32_t> rows, double penalty, int threads);

// Before calibration, [rows][labels].
std::vector<float> pooled_logits(const PooledFeatures& pooled, const PooledFit& fit,
                                 std::span<const std::uint32_t> rows, int threads);

// Cross-entropy of each row, summed over labels and weighted by raters, and the weights' sum.
struct RowLoss {
  double loss = 0, weight = 0;
};
std::vector<RowLoss> losses_of(std::span<const float> probs, std::span<const std::uint32_t> rows,
                               const Targets& targets);
double mean_loss(std::span<const RowLoss> losses);

}  // namespace mien
