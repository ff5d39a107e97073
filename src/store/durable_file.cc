#include "store/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <random>
#include <system_error>
#include <vector>

#include "store/system_call.h"

namespace mien {

namespace {

constexpr std::string_view kTemporaryMark = ".tmp-";
constexpr std::string_view kReplacedMark = ".replaced";

// A file descriptor that is closed when it goes out of scope.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : fd_(uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0644); })) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0 || errno == EINTR;  // interrupted, it is closed all the same
  }

 private:
  int fd_;
};

Status write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = uninterrupted([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (written < 0) return io_error(path, "cannot be written", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Ok{};
}

Status write_and_sync(const std::filesystem::path& path, const ByteSource& source) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (file.get() < 0) return io_error(path, "cannot be created", errno);
  MIEN_TRY_VOID(source([&](std::string_view bytes) { return write_all(file.get(), bytes, path); }));
  if (uninterrupted([&] { return ::fsync(file.get()); }) != 0) {
    return io_error(path, "cannot be synced to the disk", errno);
  }
  if (!file.close()) return io_error(path, "cannot be written", errno);
  return Ok{};
}

std::vector<std::filesystem::path> children_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> children;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    children.push_back(it->path());
  }
  return children;
}

Status remove_everything(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return io_error(path, "cannot be removed", error.value());
  return Ok{};
}

}  // namespace

std::string io_remedy(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "remedy: free some space there or choose another place, then run the same command "
             "again";
    case EACCES:
    case EPERM:
    case EROFS:
      return "remedy: give this user the right to write there or choose another place";
    case ENOENT:
      return "remedy: check that the path is right";
    case EINTR:
    case EAGAIN:
      return "remedy: run the same command again";
    default:
      return "remedy: check that the path is right and the disk is in order, then run the same "
             "command again";
  }
}

std::filesystem::path temporary_name_for(const std::filesystem::path& path) {
  // Process ids repeat from one machine to the next; numbers from the system do not.
  static std::atomic<std::uint64_t> counter{[] {
    std::random_device system;
    return (std::uint64_t{system()} << 32 | system()) >> 1;
  }()};
  std::string name = ".";
  name += path.filename().string();
  name += kTemporaryMark;
  name += std::to_string(::getpid());
  name += '-';
  name += std::to_string(counter++);
  return path.parent_path() / name;
}

bool is_temporary_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const std::size_t mark = name.rfind(kTemporaryMark);
  if (!name.starts_with('.') || mark == std::string::npos || mark == 0) return false;
  const std::string numbers = name.substr(mark + kTemporaryMark.size());
  const std::size_t dash = numbers.find('-');
  return dash != std::string::npos && dash > 0 && dash + 1 < numbers.size() &&
         numbers.find_first_not_of("0123456789-") == std::string::npos &&
         numbers.find('-', dash + 1) == std::string::npos;
}

Status write_file_durably(const std::filesystem::path& path, std::string_view bytes) {
  return write_file_durably(path, [&](const ByteSink& sink) { return sink(bytes); });
}

Status write_file_durably(const std::filesystem::path& path, const ByteSource& source) {
  const std::filesystem::path temporary = temporary_name_for(path);
  Status status = write_and_sync(temporary, source);
  if (status.ok()) status = rename_durably(temporary, path);
  if (!status.ok()) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
  }
  return status;
}

Status sync_path(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) return io_error(path, "cannot be opened", errno);
  // Some network file systems cannot sync a folder and say EINVAL; the rename stands all the same.
  if (uninterrupted([&] { return ::fsync(file.get()); }) != 0 && errno != EINVAL) {
    return io_error(path, "cannot be synced to the disk", errno);
  }
  return Ok{};
}

namespace {

constexpr int kAttempts = 100;

std::filesystem::path folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  return folder.empty() ? std::filesystem::path(".") : folder;
}

}  // namespace

Status rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return io_error(to, "cannot be put in place", errno);
  return sync_path(folder_of(to));
}

std::filesystem::path replaced_name_for(const std::filesystem::path& path) {
  std::string name = ".";
  name += path.filename().string();
  name += kReplacedMark;
  return path.parent_path() / name;
}

Status replace_folder_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  MIEN_TRY_VOID(sync_path(from));
  std::error_code ignored;
  // Others may put a folder there or take it away at any moment: then it is looked at anew.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (::rename(from.c_str(), to.c_str()) == 0) return sync_path(folder_of(to));
    if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) break;
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
      MIEN_TRY_VOID(sync_path(folder_of(to)));
      std::filesystem::remove_all(from, ignored);
      return Ok{};
    }
    if (errno == ENOENT) continue;
    if (errno != EINVAL && errno != ENOSYS) break;
    const std::filesystem::path aside = replaced_name_for(to);
    std::filesystem::remove_all(aside, ignored);
    if (::rename(to.c_str(), aside.c_str()) != 0) continue;
    MIEN_TRY_VOID(sync_path(folder_of(to)));
    if (::rename(from.c_str(), to.c_str()) != 0) continue;
    MIEN_TRY_VOID(sync_path(folder_of(to)));
    std::filesystem::remove_all(aside, ignored);
    return Ok{};
  }
  return io_error(to, "cannot be replaced", errno);
}

Status clear_left_overs(const std::filesystem::path& parent) {
  for (const std::filesystem::path& path : children_of(parent)) {
    const std::string name = path.filename().string();
    if (name.starts_with('.') && name.ends_with(kReplacedMark)) {
      const std::filesystem::path original =
          parent / name.substr(1, name.size() - 1 - kReplacedMark.size());
      std::error_code ignored;
      if (std::filesystem::exists(original, ignored)) {
        MIEN_TRY_VOID(remove_everything(path));
      } else {
        MIEN_TRY_VOID(rename_durably(path, original));
      }
    } else if (is_temporary_name(path)) {
      MIEN_TRY_VOID(remove_everything(path));
    }
  }
  return Ok{};
}

Status clear_left_overs_of(const std::filesystem::path& path) {
  std::string prefix = ".";
  prefix += path.filename().string();
  prefix += kTemporaryMark;
  for (const std::filesystem::path& child : children_of(path.parent_path())) {
    if (!is_temporary_name(child) || !child.filename().string().starts_with(prefix)) continue;
    MIEN_TRY_VOID(remove_everything(child));
  }
  return Ok{};
}

Status make_folders(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return io_error(folder, "the folder cannot be made", code.value());
  return Ok{};
}

Result<std::string> read_whole_file(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) return io_error(path, "cannot be opened for reading", errno);
  std::string bytes;
  std::string buffer(std::size_t{1} << 16, '\0');
  while (true) {
    const ssize_t got =
        uninterrupted([&] { return ::read(file.get(), buffer.data(), buffer.size()); });
    if (got < 0) return io_error(path, "cannot be read", errno);
    if (got == 0) return bytes;
    bytes.append(buffer, 0, static_cast<std::size_t>(got));
  }
}

}  // namespace mien
