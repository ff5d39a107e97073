#include "media/grid_sampler.h"

#include <cmath>
#include <utility>

namespace mien {

GridSampler::GridSampler(VideoReader& reader, double rate_hz) : reader_(reader), points_(rate_hz) {}

Result<std::optional<GridFrame>> GridSampler::next() {
  if (!std::exchange(started_, true)) {
    MIEN_TRY(first, reader_.next_pts_us());
    held_pts_us_ = first;
  }
  while (held_pts_us_.has_value()) {
    const std::int64_t here = *held_pts_us_;
    std::optional<std::int64_t> following;
    auto read = reader_.next_pts_us();
    if (read.ok()) {
      following = *read;
    } else {
      error_ = std::move(read).error();
    }
    held_pts_us_ = following;
    std::optional<std::int64_t> index;
    if (following.has_value()) {
      index = points_.offer(here, *following);
    } else {
      const double end_s = reader_.last_frame_end_s().value_or(0);
      index = points_.offer_last(here, std::llround(end_s * 1e6));
    }
    if (index.has_value()) {
      MIEN_TRY(frame,
               following.has_value() ? reader_.convert_previous() : reader_.convert_current());
      return std::optional<GridFrame>(GridFrame{*index, std::move(frame)});
    }
  }
  if (error_.has_value()) return *std::exchange(error_, std::nullopt);
  return std::optional<GridFrame>();
}

}  // namespace mien
