// Videos -> the vectors that a picture network gives for their frames, heads filled: what `mien
// train context-visual` learns from. Frames and filling are those of `mien annotate --contexts`;
// frames that heads mostly fill have no vector.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/model_set.h"

namespace mien {

struct VideoVectors {
  std::string reason;                       // why there are none; empty where there are
  std::vector<std::vector<float>> vectors;  // one a frame, in their order
};

struct VectorRequest {
  std::string network;  // id of the picture network
  int threads = 1;
  std::function<void(std::size_t done, std::size_t all)> progress;  // may be empty
};

// One a path. A video that cannot be read has its reason; one that breaks off has the vectors up to
// there. Errors: of models.
Result<std::vector<VideoVectors>> visual_vectors(const ModelSet& models,
                                                 const std::vector<std::filesystem::path>& videos,
                                                 const VectorRequest& request);

}  // namespace mien
