// Weights of blocks that stand for other samples: bootstrap and jackknife.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace mien {

// Strata within which blocks are resampled: countries, except that a country with fewer than 4
// blocks, whose own spread could not be seen, is put together with the other such countries (and
// with the smallest other one where they are fewer than 4 together). `country` names each block's
// country; the result names its stratum, from 0 without gaps.
std::vector<std::uint32_t> resampling_strata(std::span<const std::uint32_t> country);

// Bootstrap within strata (Rao and Wu 1988, "Resampling inference with complex survey data"): of a
// stratum's m blocks, m - 1 are drawn with replacement and weigh m / (m - 1) times their number of
// draws, so that the variance is not (m - 1) / m of what it should be. A stratum of one block
// keeps weight 1. `sets` x blocks, row-major; set i is the same for any number of sets.
std::vector<double> bootstrap_weights(std::span<const std::uint32_t> strata, std::size_t sets,
                                      const Random& random);

// One set a unit, with that unit's blocks at 0 and all others at 1. units x blocks, row-major.
std::vector<double> leave_one_out_weights(std::span<const std::uint32_t> unit_of_block,
                                          std::size_t units);

}  // namespace mien
