// Frames on a time grid: at each grid point k / rate the nearest decoded frame, each decoded frame
// at most once, with its true time.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "media/video_reader.h"

namespace mien {

struct GridFrame {
  std::int64_t grid_index = 0;  // k of the grid point k / rate_hz; a still has 0
  Frame frame;
};

class GridSampler {
 public:
  // rate_hz > 0. The reader must outlive the sampler and be used by it alone.
  GridSampler(VideoReader& reader, double rate_hz);

  // The next grid frame in order, or nullopt at the end. Only frames that are used are converted.
  Result<std::optional<GridFrame>> next();

 private:
  VideoReader& reader_;
  double rate_hz_;
  std::int64_t next_index_ = 0;
  std::optional<std::int64_t> pending_pts_us_;
  bool ended_ = false;
};

}  // namespace mien
