#include "pipeline/associate/text_codes.h"

#include <algorithm>
#include <mutex>
#include <numeric>

namespace mien {

std::size_t TextCodes::slot_of(std::string_view text) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(text)&mask;
  while (slots_[slot] != kEmpty && texts_[slots_[slot]] != text) slot = (slot + 1) & mask;
  return slot;
}

std::uint32_t TextCodes::insert(std::string_view text) {
  const std::unique_lock lock(mutex_);
  std::size_t slot = slot_of(text);
  if (slots_[slot] != kEmpty) return slots_[slot];  // another thread was faster
  const auto fresh = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace_back(text);
  slots_[slot] = fresh;
  if (4 * texts_.size() < slots_.size()) return fresh;
  slots_.assign(2 * slots_.size(), kEmpty);
  for (std::uint32_t code = 0; code <= fresh; ++code) slots_[slot_of(texts_[code])] = code;
  return fresh;
}

std::uint32_t TextCodes::Session::code(std::string_view text) {
  if (last_ < codes_.texts_.size() && codes_.texts_[last_] == text) return last_;
  const std::uint32_t found = codes_.slots_[codes_.slot_of(text)];
  if (found != kEmpty) return last_ = found;
  lock_.unlock();
  last_ = codes_.insert(text);
  lock_.lock();
  return last_;
}

SortedCodes::SortedCodes(const TextCodes& codes)
    : texts(codes.texts().begin(), codes.texts().end()), places(texts.size()) {
  std::vector<std::uint32_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return texts[a] < texts[b]; });
  for (std::uint32_t place = 0; place < order.size(); ++place) places[order[place]] = place;
  std::sort(texts.begin(), texts.end());
}

}  // namespace mien
