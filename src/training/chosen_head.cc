#include "training/chosen_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "training/pooled_fit.h"
#include "training/rated_labels.h"
#include "training/recurrent_fit.h"
#include "training/splits.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

Head pooled_head(const Dataset& set, const std::vector<std::string>& names, bool spread,
                 const PooledFit& fit) {
  Head head;
  head.kind = HeadKind::kPooled;
  head.dimensions = set.dimensions();
  head.labels = names;
  head.pooled = {
      spread,          fit.scaling.root, fit.scaling.mean, fit.scaling.scale, fit.columns.weights,
      fit.columns.bias};
  head.slope = fit.calibration.slope;
  head.intercept = fit.calibration.intercept;
  return head;
}

std::vector<std::size_t> block_sizes(const Dataset& set) {
  std::vector<std::size_t> sizes;
  for (const FeatureBlock& block : set.header().blocks) sizes.push_back(block.size);
  return sizes;
}

Json told_of(const PooledFit& fit) {
  Json tried = Json::array();
  for (std::size_t i = 0; i < fit.losses.size(); ++i) {
    tried.push_back(
        {{"penalty", penalty_of(static_cast<int>(i))}, {"validation_loss", fit.losses[i]}});
  }
  return {{"penalty", fit.penalty},
          {"strengths", fit.strengths},
          {"calibrated_loss", fit.loss},
          {"tried", tried}};
}

std::vector<std::uint32_t> of_rows(std::span<const std::uint32_t> values,
                                   std::span<const std::uint32_t> rows) {
  std::vector<std::uint32_t> some;
  for (const std::uint32_t row : rows) some.push_back(values[row]);
  return some;
}

Json sizes_of(const Dataset& set, const std::vector<std::uint32_t>& clips) {
  std::vector<DatasetClip> some;
  for (const std::uint32_t clip : clips) some.push_back(set.clips()[clip]);
  std::vector<std::uint32_t> clusters = clusters_of(some);
  std::ranges::sort(clusters);
  const auto more = std::ranges::unique(clusters);
  return {{"clips", clips.size()}, {"clusters", clusters.size() - more.size()}};
}

// Rule 1. `pooled` holds the rated clips, in their order.
Result<ChosenHead> by_folds(const Dataset& set, const Targets& targets,
                            const std::vector<std::string>& names,
                            const std::vector<std::uint32_t>& rated, const FitRequest& request,
                            const FitEvents& events) {
  std::vector<DatasetClip> clips;
  for (const std::uint32_t clip : rated) clips.push_back(set.clips()[clip]);
  const std::vector<std::uint32_t> clusters = clusters_of(clips);
  MIEN_TRY(folds, deal_folds(clips, kFolds, request.seed));
  events({{"event", "stage"}, {"stage", "features"}});
  const bool spread = spread_tells(set);
  MIEN_TRY(pooled, pool(set, rated, spread, request.threads));
  Targets own{rated.size(), targets.labels, {}, {}};  // rows beside `pooled`
  for (const std::uint32_t clip : rated) {
    for (std::size_t l = 0; l < targets.labels; ++l) {
      own.mean.push_back(targets.mean[clip * targets.labels + l]);
      own.raters.push_back(targets.raters[clip * targets.labels + l]);
    }
  }

  ChosenHead chosen;
  chosen.clips = rated;
  chosen.probs.resize(rated.size() * targets.labels);
  chosen.parts.resize(rated.size());
  Json told_folds = Json::array();
  const auto fit_on = [&](const std::vector<std::uint32_t>& rows) -> Result<PooledFit> {
    MIEN_TRY(inner, deal_clusters(of_rows(clusters, rows), kFolds, request.seed + 1));
    return fit_pooled_folds(pooled, own, block_sizes(set), rows, inner, request.threads);
  };
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    events({{"event", "stage"}, {"stage", "fold"}, {"fold", fold + 1}, {"of", kFolds}});
    std::vector<std::uint32_t> train, held;
    for (std::uint32_t row = 0; row < rated.size(); ++row)
      (folds[row] == fold ? held : train).push_back(row);
    MIEN_TRY(fit, fit_on(train));
    const std::vector<float> probs =
        calibrated(pooled_logits(pooled, fit, held, request.threads), fit.calibration);
    for (std::size_t i = 0; i < held.size(); ++i) {
      std::copy_n(probs.begin() + static_cast<std::ptrdiff_t>(i * targets.labels), targets.labels,
                  chosen.probs.begin() + static_cast<std::ptrdiff_t>(held[i] * targets.labels));
      chosen.parts[held[i]] = "fold " + std::to_string(fold + 1);
    }
    Json told = told_of(fit);
    told["held_out"] = held.size();
    told_folds.push_back(told);
  }
  events({{"event", "stage"}, {"stage", "fit"}});
  std::vector<std::uint32_t> rows(rated.size());
  for (std::uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
  MIEN_TRY(fit, fit_on(rows));
  chosen.head = pooled_head(set, names, spread, fit);
  chosen.told = {{"evaluation", "folds"},
                 {"folds", told_folds},
                 {"fitted_on", sizes_of(set, rated)},
                 {"pooled", told_of(fit)}};
  return chosen;
}

