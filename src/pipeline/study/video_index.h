// From a video's id to its position in the corpus, for millions of ids: about 20 bytes a video
// beside the text of the ids.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mien {

class VideoIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;  // no position

  // Room for so many ids of so many bytes in all.
  void reserve(std::size_t ids, std::size_t bytes);

  // Appends an id; its position, or nothing where it is there already.
  std::optional<std::uint32_t> add(std::string_view id);

  // `expected` is tried first: tables tend to lie in the order of the corpus.
  std::optional<std::uint32_t> find(std::string_view id, std::uint32_t expected = 0) const;

  std::uint32_t size() const { return static_cast<std::uint32_t>(hashes_.size()); }
  std::string_view id(std::uint32_t position) const;

 private:
  void resize_slots(std::size_t size);
  std::size_t slot_of(std::string_view id, std::uint64_t hash) const;

  std::string text_;
  std::vector<std::uint64_t> ends_;  // of each id in text_
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> slots_;  // open addressing; a power of two
};

}  // namespace mien
