// What the pooled head sees of a clip: each feature's mean over the clip's rows and, where asked,
// its standard deviation (n - 1). As the graph of head.h computes it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "training/dataset.h"

namespace mien {

struct PooledFeatures {
  std::size_t clips = 0, features = 0;
  bool spread = false;
  std::vector<float> values;  // [clips][features]; NaN where no row (of a deviation: one row) was
};

// Of the clips named, in their order. Threads change nothing. Memory: 4 bytes a pooled feature.
Result<PooledFeatures> pool(const Dataset& set, std::span<const std::uint32_t> clips, bool spread,
                            int threads);

// True where spread can tell something: at least a tenth of the clips have 2 rows or more.
bool spread_tells(const Dataset& set);

// How pooled features enter. One that is never below 0, as what rectified units give, enters as its
// square root, which shortens its tail (power normalisation; Perronnin, Sanchez and Mensink 2010).
struct Scaling {
  std::vector<std::uint8_t> root;  // 1: the square root is taken first
  std::vector<float> mean, scale;  // scale 1/SD; 0 where a feature did not vary or never was there
};

// Over the rows of `pooled` that are numbered.
Scaling scaling_of(const PooledFeatures& pooled, std::span<const std::uint32_t> rows);

// Those rows, standardised; missing becomes 0. [rows][features]
std::vector<float> standardised(const PooledFeatures& pooled, const Scaling& scaling,
                                std::span<const std::uint32_t> rows);

}  // namespace mien
