#include "store/scratch_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "store/durable_file.h"
#include "store/system_call.h"

namespace mien {

Result<ScratchFile> ScratchFile::create(const std::filesystem::path& path) {
  const std::filesystem::path name = temporary_name_for(path);
  const int file = uninterrupted(
      [&] { return ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644); });
  if (file < 0) return io_error(name, "cannot be created", errno);
  return ScratchFile(name, file);
}

ScratchFile::ScratchFile(ScratchFile&& other) noexcept
    : path_(std::move(other.path_)), file_(other.file_), size_(other.size_) {
  other.file_ = -1;
}

ScratchFile::~ScratchFile() {
  if (file_ < 0) return;
  ::close(file_);
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

Status ScratchFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        uninterrupted([&] { return ::write(file_, bytes.data(), bytes.size()); });
    if (written < 0) return io_error(path_, "cannot be written", errno);
    size_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Ok{};
}

Result<PlacedBytes> PlacedBytes::open(const std::filesystem::path& path) {
  const int file = uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (file < 0) return io_error(path, "cannot be opened for reading", errno);
  PlacedBytes bytes(path, file);
  struct stat info {};
  if (::fstat(file, &info) != 0) return io_error(path, "cannot be read", errno);
  bytes.size_ = static_cast<std::uint64_t>(info.st_size);
  bytes.stamp_ = std::to_string(info.st_dev) + " " + std::to_string(info.st_ino) + " " +
                 std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) + " " +
                 std::to_string(info.st_mtim.tv_nsec);
  return bytes;
}

PlacedBytes::PlacedBytes(PlacedBytes&& other) noexcept
    : path_(std::move(other.path_)),
      file_(other.file_),
      size_(other.size_),
      stamp_(std::move(other.stamp_)) {
  other.file_ = -1;
}

PlacedBytes::~PlacedBytes() {
  if (file_ >= 0) ::close(file_);
}

Status PlacedBytes::read(std::uint64_t at, std::span<char> to) const {
  while (!to.empty()) {
    const ssize_t got =
        uninterrupted([&] { return ::pread(file_, to.data(), to.size(), static_cast<off_t>(at)); });
    if (got < 0) return io_error(path_, "cannot be read", errno);
    if (got == 0) {
      return Error{ErrorCode::kCorrupt,
                   path_.string() + ": shorter than it was; remedy: run the same command again"};
    }
    at += static_cast<std::uint64_t>(got);
    to = to.subspan(static_cast<std::size_t>(got));
  }
  return Ok{};
}

}  // namespace mien
