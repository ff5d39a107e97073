// The container's timestamps -> presentation times that rise strictly from a first one >= 0.
#pragma once

#include <cstdint>
#include <optional>

namespace mien {

struct ClockOptions {
  std::int64_t nominal_interval_us = 40000;  // used where a frame carries no time of its own
  std::int64_t tick_us = 0;                  // resolution of the container's clock
  // Transport and program streams: times begin anywhere and may jump back when recordings are
  // joined. They start at `origin_us`, and after a jump back go on where they were.
  bool is_discontinuous = false;
  std::int64_t origin_us = 0;
};

// Constant memory. A first time below 0 moves all times up so that it is 0; a positive one stays.
class FrameClock {
 public:
  explicit FrameClock(const ClockOptions& options) : options_(options) {}

  // The next frame's time, from what the container gives for it (nullopt: nothing).
  std::int64_t stamp(std::optional<std::int64_t> container_us,
                     std::optional<std::int64_t> duration_us);

  bool variable_rate() const;
  std::optional<std::int64_t> last_end_us() const;

 private:
  ClockOptions options_;
  std::int64_t offset_us_ = 0;
  std::optional<std::int64_t> last_us_;
  std::optional<std::int64_t> last_duration_us_;
  bool last_was_given_ = false;
  std::int64_t shortest_us_ = 0;  // intervals between given times; 0: none yet
  std::int64_t longest_us_ = 0;
  std::int64_t last_interval_us_ = 0;
};

}  // namespace mien
