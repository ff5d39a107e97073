// Texts -> vectors whose dot product says how near their meanings are.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mien {

// An encoder may be used by several threads at once. The same text gets the same bits whatever
// stands beside it in a call, whatever the order, and from however many threads.
class TextEncoder {
 public:
  virtual ~TextEncoder() = default;

  // The model's id, and one line that changes whenever its vectors may ("id version SHA-256").
  virtual std::string_view name() const = 0;
  virtual std::string identity() const = 0;

  // The length of a vector.
  virtual std::size_t dimensions() const = 0;

  // Whether the encoder was made for a language: ISO 639-1 code, or 639-3 where there is none; what
  // follows a "-" ("zh-Hant") is not looked at. False for a code that is unknown or empty.
  virtual bool knows(std::string_view language) const = 0;

  // Tokens that the network will see for the text: what its cost grows with. 0 where nothing is
  // left of the text to encode, or where it is not UTF-8.
  virtual std::size_t tokens(std::string_view text) const = 0;

  // texts.size() x dimensions(), row major, each row of length 1; all NaN for a text without tokens
  // (empty, nothing but spaces). A text longer than the network takes is encoded in pieces, which
  // are averaged by their tokens; what stands behind the last piece that is taken is not read. A
  // text that is not well-formed UTF-8 is kCorrupt and named by its place in the list. Any order
  // of texts costs the same: texts of like length are put together inside; give some hundred or
  // more at a time.
  virtual Result<std::vector<float>> encode(std::span<const std::string> texts) const = 0;

 protected:
  TextEncoder() = default;
  TextEncoder(const TextEncoder&) = default;
  TextEncoder& operator=(const TextEncoder&) = default;
};

}  // namespace mien
