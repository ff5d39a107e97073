#include "pipeline/study/video_index.h"

#include <bit>
#include <functional>

namespace mien {

std::string_view VideoIndex::id(std::uint32_t position) const {
  const std::uint64_t first = position == 0 ? 0 : ends_[position - 1];
  return std::string_view(text_).substr(first, ends_[position] - first);
}

std::size_t VideoIndex::slot_of(std::string_view id_text, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != kNone && (hashes_[slots_[slot]] != hash || id(slots_[slot]) != id_text)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void VideoIndex::resize_slots(std::size_t size) {
  slots_.assign(size, kNone);
  const std::size_t mask = size - 1;
  for (std::uint32_t i = 0; i < hashes_.size(); ++i) {
    std::size_t slot = hashes_[i] & mask;
    while (slots_[slot] != kNone) slot = (slot + 1) & mask;
    slots_[slot] = i;
  }
}

void VideoIndex::reserve(std::size_t ids, std::size_t bytes) {
  text_.reserve(bytes);
  ends_.reserve(ids);
  hashes_.reserve(ids);
  if (const std::size_t size = std::bit_ceil(2 * ids + 2); size > slots_.size()) resize_slots(size);
}

std::optional<std::uint32_t> VideoIndex::add(std::string_view id_text) {
  if (2 * (hashes_.size() + 1) > slots_.size()) {
    constexpr std::size_t kFirst = 1024;
    resize_slots(slots_.empty() ? kFirst : 2 * slots_.size());
  }
  const std::uint64_t hash = std::hash<std::string_view>{}(id_text);
  const std::size_t slot = slot_of(id_text, hash);
  if (slots_[slot] != kNone) return std::nullopt;
  slots_[slot] = size();
  hashes_.push_back(hash);
  text_.append(id_text);
  ends_.push_back(text_.size());
  return slots_[slot];
}

std::optional<std::uint32_t> VideoIndex::find(std::string_view id_text,
                                              std::uint32_t expected) const {
  if (expected < size() && id(expected) == id_text) return expected;
  if (slots_.empty()) return std::nullopt;
  const std::size_t slot = slot_of(id_text, std::hash<std::string_view>{}(id_text));
  if (slots_[slot] == kNone) return std::nullopt;
  return slots_[slot];
}

}  // namespace mien