Json told_of(const RecurrentFit& fit, double loss) {
  Json epochs = Json::array();
  for (const EpochLoss& epoch : fit.epochs)
    epochs.push_back({{"train_loss", epoch.train}, {"validation_loss", epoch.validation}});
  return {{"calibrated_loss", loss}, {"best_epoch", fit.best_epoch}, {"epochs", epochs}};
}

// Difference of two heads' losses (a - b) a rating, and its standard error over clusters.
std::pair<double, double> difference(const std::vector<RowLoss>& a, const std::vector<RowLoss>& b,
                                     const std::vector<std::uint32_t>& clusters) {
  std::vector<double> loss(a.size(), 0), weight(a.size(), 0);
  double sum = 0, all = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    loss[clusters[i]] += a[i].loss - b[i].loss;
    weight[clusters[i]] += a[i].weight;
    sum += a[i].loss - b[i].loss;
    all += a[i].weight;
  }
  const double mean = sum / all;
  double squares = 0, count = 0;
  for (std::size_t c = 0; c < loss.size(); ++c) {
    if (weight[c] == 0) continue;
    const double off = loss[c] - mean * weight[c];
    squares += off * off;
    ++count;
  }
  return {mean, std::sqrt(squares * count / std::max(count - 1, 1.0)) / all};
}

struct Sides {
  std::vector<std::uint32_t> train, validation, test;
};

Result<Sides> sides_of(const Dataset& set, const std::vector<std::uint32_t>& rated,
                       std::uint64_t seed) {
  std::vector<DatasetClip> clips;
  for (const std::uint32_t clip : rated) clips.push_back(set.clips()[clip]);
  MIEN_TRY(splits, settle_splits(clips, seed));
  Sides sides;
  for (std::size_t i = 0; i < rated.size(); ++i) {
    (splits[i] == Split::kTrain        ? sides.train
     : splits[i] == Split::kValidation ? sides.validation
                                       : sides.test)
        .push_back(rated[i]);
  }
  return sides;
}

// Rules 2 and 3.
Result<ChosenHead> by_splits(const Dataset& set, const Targets& targets,
                             const std::vector<std::string>& names,
                             const std::vector<std::uint32_t>& rated, const FitRequest& request,
                             const FitEvents& events) {
  MIEN_TRY(sides, sides_of(set, rated, request.seed));
  const bool moving = spread_tells(set);
  ChosenHead chosen;
  chosen.clips = sides.test;
  chosen.parts.assign(sides.test.size(), "test");
  chosen.told = {{"evaluation", "splits"},
                 {"train", sizes_of(set, sides.train)},
                 {"validation", sizes_of(set, sides.validation)},
                 {"test", sizes_of(set, sides.test)}};
  std::vector<RowLoss> pooled_losses;
  if (request.head != "recurrent") {
    events({{"event", "stage"}, {"stage", "features"}});
    std::vector<std::uint32_t> all(set.clips().size());
    for (std::uint32_t clip = 0; clip < all.size(); ++clip) all[clip] = clip;
    MIEN_TRY(pooled, pool(set, all, moving, request.threads));
    events({{"event", "stage"}, {"stage", "pooled"}});
    const PooledFit fit =
        fit_pooled_split(pooled, targets, sides.train, sides.validation, request.threads);
    chosen.head = pooled_head(set, names, moving, fit);
    chosen.told["pooled"] = told_of(fit);
    pooled_losses = losses_of(
        calibrated(pooled_logits(pooled, fit, sides.validation, request.threads), fit.calibration),
        sides.validation, targets);
  }
  if (request.head == "recurrent" || (request.head == "auto" && moving)) {
    events({{"event", "stage"}, {"stage", "recurrent"}});
    RecurrentOptions options;
    options.most_epochs = request.epochs;
    options.patience = request.patience;
    options.learning_rate = request.learning_rate;
    options.seed = request.seed;
    options.threads = request.threads;
    options.checkpoint = request.checkpoint;
    options.checkpoint_s = request.checkpoint_s;
    options.progress = [&](const RecurrentProgress& at) {
      Json event = {{"event", "epoch"},  {"epoch", at.epoch},           {"of", at.of},
                    {"share", at.share}, {"train_loss", at.loss.train}, {"left_s", at.left_s}};
      event["validation_loss"] = std::isnan(at.loss.validation) ? Json() : Json(at.loss.validation);
      events(event);
    };
    MIEN_TRY(fit, fit_recurrent(set, training_targets(targets, sides.train), targets, sides.train,
                                sides.validation, options));
    MIEN_TRY(logits,
             recurrent_logits(set, fit.head, names.size(), sides.validation, request.threads));
    const CalibrationLine line = calibrate(logits, sides.validation, targets);
    const std::vector<RowLoss> losses =
        losses_of(calibrated(logits, line), sides.validation, targets);
    chosen.told["recurrent"] = told_of(fit, mean_loss(losses));
    bool take = true;
    if (!pooled_losses.empty()) {
      std::vector<DatasetClip> clips;
      for (const std::uint32_t clip : sides.validation) clips.push_back(set.clips()[clip]);
      const auto [gain, se] = difference(pooled_losses, losses, clusters_of(clips));
      take = gain > se;
      chosen.told["recurrent"]["gain_over_pooled"] = gain;
      chosen.told["recurrent"]["gain_se"] = se;
    }
    if (take) {
      chosen.head.kind = HeadKind::kRecurrent;
      chosen.head.dimensions = set.dimensions();
      chosen.head.labels = names;
      chosen.head.recurrent = fit.head;
      chosen.head.slope = line.slope;
      chosen.head.intercept = line.intercept;
    }
  }
  MIEN_TRY(probs, head_probs(set, chosen.head, sides.test, request.threads));
  chosen.probs = std::move(probs);
  return chosen;
}

}  // namespace

