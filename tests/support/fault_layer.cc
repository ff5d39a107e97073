// A bad disk for tests: a library to be loaded before all others (LD_PRELOAD), which stands between
// a program, with all of its libraries, and the system's calls on files under one folder.
//
//   MIEN_FAULT_UNDER    the folder; calls on other files pass
//   MIEN_FAULT_KIND     ENOSPC, EIO, EINTR, SHORT (half of what was asked), EROFS, SLOW
//   MIEN_FAULT_COUNTER  a file of two 64-bit numbers that all processes share: calls that could
//   have
//                       failed so far, and calls that did
//   MIEN_FAULT_FROM     the number of the first call that fails, counted over all processes
//   MIEN_FAULT_CALLS    how many fail from there on; 0: none, so that calls are counted alone
//   MIEN_FAULT_SPACE    fail one in so many of these calls (default 1: all of them)
//
// Which calls count depends on the kind: a full disk refuses what takes space, one that is
// read-only whatever changes it, a bad one reads, writes and syncs.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

enum Call : unsigned {
  kOpen = 1,    // for reading
  kCreate = 2,  // or opened for writing
  kRead = 4,
  kWrite = 8,
  kSync = 16,
  kRename = 32,
  kMakeFolder = 64,
  kRemove = 128
};

struct Layer {
  char under[4096] = {};
  std::size_t length = 0;
  int error = 0;  // that a call fails with; 0: SHORT or SLOW
  bool is_short = false;
  bool is_slow = false;
  unsigned calls = 0;  // that count
  std::uint64_t from = 0;
  std::uint64_t until = 0;
  std::uint64_t space = 1;
  std::atomic<std::uint64_t>* counter = nullptr;  // two
};

template <typename F>
F* next(F*& cached, const char* name) {
  if (cached == nullptr) cached = reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
  return cached;
}

std::uint64_t number_of(const char* name, std::uint64_t otherwise) {
  const char* text = getenv(name);
  return text == nullptr ? otherwise : strtoull(text, nullptr, 10);
}

void set_kind(Layer& layer, const char* kind) {
  const auto is = [&](const char* name) { return strcmp(kind, name) == 0; };
  if (is("ENOSPC")) {
    layer.error = ENOSPC;
    layer.calls = kCreate | kWrite | kMakeFolder | kSync;
  } else if (is("EIO")) {
    layer.error = EIO;
    layer.calls = kRead | kWrite | kSync | kOpen | kCreate;
  } else if (is("EINTR")) {
    layer.error = EINTR;
    layer.calls = kRead | kWrite | kSync | kOpen | kCreate;
  } else if (is("EROFS")) {
    layer.error = EROFS;
    layer.calls = kCreate | kMakeFolder | kRename | kRemove;
  } else if (is("SHORT")) {
    layer.is_short = true;
    layer.calls = kRead | kWrite;
  } else if (is("SLOW")) {
    layer.is_slow = true;
    layer.calls = kOpen | kCreate | kRead | kWrite | kSync | kRename | kMakeFolder | kRemove;
  }
}

Layer made() {
  Layer layer;
  const char* under = getenv("MIEN_FAULT_UNDER");
  const char* kind = getenv("MIEN_FAULT_KIND");
  const char* counter = getenv("MIEN_FAULT_COUNTER");
  if (under == nullptr || kind == nullptr || counter == nullptr) return layer;
  static int (*real_open)(const char*, int, ...) = nullptr;
  const int fd = next(real_open, "open")(counter, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, 2 * sizeof(std::uint64_t)) != 0) return layer;
  void* shared =
      mmap(nullptr, 2 * sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (shared == MAP_FAILED) return layer;
  layer.counter = static_cast<std::atomic<std::uint64_t>*>(shared);
  snprintf(layer.under, sizeof(layer.under), "%s/", under);
  layer.length = strlen(layer.under);
  layer.from = number_of("MIEN_FAULT_FROM", 0);
  layer.until = layer.from + number_of("MIEN_FAULT_CALLS", 0);
  layer.space = number_of("MIEN_FAULT_SPACE", 1);
  set_kind(layer, kind);
  return layer;
}

Layer& layer() {
  static Layer one = made();
  return one;
}

// Whether this call fails; `is_under` says whether it is on a file that counts.
bool fails(Call call, bool is_under) {
  Layer& one = layer();
  if ((one.calls & call) == 0 || !is_under) return false;
  const std::uint64_t number = one.counter[0].fetch_add(1);
  if (number < one.from || number >= one.until || (number - one.from) % one.space != 0) {
    return false;
  }
  one.counter[1].fetch_add(1);
  if (one.is_slow) {
    const timespec pause{0, 20'000'000};
    nanosleep(&pause, nullptr);
    return false;
  }
  if (!one.is_short) errno = one.error;
  return true;
}

bool is_under(const char* path) {
  return layer().length > 0 && path != nullptr && strncmp(path, layer().under, layer().length) == 0;
}

bool is_under(int fd) {
  if (layer().length == 0 || fd < 0) return false;
  char link[64];
  char path[4096];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  const int before = errno;
  const ssize_t length = readlink(link, path, sizeof(path) - 1);
  errno = before;
  if (length <= 0) return false;
  path[length] = '\0';
  return is_under(path);
}

// A path relative to a folder that is open, as removing a tree gives it.
bool is_under(int folder, const char* path) {
  return path != nullptr && path[0] == '/' ? is_under(path) : is_under(folder);
}

