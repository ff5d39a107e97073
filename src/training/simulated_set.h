// A training set of which the truth is known: for tests, benchmarks and trials of a machine.
//
// A clip has latent scores z, normal, shared in part among clips of a person, that drift around
// their mean from row to row. Features are fixed random mixtures of z, some squashed by tanh, with
// noise. The truth of a label is a share of choices that z gives: p = softmax(strength W z). A
// rater chooses one label from p C, C the confusion that all share: with chance `confusion` the
// next label is said instead, times a bias of one's own, lognormal with SD `rater_bias`. In rater
// groups beyond the first, labels 0 and 1 are exchanged with chance `group_difference`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"

namespace mien {

struct SimulatedSet {
  std::size_t clips = 1000, people = 200;
  std::size_t rows = 6;         // a clip
  std::size_t dimensions = 32;  // of a row
  std::size_t latent = 8, labels = 6;
  std::size_t raters = 40, raters_a_clip = 6, groups = 1;
  double strength = 1.5;
  double feature_noise = 0.1;  // SD, beside features of SD about 1
  double confusion = 0.1;
  double rater_bias = 0.3;
  double group_difference = 0;
  std::uint64_t seed = 1;
};

// What raters without biases, of the first group, would choose: [clips][labels], rows sum to 1.
// Memory does not grow with rows or dimensions. Same arguments, same bytes.
Result<std::vector<float>> write_simulated_set(const SimulatedSet& design,
                                               const std::filesystem::path& folder);

}  // namespace mien
