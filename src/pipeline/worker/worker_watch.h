// What a coordinator knows of a worker at a video: how long it has been silent, how long it has
// taken, what memory it holds; and what became of one that died.
#pragma once

#include <sys/types.h>

#include <optional>

#include "media/media_info.h"
#include "pipeline/worker/process.h"
#include "pipeline/worker/protocol.h"

namespace mien {

class WorkerWatch {
 public:
  // A task was handed out. Its clock starts with the first word of the worker about it: networks
  // may still be opening.
  void begin(const WorkerTask& task);
  void hear(const WorkerReply& reply);
  bool has_begun() const { return has_begun_; }

  // After `seconds` more have passed: why the worker is to be ended, with words; nullopt: it may go
  // on. Before it has begun only memory counts. Time in which it waited for a processor does not
  // count, so that an overloaded machine makes no video fail.
  std::optional<MediaError> check(const WorkerLimits& limits, pid_t worker, double seconds);
  double waited_s() const { return total_s_; }  // since begin() or the first word

 private:
  std::int64_t size_bytes_ = 0;
  bool has_begun_ = false;
  double silent_s_ = 0;
  double total_s_ = 0;
  double content_s_ = 0;
  double queued_s_ = 0;
};

// How long a process's first thread has been ready to run while others ran, in seconds; 0 where the
// kernel does not say.
double queued_seconds(pid_t process);

// Resident memory of a process's own and what of it is swapped out, in MB; 0 where there is none.
double own_memory_mb(pid_t process);

// Why a worker died that nobody ended, with words.
MediaError cause_of(const ProcessEnd& end);

}  // namespace mien
