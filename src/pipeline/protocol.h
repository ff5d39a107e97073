// What coordinator and workers say to each other: one JSON object a line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate_options.h"
#include "pipeline/study.h"
#include "pipeline/video_job.h"

namespace mien {

struct WorkerSetup {
  AnnotateOptions options;
  std::filesystem::path study;
  std::filesystem::path manifest_folder;
  std::filesystem::path model_folder;
  std::vector<std::filesystem::path> extra_manifests;
};

struct WorkerTask {
  StudyInput input;
  int threads = 1;
};

struct WorkerReply {
  enum class Kind { kProgress, kDone, kError };
  Kind kind = Kind::kProgress;
  std::string video_id;
  VideoFacts facts;
  double position_s = 0;
  double duration_s = 0;
  std::string error;              // kError: the worker cannot go on
  std::vector<StageTime> stages;  // kDone: time spent since the worker started
};

std::string encode(const WorkerSetup& setup);
std::string encode(const WorkerTask& task);
std::string encode(const WorkerReply& reply);
Result<WorkerSetup> decode_setup(const std::string& line);
Result<WorkerTask> decode_task(const std::string& line);
Result<WorkerReply> decode_reply(const std::string& line);

}  // namespace mien
