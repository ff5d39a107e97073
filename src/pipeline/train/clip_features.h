// The features of faces' clips: a video's file is read again by the code that annotates it, so that
// a row is what `annotate` would read from that frame.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/engine_pool.h"
#include "pipeline/train/rated_clips.h"

namespace mien {

struct ClipRows {
  std::vector<float> rows;  // whole rows, one a scored frame of the clip's track, in time order
};

// One answer a clip of `clips`, which are all of `video`. Chunks are those of the time grid, each
// begun with a full detection; chunks before the last clip's end are passed over where no clip
// reaches into them and the clips' tracks are alone (RatedVideo::has_company). There the clip's
// face is the track with the most scored frames in the clip; else tracks are the study's by their
// numbers. A clip without a scored frame has no row. One thread. Errors: those of the file
// (base/result.h) and of the networks; kCancelled once `stop` is true.
Result<std::vector<ClipRows>> clip_features(const RatedVideo& video,
                                            std::span<const RatedClip> clips,
                                            const AnnotateOptions& options, EnginePool& engines,
                                            const std::atomic<bool>& stop);

}  // namespace mien