// How much of a transfer goes through: all of it, half of it, or nothing and an error.
bool transfer(Call call, int fd, std::size_t& count) {
  if (!fails(call, is_under(fd))) return true;
  if (!layer().is_short) return false;
  if (count > 1) count /= 2;
  return true;
}

Call opening(int flags) {
  return (flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0 ? kCreate : kOpen;
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

// NOLINTBEGIN: names and signatures are the C library's
extern "C" {

#define MIEN_OPEN(name)                                   \
  int name(const char* path, int flags, ...) {            \
    va_list arguments;                                    \
    va_start(arguments, flags);                           \
    const mode_t mode = mode_of(flags, arguments);        \
    va_end(arguments);                                    \
    static int (*real)(const char*, int, ...) = nullptr;  \
    if (fails(opening(flags), is_under(path))) return -1; \
    return next(real, #name)(path, flags, mode);          \
  }
MIEN_OPEN(open)
MIEN_OPEN(open64)

#define MIEN_OPENAT(name)                                         \
  int name(int folder, const char* path, int flags, ...) {        \
    va_list arguments;                                            \
    va_start(arguments, flags);                                   \
    const mode_t mode = mode_of(flags, arguments);                \
    va_end(arguments);                                            \
    static int (*real)(int, const char*, int, ...) = nullptr;     \
    if (fails(opening(flags), is_under(folder, path))) return -1; \
    return next(real, #name)(folder, path, flags, mode);          \
  }
MIEN_OPENAT(openat)
MIEN_OPENAT(openat64)

#define MIEN_OPEN_CHECKED(name)                           \
  int name(const char* path, int flags) {                 \
    static int (*real)(const char*, int) = nullptr;       \
    if (fails(opening(flags), is_under(path))) return -1; \
    return next(real, #name)(path, flags);                \
  }
MIEN_OPEN_CHECKED(__open_2)
MIEN_OPEN_CHECKED(__open64_2)

#define MIEN_FOPEN(name)                                                                           \
  FILE* name(const char* path, const char* mode) {                                                 \
    static FILE* (*real)(const char*, const char*) = nullptr;                                      \
    if (fails(mode[0] == 'r' && strchr(mode, '+') == nullptr ? kOpen : kCreate, is_under(path))) { \
      return nullptr;                                                                              \
    }                                                                                              \
    return next(real, #name)(path, mode);                                                          \
  }
MIEN_FOPEN(fopen)
MIEN_FOPEN(fopen64)

ssize_t read(int fd, void* bytes, size_t count) {
  static ssize_t (*real)(int, void*, size_t) = nullptr;
  return transfer(kRead, fd, count) ? next(real, "read")(fd, bytes, count) : -1;
}

ssize_t __read_chk(int fd, void* bytes, size_t count, size_t) {
  return read(fd, bytes, count);
}

#define MIEN_PREAD(name)                                                              \
  ssize_t name(int fd, void* bytes, size_t count, off_t at) {                         \
    static ssize_t (*real)(int, void*, size_t, off_t) = nullptr;                      \
    return transfer(kRead, fd, count) ? next(real, #name)(fd, bytes, count, at) : -1; \
  }
MIEN_PREAD(pread)
MIEN_PREAD(pread64)

ssize_t write(int fd, const void* bytes, size_t count) {
  static ssize_t (*real)(int, const void*, size_t) = nullptr;
  return transfer(kWrite, fd, count) ? next(real, "write")(fd, bytes, count) : -1;
}

#define MIEN_PWRITE(name)                                                              \
  ssize_t name(int fd, const void* bytes, size_t count, off_t at) {                    \
    static ssize_t (*real)(int, const void*, size_t, off_t) = nullptr;                 \
    return transfer(kWrite, fd, count) ? next(real, #name)(fd, bytes, count, at) : -1; \
  }
MIEN_PWRITE(pwrite)
MIEN_PWRITE(pwrite64)

ssize_t writev(int fd, const iovec* pieces, int count) {
  static ssize_t (*real)(int, const iovec*, int) = nullptr;
  if (fails(kWrite, is_under(fd))) {
    if (!layer().is_short) return -1;
    return write(fd, pieces[0].iov_base, pieces[0].iov_len);
  }
  return next(real, "writev")(fd, pieces, count);
}

int fsync(int fd) {
  static int (*real)(int) = nullptr;
  return fails(kSync, is_under(fd)) ? -1 : next(real, "fsync")(fd);
}

int fdatasync(int fd) {
  static int (*real)(int) = nullptr;
  return fails(kSync, is_under(fd)) ? -1 : next(real, "fdatasync")(fd);
}

int rename(const char* from, const char* to) noexcept {
  static int (*real)(const char*, const char*) = nullptr;
  return fails(kRename, is_under(to)) ? -1 : next(real, "rename")(from, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned flags) noexcept {
  static int (*real)(int, const char*, int, const char*, unsigned) = nullptr;
  if (fails(kRename, is_under(to_folder, to))) return -1;
  return next(real, "renameat2")(from_folder, from, to_folder, to, flags);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static int (*real)(const char*, mode_t) = nullptr;
  return fails(kMakeFolder, is_under(path)) ? -1 : next(real, "mkdir")(path, mode);
}

int unlink(const char* path) noexcept {
  static int (*real)(const char*) = nullptr;
  return fails(kRemove, is_under(path)) ? -1 : next(real, "unlink")(path);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  static int (*real)(int, const char*, int) = nullptr;
  return fails(kRemove, is_under(folder, path)) ? -1 : next(real, "unlinkat")(folder, path, flags);
}

}  // extern "C"
// NOLINTEND
