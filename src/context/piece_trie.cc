#include "context/piece_trie.h"

#include <algorithm>

namespace mien {

PieceTrie::PieceTrie(std::vector<std::pair<std::string_view, std::int32_t>> pieces) {
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  struct Range {  // the pieces that share the bytes up to a node
    std::size_t begin, end, depth;
  };
  std::vector<Range> ranges = {{0, pieces.size(), 0}};  // one a node, in the order of the nodes
  nodes_.emplace_back();
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    auto [begin, end, depth] = ranges[node];
    for (; begin < end && pieces[begin].first.size() == depth; ++begin) {
      if (depth > 0) nodes_[node].value = pieces[begin].second;
    }
    nodes_[node].first_child = static_cast<std::uint32_t>(nodes_.size());
    while (begin < end) {
      const char byte = pieces[begin].first[depth];
      std::size_t next = begin;
      while (next < end && pieces[next].first[depth] == byte) ++next;
      ranges.push_back({begin, next, depth + 1});
      nodes_.push_back({0, -1, 0, static_cast<std::uint8_t>(byte)});
      ++nodes_[node].children;
      begin = next;
    }
  }
}

std::uint32_t PieceTrie::child(std::uint32_t node, std::uint8_t byte) const {
  const auto first = nodes_.begin() + nodes_[node].first_child;
  const auto last = first + nodes_[node].children;
  const auto at = std::lower_bound(
      first, last, byte, [](const Node& one, std::uint8_t wanted) { return one.byte < wanted; });
  return at == last || at->byte != byte ? kNone : static_cast<std::uint32_t>(at - nodes_.begin());
}

}  // namespace mien
