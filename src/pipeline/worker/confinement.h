// Shuts a process in before it reads a byte of media that somebody else made: what code inside a
// decoder could do after a memory fault is what the process itself may do. docs/confinement.md
// gives the reasons, rule by rule, and what is not covered.
//
// Order: limit_resources() and confine_files() while the process has one thread (Landlock holds for
// the calling thread and those it starts), confine_system_calls() at any time (it holds for all).
// None of them can be undone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

// Folders and files that stay reachable, each with all that lies below it. A link counts as what it
// leads to.
struct ReachableFiles {
  std::vector<std::filesystem::path> readable;
  std::vector<std::filesystem::path> writable;  // folders; readable too
};

// What the kernel and the build gave.
struct Confinement {
  int landlock_abi = 0;         // 0: this kernel has no Landlock
  bool system_calls = false;    // false: no seccomp filters, or a build with sanitizers
  bool with_sanitizer = false;  // why system calls are free
};

// Exit status of a process that asked for memory beyond limit_resources().
inline constexpr int kExitNoMemory = 86;

// The largest file that a confined process writes; a longer one ends it (SIGXFSZ).
inline constexpr std::int64_t kLargestFileBytes = std::int64_t{32} << 30;

// Version of Landlock's interface that this kernel has; 0: none.
int landlock_abi();

// Memory of the process's own (RLIMIT_DATA: heaps, stacks; not mapped files), beyond which
// allocation fails, and `new` ends the process with kExitNoMemory; 0: no limit. Files, open files,
// no core dumps, and first in line where the machine's memory ends. Errors: kIo.
Status limit_resources(std::int64_t data_mb, std::int64_t largest_file_bytes = kLargestFileBytes);

// From here on the process reads and writes nothing else, starts no program, and (ABI 4 and 6)
// connects nowhere and signals nobody outside. The system's libraries and what they ask about the
// machine stay readable. Gives the ABI of Landlock, 0 where the kernel has none. Errors: kIo;
// kInternal where the process has further threads, which would stay free.
Result<int> confine_files(const ReachableFiles& files);

// The path itself and, of a folder, what the links directly in it lead to: so a folder of links,
// such as models or pictures kept elsewhere, stays what it seems to be.
std::vector<std::filesystem::path> with_links(const std::filesystem::path& path);

// From here on only the system calls of system_calls.cc are left: what is never needed ends the
// process (SIGSYS), what is unknown fails. False where there are no filters.
Result<bool> confine_system_calls();

// "Landlock (ABI 7), seccomp"; names what is missing and why.
std::string to_string(const Confinement& confinement);

}  // namespace mien
