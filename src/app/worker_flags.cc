#include "app/worker_flags.h"

namespace mien {

void add_worker_flags(CLI::App* verb, WorkerLimits& limits) {
  verb->add_option("--worker-memory", limits.memory_mb,
                   "Memory (MB) that a worker process may hold; a video that takes more fails; 0: "
                   "no limit")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str()
      ->group("Worker processes");
  verb->add_option("--video-timeout", limits.timeout_s,
                   "Seconds without a sign of life, and for every 5 s of a video in all, after "
                   "which it fails; 0: no limit")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str()
      ->group("Worker processes");
}

}  // namespace mien