Result<ChosenHead> choose_head(const Dataset& set, const Targets& targets,
                               const std::vector<std::string>& names,
                               const std::vector<std::uint32_t>& rated, const FitRequest& request,
                               const FitEvents& events) {
  const bool given = std::ranges::any_of(
      rated, [&](std::uint32_t clip) { return set.clips()[clip].split != Split::kUnassigned; });
  const bool splits = request.evaluation == "splits" ||
                      (request.evaluation == "auto" &&
                       (given || rated.size() >= kClipsForSplits || request.head == "recurrent"));
  if (!splits && request.head == "recurrent") {
    return Error{ErrorCode::kUsage,
                 "the recurrent head is measured on splits only; remedy: --evaluation splits"};
  }
  MIEN_TRY(chosen, splits ? by_splits(set, targets, names, rated, request, events)
                          : by_folds(set, targets, names, rated, request, events));
  chosen.told["head"] = to_string(chosen.head.kind);
  chosen.told["calibration"] = {{"slope", chosen.head.slope}, {"intercept", chosen.head.intercept}};
  return chosen;
}

Result<std::vector<float>> head_probs(const Dataset& set, const Head& head,
                                      const std::vector<std::uint32_t>& clips, int threads) {
  const CalibrationLine line = {head.slope, head.intercept};
  if (head.kind == HeadKind::kRecurrent) {
    MIEN_TRY(logits, recurrent_logits(set, head.recurrent, head.labels.size(), clips, threads));
    return calibrated(logits, line);
  }
  MIEN_TRY(pooled, pool(set, clips, head.pooled.spread, threads));
  PooledFit fit;
  fit.scaling = {head.pooled.root, head.pooled.mean, head.pooled.scale};
  fit.columns = {head.pooled.weights, head.pooled.bias};
  std::vector<std::uint32_t> rows(clips.size());
  for (std::uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
  return calibrated(pooled_logits(pooled, fit, rows, threads), line);
}

Head with_labels(const Head& head, const std::vector<std::uint8_t>& kept) {
  const std::size_t labels = head.labels.size();
  // Of a row-major matrix whose columns are labels, each `width` wide.
  const auto columns = [&](std::span<const float> values, std::size_t width) {
    std::vector<float> some;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (kept[i / width % labels] != 0) some.push_back(values[i]);
    }
    return some;
  };
  Head only = head;
  only.labels.clear();
  for (std::size_t l = 0; l < labels; ++l) {
    if (kept[l] != 0) only.labels.push_back(head.labels[l]);
  }
  only.slope = columns(head.slope, 1);
  only.intercept = columns(head.intercept, 1);
  if (head.kind == HeadKind::kPooled) {
    only.pooled.weights = columns(head.pooled.weights, 1);
    only.pooled.bias = columns(head.pooled.bias, 1);
    return only;
  }
  const RecurrentHead& from = head.recurrent;
  const RecurrentLayout at = layout_of(head.dimensions, labels, from.shape);
  const std::span all(from.parameters);
  std::vector<float>& to = only.recurrent.parameters;
  to.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(at.gates.at));
  for (const auto& [piece, width] :
       {std::pair(at.gates, from.shape.experts + 1),
        std::pair(at.gates_bias, from.shape.experts + 1), std::pair(at.experts, from.shape.experts),
        std::pair(at.experts_bias, from.shape.experts)}) {
    const std::vector<float> some = columns(all.subspan(piece.at, piece.size()), width);
    to.insert(to.end(), some.begin(), some.end());
  }
  return only;
}

}  // namespace mien
