// Videos -> the vectors that a picture network gives for their frames, heads filled: what `mien
// train context-visual` learns from. Frames and filling are those of `mien annotate --contexts`;
// frames that heads mostly fill have no vector. Videos are read by confined workers
// (confinement.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/model_set.h"
#include "pipeline/annotate/engine_pool.h"
#include "pipeline/annotate/plan.h"
#include "pipeline/worker/protocol.h"

namespace mien {

struct VideoVectors {
  std::string reason;                       // why there are none; empty where there are
  std::vector<std::vector<float>> vectors;  // one a frame, in their order
};

struct VectorRequest {
  std::string network;            // id of the picture network
  std::filesystem::path program;  // that is started as workers (worker_pool.h)
  std::filesystem::path scratch;  // a folder for what they write; made here, and removed
  std::filesystem::path manifest_folder, model_folder;
  std::vector<std::filesystem::path> extra_manifests;
  WorkerLimits limits;
  int threads = 1;
  std::function<void(std::size_t done, std::size_t all)> progress;  // may be empty
};

// One a video, whose ids are all different. A video that cannot be read has its reason, one whose
// worker was ended too (worker_timeout...); one that breaks off has the vectors up to there.
// Errors: of models and disk; kCancelled after `stop`.
Result<std::vector<VideoVectors>> visual_vectors(const ModelSet& models,
                                                 const std::vector<StudyInput>& videos,
                                                 const VectorRequest& request,
                                                 const std::atomic<bool>& stop);

// In the worker: the vectors of a video, into `file`: their dimension, then they. Errors: of the
// video's file (its reason), of networks and disk.
Status store_vectors(const std::filesystem::path& video, const std::filesystem::path& file,
                     const AnnotateOptions& options, EnginePool& engines, int threads);

}  // namespace mien
