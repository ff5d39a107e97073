// What a stopped training goes on from: a line of JSON, then numbers; checked by SHA-256.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "training/recurrent_fit.h"

namespace mien {

struct Checkpoint {
  int epoch = 0;          // the one that runs, counted from 0
  std::size_t batch = 0;  // the next one of it
  std::int64_t step = 0;  // all steps so far
  double learning_rate = 0;
  int stale = 0;                        // epochs in a row without a lower loss
  double loss_sum = 0, weight_sum = 0;  // of the epoch that runs
  std::vector<EpochLoss> epochs;
  int best_epoch = 0;
  std::vector<float> parameters, first_moment, second_moment, best;  // of equal length
};

Status write_checkpoint(const std::filesystem::path& path, const std::string& key,
                        const Checkpoint& checkpoint);

// Nothing where there is no file, or one that is damaged or of another key (the hash of data and
// options): training then begins anew.
std::optional<Checkpoint> read_checkpoint(const std::filesystem::path& path,
                                          const std::string& key);

}  // namespace mien
