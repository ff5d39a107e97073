#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/autograd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>

#include "base/random.h"
#include "base/sha256.h"
#include "stats/parallel.h"
#include "training/checkpoint.h"
#include "training/recurrent_fit.h"
#include "training/torch_network.h"

namespace mien {

namespace {

constexpr std::size_t kClipsAPiece = 64;  // of a batch; changes sums, so it is fixed
constexpr std::size_t kClipsForScaling = 20000;
constexpr double kLeastDeviation = 1e-6;
constexpr std::uint16_t kMissingHalf = 0x7E00;
constexpr float kLeastProb = 1e-6F;  // of a label, in the loss
constexpr double kFirstDecay = 0.9, kSecondDecay = 0.999, kAdamEpsilon = 1e-8;
constexpr double kMostGradient = 5;  // length, per sum of weights

// Means and deviations of rows, of at most kClipsForScaling clips at equal distances.
Status scale_rows(const Dataset& set, std::span<const std::uint32_t> clips, int threads,
                  RecurrentHead& head) {
  const std::size_t step = (clips.size() + kClipsForScaling - 1) / kClipsForScaling;
  std::vector<std::uint32_t> some;
  for (std::size_t i = 0; i < clips.size(); i += step) some.push_back(clips[i]);
  struct Sums {
    at::Tensor count, sum, squares;
  };
  std::vector<Sums> sums((some.size() + kClipsAPiece - 1) / kClipsAPiece);
  std::mutex mutex;
  std::optional<Error> failed;
  for_each_piece(sums.size(), threads, [&](std::size_t i) {
    const at::NoGradGuard guard;
    const std::span all(some);
    const std::size_t first = i * kClipsAPiece;
    auto rows = read_rows(set, all.subspan(first, std::min(kClipsAPiece, all.size() - first)));
    if (!rows.ok()) {
      const std::lock_guard lock(mutex);
      failed = std::move(rows).error();
      return;
    }
    const at::Tensor missing = at::isnan(rows->features);
    const at::Tensor values = rows->features.to(at::kDouble).masked_fill(missing, 0);
    sums[i] = {missing.logical_not().sum(0).to(at::kDouble), values.sum(0), values.square().sum(0)};
  });
  if (failed) return *std::move(failed);
  const at::NoGradGuard guard;
  Sums total = sums[0];
  for (std::size_t i = 1; i < sums.size(); ++i) {
    total.count += sums[i].count;
    total.sum += sums[i].sum;
    total.squares += sums[i].squares;
  }
  const at::Tensor mean = total.sum / total.count.clamp_min(1);
  const at::Tensor deviation =
      ((total.squares - mean * total.sum) / (total.count - 1).clamp_min(1)).clamp_min(0).sqrt();
  head.mean = taken(mean.to(at::kFloat));
  head.scale = taken(at::where(deviation > kLeastDeviation, 1 / deviation, 0.0).to(at::kFloat));
  return Ok{};
}

std::vector<float> first_parameters(const RecurrentLayout& layout, std::size_t labels,
                                    std::span<const double> rates, std::uint64_t seed) {
  std::vector<float> values(layout.size, 0);
  Random random(seed);
  const auto draw = [&](const RecurrentLayout::Piece& piece, double deviation) {
    for (std::size_t i = 0; i < piece.size(); ++i)
      values[piece.at + i] = static_cast<float>(deviation * random.normal());
  };
  const auto share = [](std::size_t width, double gain) {
    return std::sqrt(gain / static_cast<double>(width));
  };
  draw(layout.project, share(layout.project.rows, 2));  // He et al. 2015, for ReLU
  for (std::size_t layer = 0; layer < 2; ++layer) {
    draw(layout.input[layer], share(layout.input[layer].columns, 1));
    draw(layout.state[layer], share(layout.state[layer].columns, 1));
    const std::size_t cells = layout.state[layer].columns;
    float* forget = values.data() + layout.input_bias[layer].at + cells;
    std::fill(forget, forget + cells, 1.0F);  // Jozefowicz et al. 2015
  }
  draw(layout.gates, share(layout.gates.rows, 1));
  draw(layout.experts, share(layout.experts.rows, 1));
  // Each label begins at about its mean rating.
  const std::size_t experts = layout.experts.columns / labels;
  for (std::size_t l = 0; l < labels; ++l) {
    const double rate = std::clamp(rates[l], 0.001, 0.999);
    for (std::size_t k = 0; k < experts; ++k) {
      values[layout.experts_bias.at + l * experts + k] =
          static_cast<float>(std::log(rate / (1 - rate)));
    }
    values[layout.gates_bias.at + l * (experts + 1) + experts] = -3;
  }
  return values;
}

struct PieceLoss {
  double loss = 0, weight = 0;
  at::Tensor gradient;  // of the sum of losses
};

class Training {
 public:
  Training(const Dataset& set, const Targets& targets, const Targets& means,
           const RecurrentOptions& options, const RecurrentNetwork& network)
      : set_(set), targets_(targets), means_(means), options_(options), network_(network) {}

