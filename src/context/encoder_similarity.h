// Nearness of a text to contexts by a sentence encoder, without training (zero-shot).
//
// A context's vector is the mean of its prompts' vectors, made length 1: its name, its description
// and its wordings in the languages that the encoder knows, each on its own and, where English, in
// a sentence ("This video is about wedding."). A text's vector is kTitleShare of its
// title's and the rest of its description's (all of the one that is there), made length 1. The
// similarity is the dot product of the context's vector with the text's less `background`, the mean
// vector of texts: what a context has in common with every text tells nothing.
//
// No row for texts in a language or a script that the encoder does not know; a guess of a language
// under kSureLanguageProb does not count, and a text of which nothing is known is read.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "context/context_similarity.h"
#include "context/text_encoder.h"
#include "context/vocabulary.h"

namespace mien {

// Keeps what took long to encode until the next start. Either function may be empty.
struct ContextVectorStore {
  // So many numbers that were kept for this identity; none where there are none.
  std::function<std::vector<float>(const std::string& identity, std::size_t numbers)> find;
  std::function<void(const std::string& identity, std::span<const float> vectors)> keep;
};

class EncoderSimilarity : public ContextSimilarity {
 public:
  // Encodes all prompts, on `threads` threads, unless `store` has their contexts' vectors. The
  // background is zeros.
  static Result<std::unique_ptr<EncoderSimilarity>> create(
      std::shared_ptr<const TextEncoder> encoder, const ContextVocabulary& vocabulary, int threads,
      const ContextVectorStore& store = {});

  // Of encoder.dimensions() numbers; another length is kMismatch. Not while others compare.
  Status set_background(std::vector<float> background);

  std::string identity() const override;
  std::span<const std::string> contexts() const override { return ids_; }
  Result<Similarities> compare(std::span<const PreparedText> texts) const override;

  // texts.size() x dimensions(); NaN in the rows of texts with a reason.
  Result<std::vector<float>> text_vectors(std::span<const PreparedText> texts,
                                          std::vector<std::string>& reasons) const;

 private:
  explicit EncoderSimilarity(std::shared_ptr<const TextEncoder> encoder)
      : encoder_(std::move(encoder)), background_(encoder_->dimensions(), 0.0F) {}

  Status encode_contexts(const std::vector<std::string>& prompts,
                         const std::vector<std::size_t>& ends, int threads);

  std::shared_ptr<const TextEncoder> encoder_;
  std::vector<float> background_;
  std::vector<std::string> ids_;
  std::vector<float> vectors_;  // contexts x dimensions
  std::string prompts_hash_;
};

// What changes the similarities of an encoder beside the vocabulary: the model of a calibration.
std::string encoder_model(const TextEncoder& encoder);

// All prompts of a context, the first of them its name.
std::vector<std::string> context_prompts(const Context& context, const TextEncoder& encoder);

// Whether the encoder knows a language that is written in the script (ISO 15924).
bool knows_script(const TextEncoder& encoder, std::string_view script);

// Mean vector of the texts that can be read.
Result<std::vector<float>> background_of(const EncoderSimilarity& similarity,
                                         std::span<const PreparedText> texts);

}  // namespace mien
