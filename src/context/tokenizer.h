// Text -> ids of pieces of words, as a sentence encoder was trained on.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mien {

// May be used by several threads at once.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // `text` is well-formed UTF-8. Without the ids that mark a text's ends.
  virtual std::vector<std::int64_t> encode(std::string_view text) const = 0;

 protected:
  Tokenizer() = default;
  Tokenizer(const Tokenizer&) = default;
  Tokenizer& operator=(const Tokenizer&) = default;
};

}  // namespace mien
