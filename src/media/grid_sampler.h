// Frames on a time grid: at each grid point k / rate the nearest decoded frame, each decoded frame
// at most once, with its true time. The rule stands in grid_points.h.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "media/grid_points.h"
#include "media/video_reader.h"

namespace mien {

struct GridFrame {
  std::int64_t grid_index = 0;  // k of the grid point k / rate_hz; a still has 0
  Frame frame;
};

class GridSampler {
 public:
  // 0 < rate_hz <= GridPoints::kMaxRateHz. The reader must outlive the sampler and be used by it
  // alone.
  GridSampler(VideoReader& reader, double rate_hz);

  // The next grid frame in order, or nullopt at the end. Only frames that are used are converted.
  // An error of the reader comes after the frames before it.
  Result<std::optional<GridFrame>> next();

 private:
  VideoReader& reader_;
  GridPoints points_;
  std::optional<std::int64_t> held_pts_us_;  // of the frame offered next
  bool started_ = false;
  std::optional<Error> error_;
};

}  // namespace mien
