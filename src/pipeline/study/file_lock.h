// One process at a time: an advisory lock (flock) on a file. The system frees it when its holder
// ends, however it ends, so a stale lock does not exist; the file itself stays.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace mien {

class FileLock {
 public:
  // Makes the file where it is missing and writes this process's id into it. kBusy names the
  // process that holds it. Started programs do not inherit the lock.
  static Result<FileLock> acquire(const std::filesystem::path& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace mien
