#include "pipeline/study/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "store/durable_file.h"

namespace mien {

namespace {

// The process id that the holder wrote, or "another process" where it has not yet.
std::string holder(int fd) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size() - 1, 0);
  std::string digits;
  for (ssize_t i = 0; i < got && text.at(i) >= '0' && text.at(i) <= '9'; ++i) digits += text.at(i);
  return digits.empty() ? "another process" : "process " + digits;
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    const int reason = errno;
    return Error{ErrorCode::kIo,
                 path.string() + ": cannot be locked: " + std::generic_category().message(reason) +
                     "; " + io_remedy(reason)};
  }
  FileLock lock(fd);
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) {
      return Error{ErrorCode::kBusy, path.parent_path().string() + ": in use by " + holder(fd) +
                                         "; remedy: wait until it has ended, or end it"};
    }
    const int reason = errno;
    return Error{ErrorCode::kIo,
                 path.string() + ": cannot be locked: " + std::generic_category().message(reason) +
                     "; remedy: keep the study on a file system that has locks"};
  }
  const std::string id = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, id.data(), id.size(), 0) < 0) {
    const int reason = errno;
    return Error{ErrorCode::kIo,
                 path.string() + ": cannot be written: " + std::generic_category().message(reason) +
                     "; " + io_remedy(reason)};
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace mien
