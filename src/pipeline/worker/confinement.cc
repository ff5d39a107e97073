#include "pipeline/worker/confinement.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <new>
#include <system_error>

#include "pipeline/worker/sanitizer.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

// Rights that the headers of Debian 12 do not name yet (linux/landlock.h of Linux 6.12).
constexpr std::uint64_t kTruncate = 1ULL << 14;
constexpr std::uint64_t kIoctlDevice = 1ULL << 15;
constexpr std::uint64_t kBindTcp = 1ULL << 0;
constexpr std::uint64_t kConnectTcp = 1ULL << 1;
constexpr std::uint64_t kAbstractSocket = 1ULL << 0;
constexpr std::uint64_t kSignal = 1ULL << 1;

struct RulesetAttributes {
  std::uint64_t files = 0;
  std::uint64_t net = 0;
  std::uint64_t scoped = 0;
};

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kReadFolder = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWriteFolder =
    kReadFolder | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REFER | kTruncate;

// Libraries and time zones; what libraries ask about processor, memory and randomness.
constexpr const char* kSystem[] = {"/usr/lib",
                                   "/usr/local/lib",
                                   "/lib",
                                   "/lib64",
                                   "/usr/share/zoneinfo",
                                   "/etc/ld.so.cache",
                                   "/etc/localtime",
                                   "/etc/ssl/openssl.cnf",
                                   "/dev/null",
                                   "/dev/random",
                                   "/dev/urandom",
                                   "/proc/self",
                                   "/proc/cpuinfo",
                                   "/proc/meminfo",
                                   "/proc/sys/vm/overcommit_memory",
                                   "/sys/devices/system/cpu",
                                   "/sys/devices/system/node",
                                   "/sys/fs/cgroup"};

Error system_error(const std::string& what) {
  return {ErrorCode::kIo, what + ": " + std::generic_category().message(errno)};
}

// What this version of Landlock can deny. Starting programs stays possible under sanitizers, which
// call one to name the lines of a finding.
RulesetAttributes denied_by(int abi) {
  RulesetAttributes denied;
  denied.files = (LANDLOCK_ACCESS_FS_REFER << 1) - 1;  // all rights up to ABI 2
  if (abi < 2) denied.files &= ~std::uint64_t{LANDLOCK_ACCESS_FS_REFER};
  if (abi >= 3) denied.files |= kTruncate;
  if (abi >= 5) denied.files |= kIoctlDevice;
  if (kWithSanitizer) denied.files &= ~std::uint64_t{LANDLOCK_ACCESS_FS_EXECUTE};
  if (abi >= 4) denied.net = kBindTcp | kConnectTcp;
  if (abi >= 6) denied.scoped = kAbstractSocket | kSignal;
  return denied;
}

