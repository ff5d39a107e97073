#include "media/declared_size.h"

#include <string_view>

#include "media/source_bytes.h"

namespace mien {

namespace {

// More than any header segments of a JPEG or boxes around an index that is not in fragments.
constexpr int kMaxHeaders = 10'000;

struct Box {
  std::int64_t begin = 0;  // of its content
  std::int64_t end = 0;
};

// The first box of that name among those from `at` to `end`.
std::optional<Box> find_box(const SourceBytes& bytes, std::int64_t at, std::int64_t end,
                            std::string_view name) {
  for (int i = 0; i < kMaxHeaders && at + 8 <= end; ++i) {
    const auto short_size = bytes.big(at, 4);
    if (!short_size.has_value()) return std::nullopt;
    std::uint64_t size = *short_size;
    std::int64_t header = 8;
    if (size == 1) {
      size = bytes.big(at + 8, 8).value_or(0);
      header = 16;
    } else if (size == 0) {
      size = static_cast<std::uint64_t>(end - at);
    }
    if (size < static_cast<std::uint64_t>(header)) return std::nullopt;
    const bool is_last = size > static_cast<std::uint64_t>(end - at);
    const std::int64_t next = is_last ? end : at + static_cast<std::int64_t>(size);
    if (bytes.has(at + 4, name)) return Box{at + header, next};
    at = next;
  }
  return std::nullopt;
}

bool is_frame_header(std::uint64_t marker) {
  const bool is_other = marker == 0xFFC4 || marker == 0xFFC8 || marker == 0xFFCC;
  return marker >= 0xFFC0 && marker <= 0xFFCF && !is_other;
}

std::optional<DeclaredSize> size_at(const SourceBytes& bytes, std::int64_t width_at,
                                    std::int64_t height_at, int count) {
  const auto width = bytes.big(width_at, count);
  const auto height = bytes.big(height_at, count);
  if (!width.has_value() || !height.has_value()) return std::nullopt;
  return DeclaredSize{static_cast<std::int64_t>(*width), static_cast<std::int64_t>(*height)};
}

std::optional<DeclaredSize> jpeg_size(const SourceBytes& bytes) {
  std::int64_t at = 2;
  for (int i = 0; i < kMaxHeaders; ++i) {
    const auto marker = bytes.big(at, 2);
    if (!marker.has_value() || *marker < 0xFF00 || *marker == 0xFFDA) return std::nullopt;
    if (*marker == 0xFFFF) {  // fill byte
      ++at;
      continue;
    }
    if (is_frame_header(*marker)) return size_at(bytes, at + 7, at + 5, 2);
    const auto length = bytes.big(at + 2, 2);
    if (!length.has_value()) return std::nullopt;
    at += 2 + static_cast<std::int64_t>(*length);
  }
  return std::nullopt;
}

}  // namespace

std::optional<DeclaredSize> declared_picture_size(const SourceFile& file) {
  const SourceBytes bytes(file);
  if (bytes.has(0, "\x89PNG\r\n\x1A\n") && bytes.has(12, "IHDR")) return size_at(bytes, 16, 20, 4);
  if (bytes.has(0, "\xFF\xD8\xFF")) return jpeg_size(bytes);
  return std::nullopt;
}

std::uint64_t inflated_index_bytes(const SourceFile& file) {
  const SourceBytes bytes(file);
  Box box{0, bytes.size()};
  for (const std::string_view name : {"moov", "cmov", "cmvd"}) {
    const std::optional<Box> inner = find_box(bytes, box.begin, box.end, name);
    if (!inner.has_value()) return 0;
    box = *inner;
  }
  return bytes.big(box.begin, 4).value_or(0);
}

}  // namespace mien
