// The tokenizer of sentence encoders that were trained with SentencePiece's unigram model (Kudo
// 2018, "Subword regularization"): of all ways to cut a text into known pieces, the one whose
// scores have the greatest sum.
//
// Its file is JSON:
//   {"format": "unigram",
//    "normal_form": "nfkc",          of Unicode; or "nfc", "none"
//    "characters": [["a","b"], ...]  optional: what single characters become, after that
//    "collapse_spaces": true,        runs of spaces become one
//    "leading_space": "missing",     put where the text has none; or "always"
//    "equal_scores": "first",        which of two ways wins: the one that ends with the longer
//                                    piece, or ("last") with the shorter
//    "unknown_id": 3,
//    "pieces": [null, ["▁the", -3.5], ...]}  its place is its id; null: no text has it
// A space is U+2581 in pieces. A character that is no piece of its own may be unknown, at 10 less
// than the least score; unknown characters in a row are one id. Of equal pieces the last counts.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "context/piece_trie.h"
#include "context/tokenizer.h"

namespace mien {

class UnigramTokenizer : public Tokenizer {
 public:
  // From the file's bytes; `name` stands in errors. kCorrupt says what is wrong.
  static Result<std::unique_ptr<Tokenizer>> open(std::string_view bytes, const std::string& name);

  // Time and memory grow with the length of the text.
  std::vector<std::int64_t> encode(std::string_view text) const override;

 private:
  enum class NormalForm { kNone, kNfc, kNfkc };
  friend class UnigramReader;
  UnigramTokenizer() : trie_({}) {}

  std::string normalised(std::string_view text) const;

  NormalForm normal_form_ = NormalForm::kNone;
  std::unordered_map<char32_t, std::string> characters_;
  bool collapse_spaces_ = false;
  bool always_leading_space_ = false;
  bool last_wins_ = false;
  std::int64_t unknown_id_ = 0;
  double unknown_score_ = 0;
  std::vector<double> scores_;  // one an id
  PieceTrie trie_;
};

}  // namespace mien