  // One loss a piece of `clips`. With gradients and dropout where `draw` is given: a number of its
  // own for each piece is added.
  Result<std::vector<PieceLoss>> losses(std::span<const std::uint32_t> clips,
                                        const at::Tensor& parameters,
                                        std::optional<std::uint64_t> draw) const {
    std::vector<PieceLoss> pieces((clips.size() + kClipsAPiece - 1) / kClipsAPiece);
    std::mutex mutex;
    std::optional<Error> failed;
    for_each_piece(pieces.size(), options_.threads, [&](std::size_t i) {
      const std::size_t first = i * kClipsAPiece;
      auto loss = piece_loss(clips.subspan(first, std::min(kClipsAPiece, clips.size() - first)),
                             parameters, draw ? std::optional(*draw + i) : std::nullopt);
      if (loss.ok()) {
        pieces[i] = std::move(loss).value();
      } else {
        const std::lock_guard lock(mutex);
        failed = std::move(loss).error();
      }
    });
    if (failed) return *std::move(failed);
    return pieces;
  }

 private:
  Result<PieceLoss> piece_loss(std::span<const std::uint32_t> clips, const at::Tensor& parameters,
                               std::optional<std::uint64_t> draw) const {
    MIEN_TRY(rows, read_rows(set_, clips));
    const Targets& from = draw ? targets_ : means_;
    std::vector<float> target, weight;
    for (const std::uint32_t clip : clips) {
      for (std::size_t l = 0; l < from.labels; ++l) {
        const float raters = from.raters[clip * from.labels + l];
        weight.push_back(raters);
        target.push_back(raters > 0 ? from.mean[clip * from.labels + l] : 0);
      }
    }
    const std::vector<std::int64_t> shape = {rows.clips, static_cast<std::int64_t>(from.labels)};
    const at::Tensor t = tensor_of(target).view(shape), w = tensor_of(weight).view(shape);
    const auto loss_of = [&](const at::Tensor& probs) {
      const at::Tensor p = probs.clamp(kLeastProb, 1 - kLeastProb);
      return -(w * (t * p.log() + (1 - t) * (1 - p).log())).sum();
    };
    PieceLoss result;
    result.weight = w.sum(at::kDouble).item<double>();
    if (!draw) {
      const at::NoGradGuard guard;
      result.loss =
          loss_of(network_.probs(rows, parameters, 0, std::nullopt)).to(at::kDouble).item<double>();
      return result;
    }
    const at::AutoGradMode on(true);
    const at::Tensor own = parameters.detach().clone().requires_grad_(true);
    at::Generator random = at::make_generator<at::CPUGeneratorImpl>(*draw);
    const at::Tensor loss = loss_of(network_.probs(rows, own, options_.dropout, random));
    result.gradient = torch::autograd::grad({loss}, {own})[0];
    result.loss = loss.item<double>();
    return result;
  }

