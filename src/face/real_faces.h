// For tests: the frame analyser with the real networks.
#pragma once

#include <vector>

#include "support/paths.h"

#include "face/frame_analyser.h"

namespace mien::testing {

inline FrameAnalyser open_analyser(const FaceOptions& options = {}) {
  const auto root = source_dir();
  return FrameAnalyser::open(ModelSet::open(root / "models", root / "build/models").value(),
                             options)
      .value();
}

inline std::vector<FaceObservation> faces_of(const Image& image) {
  static FrameAnalyser analyser = open_analyser();
  analyser.begin_chunk();
  return analyser.analyse(image.view(), 1, 0, 0).value().faces;
}

}  // namespace mien::testing
