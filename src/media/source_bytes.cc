#include "media/source_bytes.h"

#include <algorithm>
#include <array>

namespace mien {

std::optional<std::uint64_t> SourceBytes::big(std::int64_t at, int count) const {
  return number(at, count, false);
}

std::optional<std::uint64_t> SourceBytes::little(std::int64_t at, int count) const {
  return number(at, count, true);
}

bool SourceBytes::has(std::int64_t at, std::string_view text) const {
  std::array<std::uint8_t, 16> buffer{};
  const std::span<std::uint8_t> wanted = std::span(buffer).first(text.size());
  return file_.read_at(at, wanted) == text.size() &&
         std::equal(text.begin(), text.end(), wanted.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

bool SourceBytes::reaches_past(std::int64_t at, std::uint64_t length) const {
  return length > static_cast<std::uint64_t>(size() - at);
}

std::optional<std::uint64_t> SourceBytes::number(std::int64_t at, int count, bool is_little) const {
  std::array<std::uint8_t, 8> buffer{};
  const auto length = static_cast<std::size_t>(count);
  if (file_.read_at(at, std::span(buffer).first(length)) != length) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < length; ++i) {
    value = value << 8 | buffer[is_little ? length - 1 - i : i];
  }
  return value;
}

}  // namespace mien