  const Dataset& set_;
  const Targets& targets_;
  const Targets& means_;
  const RecurrentOptions& options_;
  const RecurrentNetwork& network_;
};

std::vector<std::uint32_t> shuffled(std::span<const std::uint32_t> clips, Random random) {
  std::vector<std::uint32_t> order(clips.begin(), clips.end());
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

std::string key_of(const Dataset& set, const Targets& targets, std::span<const std::uint32_t> train,
                   std::span<const std::uint32_t> validation, const RecurrentOptions& o) {
  const auto bytes = [](const auto& values) {
    return sha256_of_bytes(
        {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(*values.data())});
  };
  return sha256_of_bytes(fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {}", set.sha256(),
                                     bytes(targets.mean), bytes(targets.raters), bytes(train),
                                     bytes(validation), o.shape.projection, o.shape.cells,
                                     o.shape.experts, o.most_epochs, o.patience, o.learning_rate,
                                     o.dropout, o.weight_decay, o.seed));
}

std::vector<double> rates_of(const Targets& targets, std::span<const std::uint32_t> clips) {
  std::vector<double> sum(targets.labels, 0), weight(targets.labels, 0);
  for (const std::uint32_t clip : clips) {
    for (std::size_t l = 0; l < targets.labels; ++l) {
      const auto raters = static_cast<double>(targets.raters[clip * targets.labels + l]);
      if (raters == 0) continue;
      sum[l] += raters * static_cast<double>(targets.mean[clip * targets.labels + l]);
      weight[l] += raters;
    }
  }
  for (std::size_t l = 0; l < sum.size(); ++l) sum[l] = weight[l] > 0 ? sum[l] / weight[l] : 0.5;
  return sum;
}

void adam_step(Checkpoint& at, const std::vector<PieceLoss>& pieces,
               const RecurrentOptions& options) {
  double weight = 0;
  at::Tensor gradient = pieces[0].gradient.clone();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0) gradient += pieces[i].gradient;
    weight += pieces[i].weight;
    at.loss_sum += pieces[i].loss;
    at.weight_sum += pieces[i].weight;
  }
  if (weight == 0) return;  // nobody rated these
  gradient /= weight;
  const double length = gradient.norm().item<double>();
  if (length > kMostGradient) gradient *= kMostGradient / length;
  ++at.step;
  const double first = 1 - std::pow(kFirstDecay, static_cast<double>(at.step));
  const double second = 1 - std::pow(kSecondDecay, static_cast<double>(at.step));
  const float* g = gradient.data_ptr<float>();
  for (std::size_t i = 0; i < at.parameters.size(); ++i) {
    const auto slope = static_cast<double>(g[i]);
    const double m =
        kFirstDecay * static_cast<double>(at.first_moment[i]) + (1 - kFirstDecay) * slope;
    const double v = kSecondDecay * static_cast<double>(at.second_moment[i]) +
                     (1 - kSecondDecay) * slope * slope;
    at.first_moment[i] = static_cast<float>(m);
    at.second_moment[i] = static_cast<float>(v);
    const double was = static_cast<double>(at.parameters[i]);
    at.parameters[i] = static_cast<float>(
        was - at.learning_rate * (m / first / (std::sqrt(v / second) + kAdamEpsilon) +
                                  options.weight_decay * was));
  }
}

}  // namespace

