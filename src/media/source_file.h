// One local regular file as FFmpeg's input. FFmpeg itself opens nothing: it reads through this
// object alone, so neither a network address nor another file can be reached from inside a file.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "base/result.h"

struct AVIOContext;

namespace mien {

class SourceFile {
 public:
  using Clock = std::chrono::steady_clock;

  // Errors: missing, unreadable (permission, or a pipe, socket or device), empty.
  static Result<std::unique_ptr<SourceFile>> open(const std::filesystem::path& path);
  ~SourceFile();
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;

  AVIOContext* io() { return io_; }
  std::int64_t size_bytes() const { return size_bytes_; }

  // Bytes at a place, apart from FFmpeg's position; fewer than asked at the end of the file.
  std::size_t read_at(std::int64_t offset, std::span<std::uint8_t> bytes) const;

  // Reading past this moment fails, so that a demuxer that searches without end comes back.
  void set_deadline(Clock::time_point deadline) { deadline_ = deadline; }
  bool deadline_passed() const { return Clock::now() > deadline_; }
  int read_error() const { return read_error_; }  // errno of a read that failed, else 0

 private:
  SourceFile() = default;
  static int read(void* self, std::uint8_t* bytes, int count);
  static std::int64_t seek(void* self, std::int64_t offset, int whence);

  int descriptor_ = -1;
  std::int64_t size_bytes_ = 0;
  std::int64_t position_ = 0;
  int read_error_ = 0;
  Clock::time_point deadline_ = Clock::time_point::max();
  AVIOContext* io_ = nullptr;
};

}  // namespace mien
