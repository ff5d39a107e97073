// How much a worker may take of a machine for one video, and which files it may reach.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/worker/confinement.h"
#include "pipeline/worker/protocol.h"

namespace mien {

// Seconds that a video may take in all: `timeout_s`, and as much again for every
// kSecondsPerTimeout of its content. `content_s` is what the file declares or has given so far; a
// file's size bounds what it can declare (kLeastBytesPerSecond), so that a header alone buys no
// time. size_bytes <= 0: not known.
inline constexpr double kSecondsPerTimeout = 5;
inline constexpr double kLeastBytesPerSecond = 50;
double most_seconds(double timeout_s, double content_s, std::int64_t size_bytes);

// Memory beyond which allocation fails (RLIMIT_DATA): the watch over resident memory looks a few
// times a second and gives the better message; this stops what is quicker than that.
std::int64_t most_data_mb(std::int64_t memory_mb, int threads);

// What the tasks need: folders of their files (of links, where these lead; never of pipes, devices
// or what the kernel shows of processes), models, and the folders of the study that they write
// into. At most kMostFolders of files; of more, those that lie deepest are named by their parents.
inline constexpr std::size_t kMostFolders = 500;
ReachableFiles reachable_for(const WorkerSetup& setup, std::span<const WorkerTask> tasks);

}  // namespace mien
