// The system calls of a process that decodes: three lists, and everything else is answered as a
// kernel would that has never heard of it (ENOSYS), so that a newer library falls back.
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "pipeline/worker/confinement.h"
#include "pipeline/worker/sanitizer.h"

namespace mien {

namespace {

// Memory, threads, clocks and waiting; files by path (which ones is Landlock's business) and by
// descriptor; what libraries ask about process and machine.
constexpr const char* kAllowed[] = {"brk",
                                    "munmap",
                                    "mremap",
                                    "madvise",
                                    "mincore",
                                    "msync",
                                    "membarrier",  //
                                    "exit",
                                    "exit_group",
                                    "futex",
                                    "get_robust_list",
                                    "getcpu",
                                    "gettid",
                                    "restart_syscall",
                                    "rseq",
                                    "rt_sigaction",
                                    "rt_sigprocmask",
                                    "rt_sigreturn",
                                    "sched_getaffinity",
                                    "sched_getparam",
                                    "sched_getscheduler",
                                    "sched_get_priority_max",
                                    "sched_get_priority_min",
                                    "sched_yield",
                                    "set_robust_list",
                                    "set_tid_address",
                                    "sigaltstack",  //
                                    "clock_getres",
                                    "clock_gettime",
                                    "clock_nanosleep",
                                    "getrusage",
                                    "gettimeofday",
                                    "nanosleep",
                                    "poll",
                                    "ppoll",
                                    "pselect6",
                                    "select",
                                    "time",
                                    "times",  //
                                    "access",
                                    "close",
                                    "dup",
                                    "dup2",
                                    "dup3",
                                    "faccessat",
                                    "faccessat2",
                                    "fadvise64",
                                    "fallocate",
                                    "fcntl",
                                    "fdatasync",
                                    "flock",
                                    "fstat",
                                    "fstatfs",
                                    "fsync",
                                    "ftruncate",
                                    "getcwd",
                                    "getdents64",
                                    "lseek",
                                    "lstat",
                                    "mkdir",
                                    "mkdirat",
                                    "newfstatat",
                                    "open",
                                    "openat",
                                    "pread64",
                                    "preadv",
                                    "pwrite64",
                                    "pwritev",
                                    "read",
                                    "readlink",
                                    "readlinkat",
                                    "readv",
                                    "rename",
                                    "renameat",
                                    "renameat2",
                                    "rmdir",
                                    "stat",
                                    "statfs",
                                    "statx",
                                    "sync_file_range",
                                    "truncate",
                                    "umask",
                                    "unlink",
                                    "unlinkat",
                                    "write",
                                    "writev",  //
                                    "getegid",
                                    "geteuid",
                                    "getgid",
                                    "getpgrp",
                                    "getpid",
                                    "getppid",
                                    "getrandom",
                                    "getrlimit",
                                    "getuid",
                                    "sysinfo",
                                    "uname"};

// Never needed, and the first things that injected code reaches for: the network, other programs,
// other processes, other identities, other roots, code in the kernel, ways around this very filter
// (io_uring) or around file rules (handles, links), executable memory from nowhere (memfd).
constexpr const char* kDeadly[] = {"socket",
                                   "socketpair",
                                   "connect",
                                   "bind",
                                   "listen",
                                   "accept",
                                   "accept4",
                                   "sendto",
                                   "recvfrom",
                                   "sendmsg",
                                   "recvmsg",
                                   "sendmmsg",
                                   "recvmmsg",
                                   "shutdown",  //
                                   "execve",
                                   "execveat",
                                   "fork",
                                   "vfork",  //
                                   "ptrace",
                                   "process_vm_readv",
                                   "process_vm_writev",
                                   "process_madvise",
                                   "kcmp",
                                   "kill",
                                   "tkill",
                                   "pidfd_open",
                                   "pidfd_getfd",
                                   "pidfd_send_signal",
                                   "rt_sigqueueinfo",
                                   "rt_tgsigqueueinfo",  //
                                   "setuid",
                                   "setgid",
                                   "setreuid",
                                   "setregid",
                                   "setresuid",
                                   "setresgid",
                                   "setfsuid",
                                   "setfsgid",
                                   "setgroups",
                                   "capset",
                                   "keyctl",
                                   "add_key",
                                   "request_key",  //
                                   "mount",
                                   "umount2",
                                   "pivot_root",
                                   "chroot",
                                   "move_mount",
                                   "fsopen",
                                   "fsconfig",
                                   "fsmount",
                                   "fspick",
                                   "open_tree",
                                   "mount_setattr",
                                   "setns",
                                   "unshare",
                                   "swapon",
                                   "swapoff",
                                   "quotactl",
                                   "acct",
                                   "sethostname",
                                   "setdomainname",
                                   "settimeofday",
                                   "clock_settime",
                                   "adjtimex",  //
                                   "init_module",
                                   "finit_module",
                                   "delete_module",
                                   "kexec_load",
                                   "kexec_file_load",
                                   "reboot",
                                   "bpf",
                                   "perf_event_open",
                                   "userfaultfd",
                                   "iopl",
                                   "ioperm",
                                   "modify_ldt",
                                   "personality",  //
                                   "io_uring_setup",
                                   "io_uring_enter",
                                   "io_uring_register",  //
                                   "name_to_handle_at",
                                   "open_by_handle_at",
                                   "link",
                                   "linkat",
                                   "symlink",
                                   "symlinkat",
                                   "mknod",
                                   "mknodat",
                                   "chmod",
                                   "fchmod",
                                   "fchmodat",
                                   "chown",
                                   "fchown",
                                   "lchown",
                                   "fchownat",
                                   "setxattr",
                                   "lsetxattr",
                                   "fsetxattr",  //
                                   "memfd_create",
                                   "memfd_secret",
                                   "shmget",
                                   "shmat",
                                   "shmctl",
                                   "semget",
                                   "msgget",
                                   "mq_open"};

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

// Adds rules and remembers the first that was refused.
class Filter {
 public:
  explicit Filter(const Context& context) : context_(context) {}

