// fastText (Joulin et al. 2017, Bag of tricks for efficient text classification), 0.9.2: a linear
// classifier over the mean of word and word-pair vectors, one yes-no question a label
// (one-vs-all). The only file that knows its library, beside its test, is its .cc.
//
// A model in memory has all its rows decoded: 4 bytes x dimensions x (words + buckets), 40 MB for
// 200,000 of them.
//
// A model file is trusted only by its SHA-256, which the caller checks: the library reads lengths
// without limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mien {

struct FastTextOptions {
  int dimensions = 50;
  int epochs = 25;
  double learning_rate = 0.1;  // from about 0.5 on training meets NaN and is refused
  int buckets = 200000;        // for pairs of words; at most
  std::uint32_t seed = 0;
};

struct FastTextExample {
  std::string words;                  // separated by spaces
  std::vector<std::uint32_t> labels;  // at least one
};

// Trains on one thread (several would race for the weights, and no two models would be the same),
// quantises, writes `model`; `workplace` is for the file that the library reads. kMismatch where
// training met NaN; kIo.
Status train_fasttext(std::span<const FastTextExample> examples, const FastTextOptions& options,
                      const std::filesystem::path& workplace, const std::filesystem::path& model);

// Thread-safe.
class FastTextModel {
 public:
  // kCorrupt, kMismatch: not a model of Mien's; kUnsupported: more than 1 GB of rows.
  static Result<FastTextModel> open(const std::filesystem::path& path);
  FastTextModel(FastTextModel&&) noexcept;
  FastTextModel& operator=(FastTextModel&&) noexcept;
  ~FastTextModel();

  std::size_t labels() const;
  // One logit a label, by the number that training gave it, into `logits`; false where the model
  // has no word of the text.
  bool predict(const std::string& words, std::span<float> logits) const;

 private:
  struct State;
  static void row_numbers(const State& state, std::string_view words,
                          std::vector<std::int32_t>& ids);
  static bool has_our_numbers(const State& state);
  explicit FastTextModel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
