// The plain way, to be beaten: words that a text shares with a context's name and wordings.
//
// The similarity is the largest over name and wordings of the cosine between the two sets of words,
// each word weighted by idf, log((1 + contexts) / (1 + contexts that have it)) + 1 (Salton and
// Buckley 1988). Words are runs of letters and digits, case folded; of scripts written without
// spaces, pairs of neighbouring characters. English words lose a plural "s". Knows every language
// that the vocabulary has wordings in, and says nothing of others: its row is 0 there.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "context/context_similarity.h"
#include "context/vocabulary.h"

namespace mien {

inline constexpr const char* kWordOverlapId = "word_overlap";
inline constexpr const char* kWordOverlapModel = "word_overlap 1";  // changes with the method

class WordOverlap : public ContextSimilarity {
 public:
  explicit WordOverlap(const ContextVocabulary& vocabulary);

  std::string identity() const override { return identity_; }
  std::span<const std::string> contexts() const override { return ids_; }
  Result<Similarities> compare(std::span<const PreparedText> texts) const override;

 private:
  struct Phrase {
    std::uint32_t context = 0;
    double norm = 0;  // of its words' weights
  };

  std::vector<std::string> ids_;
  std::string identity_;
  std::vector<Phrase> phrases_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> phrases_of_;  // by word
  std::unordered_map<std::string, double> weights_;
  double unseen_weight_ = 1;
};

// The words of a text as compared, each once, in order of appearance.
std::vector<std::string> words_of(const std::string& text);

}  // namespace mien
