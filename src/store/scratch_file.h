// Files for what need not lie in memory meanwhile, and files that are read by place.
//
// Errors are kIo and name the file, what the system said and a remedy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/result.h"

namespace mien {

// Grows at its end, under a temporary name (durable_file.h), and is removed when its owner is.
// A kill leaves it behind: see clear_left_overs_of(). Nothing is synced to the disk.
class ScratchFile {
 public:
  // Under a temporary name for `path`, beside it.
  static Result<ScratchFile> create(const std::filesystem::path& path);
  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&&) = delete;
  ~ScratchFile();

  Status append(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  ScratchFile(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}

  std::filesystem::path path_;
  int file_;
  std::uint64_t size_ = 0;
};

// Open for reading, by any number of threads.
class PlacedBytes {
 public:
  static Result<PlacedBytes> open(const std::filesystem::path& path);
  PlacedBytes(PlacedBytes&& other) noexcept;
  PlacedBytes& operator=(PlacedBytes&&) = delete;
  ~PlacedBytes();

  std::uint64_t size() const { return size_; }
  // Which file it is and when it was last written: other bytes under the same name differ.
  const std::string& stamp() const { return stamp_; }
  // Fills `to`. kCorrupt: the file ends before.
  Status read(std::uint64_t at, std::span<char> to) const;

 private:
  PlacedBytes(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}

  std::filesystem::path path_;
  int file_;
  std::uint64_t size_ = 0;
  std::string stamp_;
};

}  // namespace mien
