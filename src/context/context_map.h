// What the classes of a network speak for: a CSV file of label, context and weight.
//
// A class seen with probability p makes its context present with probability weight x p; several
// classes count as independent witnesses (noisy-or, Pearl 1988): 1 - prod(1 - weight p). The
// weights that come with Mien are judgements, not estimates; a class of no row speaks for nothing.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "context/vocabulary.h"

namespace mien {

struct ContextWitness {
  std::size_t label = 0;    // position in the network's labels
  std::size_t context = 0;  // position in the vocabulary
  float weight = 0;         // in (0, 1]
};

inline constexpr std::size_t kMaxContextMapBytes = 8U << 20U;

// Columns label, context, weight, in this order. kCorrupt, naming file, line and remedy, where a
// label is none of `labels`, a context is not in the vocabulary, a weight is not in (0, 1], or a
// pair stands there twice; a file without rows.
Result<std::vector<ContextWitness>> parse_context_map(std::string_view bytes,
                                                      const std::string& name,
                                                      std::span<const std::string> labels,
                                                      const ContextVocabulary& vocabulary);

// The same from a file; kNotFound where it cannot be read.
Result<std::vector<ContextWitness>> read_context_map(const std::filesystem::path& file,
                                                     std::span<const std::string> labels,
                                                     const ContextVocabulary& vocabulary);

// Reads and checks a vocabulary's file.
Result<ContextVocabulary> read_vocabulary(const std::filesystem::path& file);

// Takes the witnesses' word: `absent`, one probability a context of the vocabulary that it is not
// there, shrinks by 1 - weight p.
void hear(std::span<const ContextWitness> witnesses, std::span<const float> label_probs,
          std::span<float> absent);

}  // namespace mien