Result<RecurrentFit> fit_recurrent(const Dataset& set, const Targets& targets, const Targets& means,
                                   std::span<const std::uint32_t> train,
                                   std::span<const std::uint32_t> validation,
                                   const RecurrentOptions& options) {
  at::set_num_threads(1);
  RecurrentFit fit;
  fit.head.shape = options.shape;
  MIEN_TRY_VOID(scale_rows(set, train, options.threads, fit.head));
  const RecurrentLayout layout = layout_of(set.dimensions(), targets.labels, options.shape);
  const RecurrentNetwork network(fit.head, set.dimensions(), targets.labels);
  const Training training(set, targets, means, options, network);
  const std::string key = key_of(set, targets, train, validation, options);

  Checkpoint at;
  auto kept = options.checkpoint.empty() ? std::nullopt : read_checkpoint(options.checkpoint, key);
  if (kept && kept->parameters.size() == layout.size) {
    at = *std::move(kept);
    fit.resumed = true;
  } else {
    at.parameters =
        first_parameters(layout, targets.labels, rates_of(targets, train), options.seed);
    at.first_moment.assign(layout.size, 0);
    at.second_moment.assign(layout.size, 0);
    at.best = at.parameters;
    at.learning_rate = options.learning_rate;
  }

  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const Random random(options.seed);
  const std::size_t batches = (train.size() + kClipsABatch - 1) / kClipsABatch;
  const auto start = Clock::now();
  auto told = start, saved = start;
  std::size_t done = 0;  // batches of this run
  const auto tell = [&](double share, EpochLoss loss) {
    if (!options.progress) return;
    const double left = static_cast<double>(options.most_epochs - at.epoch) - share;
    const double epoch_s = seconds_since(start) /
                           static_cast<double>(std::max<std::size_t>(done, 1)) *
                           static_cast<double>(batches);
    options.progress({at.epoch + 1, options.most_epochs, share, loss, left * epoch_s});
  };
  while (at.epoch < options.most_epochs && at.stale < options.patience) {
    const std::vector<std::uint32_t> order =
        shuffled(train, random.fork(static_cast<std::uint64_t>(at.epoch) + 1));
    while (at.batch < batches) {
      const std::size_t first = at.batch * kClipsABatch;
      const auto draw = random
                            .fork((static_cast<std::uint64_t>(at.epoch) << 32) + at.batch +
                                  (std::uint64_t{1} << 60))
                            .next_u64();
      MIEN_TRY(pieces, training.losses(std::span(order).subspan(
                                           first, std::min(kClipsABatch, order.size() - first)),
                                       tensor_of(at.parameters), draw));
      adam_step(at, pieces, options);
      ++at.batch;
      ++done;
      if (seconds_since(told) > 2) {
        told = Clock::now();
        tell(static_cast<double>(at.batch) / static_cast<double>(batches),
             {at.loss_sum / at.weight_sum, std::nan("")});
      }
      if (!options.checkpoint.empty() && seconds_since(saved) >= options.checkpoint_s) {
        MIEN_TRY_VOID(write_checkpoint(options.checkpoint, key, at));
        saved = Clock::now();
      }
    }
    MIEN_TRY(pieces, training.losses(validation, tensor_of(at.parameters), std::nullopt));
    double loss = 0, weight = 0;
    for (const PieceLoss& piece : pieces) {
      loss += piece.loss;
      weight += piece.weight;
    }
    const EpochLoss epoch = {at.loss_sum / at.weight_sum, loss / weight};
    const bool better =
        at.best_epoch == 0 ||
        epoch.validation < at.epochs[static_cast<std::size_t>(at.best_epoch) - 1].validation;
    at.epochs.push_back(epoch);
    if (better) {
      at.best = at.parameters;
      at.best_epoch = at.epoch + 1;
      at.stale = 0;
    } else {
      ++at.stale;
      at.learning_rate /= 2;
    }
    tell(1, epoch);
    at.loss_sum = at.weight_sum = 0;
    at.batch = 0;
    ++at.epoch;
    if (!options.checkpoint.empty()) {
      MIEN_TRY_VOID(write_checkpoint(options.checkpoint, key, at));
      saved = Clock::now();
    }
  }
  fit.head.parameters = at.best;
  fit.epochs = at.epochs;
  fit.best_epoch = at.best_epoch;
  return fit;
}

Result<std::vector<float>> recurrent_logits(const Dataset& set, const RecurrentHead& head,
                                            std::size_t labels,
                                            std::span<const std::uint32_t> clips, int threads) {
  at::set_num_threads(1);
  const RecurrentNetwork network(head, set.dimensions(), labels);
  const at::Tensor parameters = tensor_of(head.parameters);
  std::vector<std::vector<float>> parts((clips.size() + kClipsAPiece - 1) / kClipsAPiece);
  std::mutex mutex;
  std::optional<Error> failed;
  for_each_piece(parts.size(), threads, [&](std::size_t i) {
    const at::NoGradGuard guard;
    const std::size_t first = i * kClipsAPiece;
    auto rows = read_rows(set, clips.subspan(first, std::min(kClipsAPiece, clips.size() - first)));
    if (!rows.ok()) {
      const std::lock_guard lock(mutex);
      failed = std::move(rows).error();
      return;
    }
    const at::Tensor p = network.probs(*rows, parameters, 0, std::nullopt);
    parts[i] = taken((p.log() - (1 - p).log()).clamp(-kMostLogit, kMostLogit));
  });
  if (failed) return *std::move(failed);
  std::vector<float> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace mien
