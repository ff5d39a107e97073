// When the windows of a track begin and end; integers only, so that no rounding can move a
// boundary.
//
// A track lasts T = last time - first time + one grid step, in whole microseconds. It has
// n = ceil(T / longest) windows; window k is [first + floor(k T / n), first + floor((k + 1) T /
// n)). So windows of one track differ by at most a microsecond, none is longer than `longest`, and
// with longest >= 2 shortest only a track under `shortest` has windows under `shortest`.
#pragma once

#include <cstdint>

namespace mien {

class WindowSpan {
 public:
  // last_us >= first_us; step_us > 0; longest_us > 0.
  WindowSpan(std::int64_t first_us, std::int64_t last_us, std::int64_t step_us,
             std::int64_t longest_us);

  std::int64_t count() const { return count_; }
  std::int64_t duration_us() const { return duration_us_; }  // T
  std::int64_t begin_us(std::int64_t window) const;          // of window `count()`: the track's end
  // The window that holds a time in [first, first + T).
  std::int64_t window_at(std::int64_t time_us) const;

 private:
  std::int64_t first_us_;
  std::int64_t duration_us_;
  std::int64_t count_;
};

}  // namespace mien
