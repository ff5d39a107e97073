// Trains the recurrent head (head.h) on clips of a training set.
//
// Loss: cross-entropy of each label against the clip's target, weighted by the number of raters,
// over the sum of weights; what nobody rated weighs nothing. Adam (Kingma and Ba 2015) with
// decoupled weight decay (Loshchilov and Hutter 2019), dropout on features and projection. After an
// epoch that does not lower the loss on the validation clips the step is halved; after `patience`
// such epochs in a row training stops, and the parameters of the best epoch are kept.
//
// A batch is kClipsABatch clips in pieces of fixed size, whose gradients are summed in order; every
// draw depends on the seed and on its place alone. So the same seed gives the same bytes for any
// number of threads, and after any interruption: state is kept in `checkpoint`, from where a run
// with the same data and options goes on. Features are read clip by clip.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "training/dataset.h"
#include "training/head.h"

namespace mien {

inline constexpr std::size_t kClipsABatch = 256;

struct EpochLoss {
  double train = 0, validation = 0;
};

struct RecurrentProgress {
  int epoch = 0, of = 0;  // counted from 1
  double share = 0;       // of the epoch's clips; 1: the epoch is over
  EpochLoss loss;         // so far; validation is NaN before the epoch is over
  double left_s = 0;      // for all epochs that may come
};

struct RecurrentOptions {
  RecurrentShape shape;
  int most_epochs = 40;
  int patience = 5;
  double learning_rate = 1e-3;
  double dropout = 0.25;
  double weight_decay = 0.01;
  std::uint64_t seed = 1;
  int threads = 1;
  std::filesystem::path checkpoint;  // a file; empty: none is kept
  double checkpoint_s = 60;          // seconds between two
  std::function<void(const RecurrentProgress&)> progress;
};

struct RecurrentFit {
  RecurrentHead head;
  std::vector<EpochLoss> epochs;
  int best_epoch = 0;    // counted from 1
  bool resumed = false;  // from a checkpoint
};

// `train` and `validation` number clips; both must hold some weight. `targets` train (smoothed, see
// smoothing.h); `means` are validated against. kIo where features or checkpoint cannot be read or
// written.
Result<RecurrentFit> fit_recurrent(const Dataset& set, const Targets& targets, const Targets& means,
                                   std::span<const std::uint32_t> train,
                                   std::span<const std::uint32_t> validation,
                                   const RecurrentOptions& options);

// logit(p) of the clips, before calibration, held within +-kMostLogit: [clips][labels].
Result<std::vector<float>> recurrent_logits(const Dataset& set, const RecurrentHead& head,
                                            std::size_t labels,
                                            std::span<const std::uint32_t> clips, int threads);

}  // namespace mien
