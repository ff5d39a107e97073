// A set of byte strings, asked for all that a text begins with.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace mien {

// A tree of bytes in one array: a node's children stand side by side in the order of their bytes.
// About 12 bytes a byte of text that is not shared; a look-up costs one binary search a byte.
class PieceTrie {
 public:
  // Pieces with their values; of equal pieces the last one counts, empty ones are left out.
  explicit PieceTrie(std::vector<std::pair<std::string_view, std::int32_t>> pieces);

  // found(length in bytes, value) for each piece that `text` begins with, shortest first.
  template <typename Found>
  void prefixes(std::string_view text, const Found& found) const {
    std::uint32_t node = 0;
    for (std::size_t length = 1; length <= text.size(); ++length) {
      node = child(node, static_cast<std::uint8_t>(text[length - 1]));
      if (node == kNone) return;
      if (nodes_[node].value >= 0) found(length, nodes_[node].value);
    }
  }

 private:
  static constexpr std::uint32_t kNone = 0;  // nobody's child is the root

  struct Node {
    std::uint32_t first_child = 0;
    std::int32_t value = -1;
    std::uint16_t children = 0;
    std::uint8_t byte = 0;
  };

  std::uint32_t child(std::uint32_t node, std::uint8_t byte) const;

  std::vector<Node> nodes_;
};

}  // namespace mien
