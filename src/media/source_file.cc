#include "media/source_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <system_error>

#include "media/ffmpeg.h"
#include "media/media_info.h"

namespace mien {

namespace {

constexpr int kBufferBytes = 64 * 1024;

ssize_t read_fully(int descriptor, std::uint8_t* bytes, std::size_t count, std::int64_t offset) {
  for (;;) {
    const ssize_t got = ::pread(descriptor, bytes, count, offset);
    if (got >= 0 || errno != EINTR) return got;
  }
}

}  // namespace

Result<std::unique_ptr<SourceFile>> SourceFile::open(const std::filesystem::path& path) {
  prepare_ffmpeg();
  std::unique_ptr<SourceFile> file(new SourceFile);
  // O_NONBLOCK: opening a pipe without a writer must not wait.
  file->descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file->descriptor_ < 0) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) {
      return media_error(MediaReason::kMissing, path, "no such file; check the path");
    }
    return media_error(
        MediaReason::kUnreadable, path,
        "cannot be opened (" + std::generic_category().message(error) + "); check its permissions");
  }
  struct stat status {};
  if (::fstat(file->descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    return media_error(MediaReason::kUnreadable, path,
                       "is not a regular file; save the media to a file first");
  }
  file->size_bytes_ = status.st_size;
  if (file->size_bytes_ == 0) {
    return media_error(MediaReason::kEmpty, path, "the file has 0 bytes; copy or download it anew");
  }
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kBufferBytes));
  MIEN_CHECK(buffer != nullptr, "out of memory");
  file->io_ = avio_alloc_context(buffer, kBufferBytes, 0, file.get(), &SourceFile::read, nullptr,
                                 &SourceFile::seek);
  MIEN_CHECK(file->io_ != nullptr, "out of memory");
  return file;
}

SourceFile::~SourceFile() {
  if (io_ != nullptr) {
    av_freep(static_cast<void*>(&io_->buffer));
    avio_context_free(&io_);
  }
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::size_t SourceFile::read_at(std::int64_t offset, std::span<std::uint8_t> bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = read_fully(descriptor_, bytes.data() + done, bytes.size() - done,
                                   offset + static_cast<std::int64_t>(done));
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

int SourceFile::read(void* self, std::uint8_t* bytes, int count) {
  auto& file = *static_cast<SourceFile*>(self);
  if (file.deadline_passed()) return AVERROR_EXIT;
  const ssize_t got =
      read_fully(file.descriptor_, bytes, static_cast<std::size_t>(count), file.position_);
  if (got < 0) {
    file.read_error_ = errno;
    return AVERROR(file.read_error_);
  }
  if (got == 0) return AVERROR_EOF;
  file.position_ += got;
  return static_cast<int>(got);
}

std::int64_t SourceFile::seek(void* self, std::int64_t offset, int whence) {
  auto& file = *static_cast<SourceFile*>(self);
  std::int64_t base = 0;
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return file.size_bytes_;
    case SEEK_SET:
      break;
    case SEEK_CUR:
      base = file.position_;
      break;
    case SEEK_END:
      base = file.size_bytes_;
      break;
    default:
      return AVERROR(EINVAL);
  }
  if (offset > std::numeric_limits<std::int64_t>::max() - base || base + offset < 0) {
    return AVERROR(EINVAL);
  }
  file.position_ = base + offset;
  return file.position_;
}

}  // namespace mien