std::size_t attributes_size(int abi) {
  if (abi >= 6) return sizeof(RulesetAttributes);
  return abi >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

class Ruleset {
 public:
  static Result<Ruleset> create(int abi) {
    const RulesetAttributes denied = denied_by(abi);
    const long fd = syscall(SYS_landlock_create_ruleset, &denied, attributes_size(abi), 0);
    if (fd < 0) return system_error("Landlock gives no ruleset");
    return Ruleset(static_cast<int>(fd), denied.files);
  }
  Ruleset(Ruleset&& other) noexcept : fd_(std::exchange(other.fd_, -1)), denied_(other.denied_) {}
  Ruleset& operator=(Ruleset&&) = delete;
  ~Ruleset() {
    if (fd_ >= 0) close(fd_);
  }

  // What is not there needs no rule.
  Status allow(const fs::path& path, std::uint64_t rights) {
    const int at = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (at < 0) return Ok{};
    struct stat status {};
    landlock_path_beneath_attr rule{};
    rule.parent_fd = at;
    const bool is_known = fstat(at, &status) == 0;
    if (!is_known || !S_ISDIR(status.st_mode)) rights &= kReadFile;
    rule.allowed_access = rights & denied_;
    const long added = syscall(SYS_landlock_add_rule, fd_, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    // EBADFD: a pipe or the like, which no rule can hold and nobody has to read.
    const Status result =
        added == 0 || errno == EBADFD ? Status(Ok{}) : system_error(path.string());
    close(at);
    return result;
  }

  Status enforce() const {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("no_new_privs");
    if (syscall(SYS_landlock_restrict_self, fd_, 0) != 0) return system_error("Landlock");
    return Ok{};
  }

 private:
  Ruleset(int fd, std::uint64_t denied) : fd_(fd), denied_(denied) {}
  int fd_;
  std::uint64_t denied_;
};

std::size_t own_threads() {
  std::error_code error;
  std::size_t threads = 0;
  for (fs::directory_iterator it("/proc/self/task", error), end; !error && it != end;
       it.increment(error)) {
    ++threads;
  }
  return threads;
}

Status limit(__rlimit_resource what, std::int64_t most, const char* name) {
  rlimit now{};
  if (getrlimit(what, &now) != 0) return system_error(name);
  const auto wanted = static_cast<rlim_t>(most);
  if (now.rlim_max != RLIM_INFINITY && now.rlim_max <= wanted) return Ok{};
  const rlimit lower{wanted, wanted};
  if (setrlimit(what, &lower) != 0) return system_error(name);
  return Ok{};
}

void end_without_memory() {
  _exit(kExitNoMemory);
}

}  // namespace

int landlock_abi() {
  const long abi =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

Status limit_resources(std::int64_t data_mb, std::int64_t largest_file_bytes) {
  constexpr std::int64_t kOpenFiles = 512;
  MIEN_TRY_VOID(limit(RLIMIT_CORE, 0, "the limit of core dumps"));
  MIEN_TRY_VOID(limit(RLIMIT_FSIZE, largest_file_bytes, "the limit of file sizes"));
  MIEN_TRY_VOID(limit(RLIMIT_NOFILE, kOpenFiles, "the limit of open files"));
  std::ofstream("/proc/self/oom_score_adj") << "1000";  // where it may not: the kernel's own choice
  if (kWithSanitizer) return Ok{};  // they map terabytes, and trace their own process
  if (data_mb > 0) {
    MIEN_TRY_VOID(limit(RLIMIT_DATA, data_mb << 20, "the limit of memory"));
    std::set_new_handler(end_without_memory);
  }
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return system_error("no core dumps");
  return Ok{};
}

Result<int> confine_files(const ReachableFiles& files) {
  const int abi = landlock_abi();
  if (abi == 0) return 0;
  if (!kWithSanitizer && own_threads() != 1) {
    return Error{ErrorCode::kInternal, "files are confined before the first thread is started"};
  }
  MIEN_TRY(ruleset, Ruleset::create(abi));
  for (const char* path : kSystem) MIEN_TRY_VOID(ruleset.allow(path, kReadFolder));
  for (const fs::path& path : files.readable) MIEN_TRY_VOID(ruleset.allow(path, kReadFolder));
  for (const fs::path& path : files.writable) MIEN_TRY_VOID(ruleset.allow(path, kWriteFolder));
  MIEN_TRY_VOID(ruleset.enforce());
  return abi;
}

std::vector<fs::path> with_links(const fs::path& path) {
  std::vector<fs::path> paths{path};
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    std::error_code lost;
    if (!it->is_symlink(lost)) continue;
    const fs::path real = fs::canonical(it->path(), lost);
    if (!lost) paths.push_back(real);
  }
  return paths;
}

std::string to_string(const Confinement& confinement) {
  const std::string files = confinement.landlock_abi > 0
                                ? fmt::format("Landlock (ABI {})", confinement.landlock_abi)
                                : "no Landlock in this kernel: files are not fenced off";
  const char* calls = confinement.system_calls ? "seccomp"
                      : confinement.with_sanitizer
                          ? "no seccomp in a build with sanitizers"
                          : "no seccomp in this kernel: system calls are free";
  return files + ", " + calls;
}

}  // namespace mien
