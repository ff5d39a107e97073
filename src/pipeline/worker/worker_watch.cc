#include "pipeline/worker/worker_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>
#include <utility>

#include "pipeline/worker/confinement.h"
#include "pipeline/worker/worker_limits.h"

namespace mien {

void WorkerWatch::begin(const WorkerTask& task) {
  *this = WorkerWatch();
  size_bytes_ = task.input.size_bytes;
}

void WorkerWatch::hear(const WorkerReply& reply) {
  silent_s_ = 0;
  content_s_ = std::max({content_s_, reply.position_s, reply.duration_s});
  if (!has_begun_) total_s_ = 0;
  has_begun_ = true;
}

std::optional<MediaError> WorkerWatch::check(const WorkerLimits& limits, pid_t worker,
                                             double seconds) {
  const double queued_s = queued_seconds(worker);
  seconds = std::max(0.0, seconds - std::max(0.0, queued_s - std::exchange(queued_s_, queued_s)));
  silent_s_ += seconds;
  total_s_ += seconds;
  const double memory_mb = limits.memory_mb > 0 ? own_memory_mb(worker) : 0;
  if (memory_mb > static_cast<double>(limits.memory_mb)) {
    return MediaError{MediaReason::kWorkerMemory,
                      fmt::format("held {:.0f} MB, more than the {} MB of --worker-memory",
                                  memory_mb, limits.memory_mb)};
  }
  if (!has_begun_ || limits.timeout_s <= 0) return std::nullopt;
  if (silent_s_ > limits.timeout_s) {
    return MediaError{
        MediaReason::kWorkerTimeout,
        fmt::format("gave no sign of life for {:.0f} s (--video-timeout)", limits.timeout_s)};
  }
  const double most_s = most_seconds(limits.timeout_s, content_s_, size_bytes_);
  if (total_s_ > most_s) {
    return MediaError{MediaReason::kWorkerTimeout,
                      fmt::format("took more than {:.0f} s, which --video-timeout {:.0f} allows "
                                  "for its length",
                                  most_s, limits.timeout_s)};
  }
  return std::nullopt;
}

double queued_seconds(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/schedstat");
  double ran_ns = 0;
  double queued_ns = 0;
  stat >> ran_ns >> queued_ns;
  return queued_ns * 1e-9;
}

double own_memory_mb(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  double kilobytes = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:") || line.starts_with("RssShmem:") ||
        line.starts_with("VmSwap:")) {
      kilobytes += std::strtod(line.c_str() + line.find(':') + 1, nullptr);
    }
  }
  return kilobytes / 1024;
}

MediaError cause_of(const ProcessEnd& end) {
  if (end.exit_status == kExitNoMemory) {
    return {MediaReason::kWorkerMemory, "asked for more memory than --worker-memory leaves it"};
  }
  switch (end.signal) {
    case SIGSYS:
      return {MediaReason::kWorkerDenied,
              "made a system call that decoding never makes (killed by signal 31)"};
    case SIGXFSZ:
      return {MediaReason::kWorkerDenied,
              fmt::format("wrote a file of more than {} GB", kLargestFileBytes >> 30)};
    case SIGXCPU:
      return {MediaReason::kWorkerTimeout,
              "took more processor time than --video-timeout allows for a file of its size"};
    default:
      return {MediaReason::kWorkerCrashed, "died (" + end.words() + ")"};
  }
}

}  // namespace mien
