// The main job: videos -> the tables of a study. A coordinator that plans, hands videos to worker
// processes, and alone publishes shards; it resumes where an earlier run stopped.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/annotate_options.h"
#include "pipeline/study/duplicates.h"
#include "pipeline/study/progress.h"
#include "pipeline/worker/confinement.h"
#include "pipeline/worker/protocol.h"

namespace mien {

struct AnnotateRequest {
  std::vector<std::filesystem::path> inputs;  // none: the videos of the study's plan
  std::vector<std::int64_t> shards;           // without inputs: of these shards alone
  std::filesystem::path study;
  AnnotateOptions options;
  int threads = 1;
  int shard_videos = 64;
  bool redo = false;
  bool retry_failed = false;  // videos that failed in an earlier run are tried again
  bool overlay = false;
  WorkerLimits limits;  // of each worker
  std::filesystem::path manifest_folder;
  std::filesystem::path model_folder;
  std::vector<std::filesystem::path> extra_manifests;
  Progress::Style progress_style = Progress::Style::kNone;
  Progress::Write write_progress;
};

struct VideoFailure {
  std::string video_id;
  std::string status;  // partial or failed
  std::string reason;
  std::string message;
};

struct AnnotateSummary {
  std::int64_t videos = 0;        // of this command, and those that share a shard with them
  std::int64_t already_done = 0;  // complete before it began
  std::int64_t ok = 0;            // with those that were complete before; so the next two
  std::int64_t partial = 0;
  std::int64_t failed = 0;
  std::int64_t forgotten = 0;        // named, but forgotten by the study, and passed over
  std::int64_t not_done = 0;         // left over because somebody asked to stop
  std::int64_t frames_analysed = 0;  // by this command; so the rest
  std::int64_t faces = 0;            // tracks
  double face_seconds = 0;
  double seconds = 0;
  DuplicateSummary duplicates;             // of the whole study
  std::vector<VideoFailure> failures;      // the first 100
  std::vector<std::string> problems;       // what did not hold on disk and was done again, in words
  std::vector<StageTime> stages;           // summed over workers; "decode" first
  std::optional<Confinement> confinement;  // of the workers; nullopt: there was nothing to do
};

// Videos that cannot be decoded are data, not errors. A worker that dies or goes beyond its limits
// takes only its video with it: tried once more, then recorded as failed (worker_crashed,
// worker_timeout, worker_memory, worker_denied), and not tried again but for retry_failed. Once
// `stop` is true the running videos are given up, what is complete is published, and the summary
// counts the rest as not done.
//
// Without inputs the plan stays as it is. With `shards`, any number of processes on any number of
// machines may be at the same study at once, at other shards or the same (see Study::open_shards),
// and what is told of the study as a whole (duplicates.parquet) is left to a run without.
Result<AnnotateSummary> annotate(const AnnotateRequest& request, const std::atomic<bool>& stop);

}  // namespace mien
