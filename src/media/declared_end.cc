#include "media/declared_end.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "media/source_bytes.h"

namespace mien {

namespace {

// More outermost pieces than any real recording has (a day in fragments of 0.1 s).
constexpr int kMaxPieces = 2'000'000;

bool boxes_end_early(const SourceBytes& bytes) {
  constexpr std::array<std::string_view, 13> kKnown = {"ftyp", "moov", "mdat", "moof", "free",
                                                       "skip", "wide", "mfra", "sidx", "styp",
                                                       "udta", "uuid", "meta"};
  std::int64_t at = 0;
  for (int i = 0; i < kMaxPieces && at < bytes.size(); ++i) {
    const bool is_known = std::any_of(kKnown.begin(), kKnown.end(), [&](std::string_view name) {
      return bytes.has(at + 4, name);
    });
    const auto short_size = bytes.big(at, 4);
    if (!is_known || !short_size.has_value()) return false;  // something appended, no box
    std::uint64_t size = *short_size;
    if (size == 0) return false;  // "to the end of the file"
    if (size == 1) {
      const auto long_size = bytes.big(at + 8, 8);
      if (!long_size.has_value()) return true;
      size = *long_size;
    }
    if (bytes.reaches_past(at, size)) return true;
    if (size < 8) return false;
    at += static_cast<std::int64_t>(size);
  }
  return false;
}

struct Vint {
  std::uint64_t value;
  int length;
  bool is_unknown;
};

std::optional<Vint> read_vint(const SourceBytes& bytes, std::int64_t at) {
  const auto first = bytes.big(at, 1);
  if (!first.has_value() || *first == 0) return std::nullopt;
  const int length = std::countl_zero(static_cast<std::uint8_t>(*first)) + 1;
  const auto all = bytes.big(at, length);
  if (!all.has_value()) return std::nullopt;
  const std::uint64_t mask = (std::uint64_t{1} << (7 * length)) - 1;
  return Vint{*all & mask, length, (*all & mask) == mask};
}

bool segment_ends_early(const SourceBytes& bytes) {
  const auto header = read_vint(bytes, 4);
  if (!header.has_value() || header->is_unknown || bytes.reaches_past(4, header->value))
    return false;
  const std::int64_t segment = 4 + header->length + static_cast<std::int64_t>(header->value);
  if (!bytes.has(segment, "\x18\x53\x80\x67")) return false;
  const auto size = read_vint(bytes, segment + 4);
  if (!size.has_value() || size->is_unknown) return false;
  return bytes.reaches_past(segment + 4 + size->length, size->value);
}

bool riff_ends_early(const SourceBytes& bytes) {
  std::int64_t at = 0;
  for (int i = 0; i < kMaxPieces && bytes.has(at, "RIFF"); ++i) {
    const auto size = bytes.little(at + 4, 4);
    // Recorders that were stopped leave 0, files past 4 GB the largest number.
    if (!size.has_value() || *size == 0 || *size >= 0xFFFFFFF0) return false;
    if (bytes.reaches_past(at + 8, *size)) return true;
    at += 8 + static_cast<std::int64_t>(*size + *size % 2);
  }
  return false;
}

bool png_ends_early(const SourceBytes& bytes) {
  std::int64_t at = 8;
  for (int i = 0; i < kMaxPieces; ++i) {
    const auto size = bytes.big(at, 4);
    if (!size.has_value() || bytes.reaches_past(at, *size + 12)) return true;
    if (bytes.has(at + 4, "IEND")) return false;
    at += static_cast<std::int64_t>(*size) + 12;
  }
  return false;
}

// Behind the last header segment comes the coded picture, in which 0xFF 0xD9 can only be its end.
bool jpeg_ends_early(const SourceBytes& bytes) {
  std::int64_t at = 2;
  for (int i = 0; i < kMaxPieces; ++i) {
    const auto marker = bytes.big(at, 2);
    if (!marker.has_value()) return true;
    if (*marker == 0xFFFF) {  // fill byte
      ++at;
      continue;
    }
    if (*marker < 0xFF00) return false;  // not where a marker should be: damage, not an end
    const auto length = bytes.big(at + 2, 2);
    if (!length.has_value()) return true;
    at += 2 + static_cast<std::int64_t>(*length);
    if (*marker == 0xFFDA) break;
  }
  std::vector<std::uint8_t> buffer(64 * 1024);
  bool after_ff = false;
  while (at < bytes.size()) {
    const std::size_t got = bytes.file().read_at(at, buffer);
    if (got == 0) break;
    for (std::size_t i = 0; i < got; ++i) {
      if (after_ff && buffer[i] == 0xD9) return false;
      after_ff = buffer[i] == 0xFF;
    }
    at += static_cast<std::int64_t>(got);
  }
  return true;
}

}  // namespace

bool ends_early(const SourceFile& file) {
  const SourceBytes bytes(file);
  if (bytes.has(0, "\x1A\x45\xDF\xA3")) return segment_ends_early(bytes);
  if (bytes.has(0, "RIFF")) return riff_ends_early(bytes);
  if (bytes.has(0, "\x89PNG\r\n\x1A\n")) return png_ends_early(bytes);
  if (bytes.has(0, "\xFF\xD8\xFF")) return jpeg_ends_early(bytes);
  return boxes_end_early(bytes);
}

}  // namespace mien
