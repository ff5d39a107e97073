// Numbers and names at places of a file, for reading its structure apart from FFmpeg.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "media/source_file.h"

namespace mien {

class SourceBytes {
 public:
  explicit SourceBytes(const SourceFile& file) : file_(file) {}

  std::int64_t size() const { return file_.size_bytes(); }
  // `count` bytes (at most 8) as one big-endian or little-endian number; nullopt past the end.
  std::optional<std::uint64_t> big(std::int64_t at, int count) const;
  std::optional<std::uint64_t> little(std::int64_t at, int count) const;
  bool has(std::int64_t at, std::string_view text) const;  // at most 16 bytes
  // Whether a piece of `length` bytes at `at` reaches past the end; sizes above 2^62 do.
  bool reaches_past(std::int64_t at, std::uint64_t length) const;
  const SourceFile& file() const { return file_; }

 private:
  std::optional<std::uint64_t> number(std::int64_t at, int count, bool is_little) const;

  const SourceFile& file_;
};

}  // namespace mien
