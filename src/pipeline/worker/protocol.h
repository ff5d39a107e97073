// What coordinator and workers say to each other: one JSON object a line.
//
//   coordinator -> worker   a WorkerSetup, what it may reach, then WorkerTasks, one after the
//                           other's last reply
//   worker -> coordinator   kReady once it is shut in; of a task any number of kAlive and kProgress
//                           and one kDone; or kError, and its end
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "media/media_info.h"
#include "pipeline/annotate/annotate_options.h"
#include "pipeline/annotate/video_job.h"
#include "pipeline/study/study.h"
#include "pipeline/worker/confinement.h"

namespace mien {

struct WorkerLimits {
  std::int64_t memory_mb = 4096;  // resident memory of its own; 0: no limit
  // Without a sign of life; and in all, see most_seconds(). 0: no limit.
  double timeout_s = 300;
};

struct WorkerSetup {
  AnnotateOptions options;
  StudySettings settings;  // as the study remembers them; a worker refuses other models
  std::filesystem::path study;
  std::filesystem::path manifest_folder;
  std::filesystem::path model_folder;
  std::vector<std::filesystem::path> extra_manifests;
  WorkerLimits limits;
  int threads = 1;  // the most that one task has
};

struct WorkerTask {
  StudyInput input;
  int threads = 1;
  bool tables = true;    // false: they are published already
  bool overlay = false;  // write the overlay video
  // Not kNone: the video is not opened but recorded as failed, for this reason and in these words.
  MediaReason given_up = MediaReason::kNone;
  std::string given_up_words;
  std::string clips;  // not empty: nothing but these is cut, a ClipTask as JSON (clip_task.h)
  // Not empty: nothing but features is read, a FeatureTask as JSON (feature_task.h).
  std::string features;
  // Not empty: nothing but the vectors of frames is read, into this file (visual_vectors.h).
  std::filesystem::path vectors;

  // Neither tables nor an overlay: what is asked for is read, and told where it cannot be.
  bool is_reading() const { return !clips.empty() || !features.empty() || !vectors.empty(); }
};

struct WorkerReply {
  enum class Kind { kProgress, kDone, kError, kReady, kAlive };
  Kind kind = Kind::kProgress;
  std::string video_id;
  VideoFacts facts;
  double position_s = 0;
  double duration_s = 0;                  // 0: unknown
  std::string error;                      // kError: the worker cannot go on
  ErrorCode code = ErrorCode::kInternal;  // and of what kind that is
  std::vector<StageTime> stages;          // kDone: time spent since the worker started
  std::string clips;  // kDone of a task with clips: a list of ClipRecord; empty: the worker died
  Confinement confinement;  // kReady
};

// Text that is not UTF-8 (of a message) is replaced, never refused.
std::string encode(const WorkerSetup& setup);
std::string encode(const ReachableFiles& files);
std::string encode(const WorkerTask& task);
std::string encode(const WorkerReply& reply);

// kCorrupt for anything that encode() would not write.
Result<WorkerSetup> decode_setup(const std::string& line);
Result<ReachableFiles> decode_reachable(const std::string& line);
Result<WorkerTask> decode_task(const std::string& line);
Result<WorkerReply> decode_reply(const std::string& line);

}  // namespace mien