  template <typename... Comparison>
  void add(std::uint32_t action, const char* name, Comparison... comparisons) {
    const int call = seccomp_syscall_resolve_name(name);
    // Not a call of this processor's, or of a kernel younger than the library.
    if (call == __NR_SCMP_ERROR || call < 0 || failed_ != 0) return;
    failed_ =
        seccomp_rule_add(context_.get(), action, call, sizeof...(comparisons), comparisons...);
  }
  int failed() const { return failed_; }

 private:
  const Context& context_;
  int failed_ = 0;
};

constexpr std::uint32_t error_of(int number) {
  return SCMP_ACT_ERRNO(static_cast<std::uint32_t>(number));
}

// Calls that are harmless with some arguments only.
void add_conditional(Filter& filter) {
  const auto own = static_cast<scmp_datum_t>(getpid());
  // Threads, no processes. clone3 takes its flags from memory, where a filter cannot look: the C
  // library goes on to clone where there is none.
  filter.add(SCMP_ACT_ALLOW, "clone",
             SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
  filter.add(SCMP_ACT_KILL_PROCESS, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  // abort() signals itself.
  filter.add(SCMP_ACT_ALLOW, "tgkill", SCMP_A0(SCMP_CMP_EQ, own, 0));
  filter.add(SCMP_ACT_KILL_PROCESS, "tgkill", SCMP_A0(SCMP_CMP_NE, own, 0));
  // No memory becomes code.
  for (const char* call : {"mmap", "mprotect"}) {
    filter.add(SCMP_ACT_ALLOW, call, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    filter.add(error_of(EPERM), call, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
  }
  filter.add(SCMP_ACT_ALLOW, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
  filter.add(SCMP_ACT_ALLOW, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA, 0));
  // Limits are read; the processor time of the next video is set.
  filter.add(SCMP_ACT_ALLOW, "prlimit64", SCMP_A2(SCMP_CMP_EQ, 0, 0));
  filter.add(SCMP_ACT_ALLOW, "prlimit64", SCMP_A0(SCMP_CMP_EQ, 0, 0),
             SCMP_A1(SCMP_CMP_EQ, RLIMIT_CPU, 0));
  // Whether a descriptor is a terminal is asked this way; it is not.
  filter.add(error_of(ENOTTY), "ioctl");
}

}  // namespace

Result<bool> confine_system_calls() {
  if (kWithSanitizer) return false;
  if (seccomp_api_get() == 0) return false;
  const Context context(seccomp_init(error_of(ENOSYS)), &seccomp_release);
  if (context == nullptr) return Error{ErrorCode::kInternal, "seccomp: no filter can be made"};
  // All threads, those that run already too.
  if (seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_TSYNC, 1) != 0) return false;
  Filter filter(context);
  for (const char* call : kAllowed) filter.add(SCMP_ACT_ALLOW, call);
  for (const char* call : kDeadly) filter.add(SCMP_ACT_KILL_PROCESS, call);
  add_conditional(filter);
  const int failed = filter.failed() != 0 ? filter.failed() : seccomp_load(context.get());
  if (failed == -EINVAL || failed == -ENOSYS || failed == -EOPNOTSUPP) return false;
  if (failed != 0) {
    return Error{ErrorCode::kIo,
                 "seccomp: the filter is refused: " + std::generic_category().message(-failed)};
  }
  return true;
}

}  // namespace mien
