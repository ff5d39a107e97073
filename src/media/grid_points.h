// Which decoded frames a time grid uses, without any decoding.
//
// Grid point k lies at k / rate_hz seconds. The points that count are k = 0 and all that lie before
// the end of the last frame. Each takes the frame whose time is nearest (the earlier of two equally
// near); a frame that several points would take is used once, by the point nearest to it (the
// lower of two equally near). So a video slower than the grid gives each frame once, a faster one
// gives one frame a point, and one of variable rate gives what was shown nearest to each point.
#pragma once

#include <cstdint>
#include <optional>

namespace mien {

class GridPoints {
 public:
  static constexpr double kMaxRateHz = 1000;

  explicit GridPoints(double rate_hz);  // 0 < rate_hz <= kMaxRateHz

  // The frames are offered in order of strictly rising time, each with the time of the one after
  // it. Gives the grid index that the frame is used for, or nullopt where it is not used.
  std::optional<std::int64_t> offer(std::int64_t pts_us, std::int64_t following_pts_us);
  // The same for the last frame, with the time at which it ends.
  std::optional<std::int64_t> offer_last(std::int64_t pts_us, std::int64_t end_us);

 private:
  double point_us(std::int64_t k) const;
  std::optional<std::int64_t> take_until(std::int64_t last_index, std::int64_t pts_us);

  double rate_hz_;
  std::int64_t next_index_ = 0;
};

}  // namespace mien
