#include "media/frame_clock.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace mien {

namespace {

// A time further from 0 than ten years is damage, not a time.
constexpr std::int64_t kMaxTimeUs = std::int64_t{10} * 366 * 86400 * 1000000;

constexpr std::int64_t kMaxNominalUs = std::int64_t{3600} * 1000000;

}  // namespace

std::int64_t FrameClock::stamp(std::optional<std::int64_t> container_us,
                               std::optional<std::int64_t> duration_us) {
  if (container_us.has_value() && (*container_us > kMaxTimeUs || *container_us < -kMaxTimeUs)) {
    container_us.reset();
  }
  const std::int64_t nominal =
      std::clamp<std::int64_t>(options_.nominal_interval_us, 1, kMaxNominalUs);
  std::int64_t time_us = 0;
  bool is_given = container_us.has_value();
  if (!last_us_.has_value()) {
    if (is_given) {
      if (options_.is_discontinuous && std::abs(options_.origin_us) <= kMaxTimeUs)
        offset_us_ = -options_.origin_us;
      if (*container_us + offset_us_ < 0) offset_us_ = -*container_us;
      time_us = *container_us + offset_us_;
    }
  } else {
    const std::int64_t expected = *last_us_ + nominal;
    if (is_given && options_.is_discontinuous && *container_us + offset_us_ <= *last_us_) {
      offset_us_ = expected - *container_us;
      is_given = false;  // the interval before it was not measured
      time_us = expected;
    } else if (is_given && *container_us + offset_us_ > *last_us_ &&
               *container_us + offset_us_ <= 2 * kMaxTimeUs) {
      time_us = *container_us + offset_us_;
    } else {
      is_given = false;
      time_us = expected;
    }
    if (is_given && last_was_given_) {
      const std::int64_t interval = time_us - *last_us_;
      shortest_us_ = shortest_us_ == 0 ? interval : std::min(shortest_us_, interval);
      longest_us_ = std::max(longest_us_, interval);
    }
    last_interval_us_ = time_us - *last_us_;
  }
  last_us_ = time_us;
  last_was_given_ = is_given;
  last_duration_us_ = duration_us.has_value() && *duration_us > 0 && *duration_us <= kMaxTimeUs
                          ? duration_us
                          : std::nullopt;
  return time_us;
}

bool FrameClock::variable_rate() const {
  return shortest_us_ > 0 &&
         longest_us_ - shortest_us_ >
             shortest_us_ / 10 + 2 * std::max<std::int64_t>(1, options_.tick_us);
}

std::optional<std::int64_t> FrameClock::last_end_us() const {
  if (!last_us_.has_value()) return std::nullopt;
  if (last_duration_us_.has_value()) return *last_us_ + *last_duration_us_;
  return *last_us_ + (last_interval_us_ > 0 ? last_interval_us_ : options_.nominal_interval_us);
}

}  // namespace mien
