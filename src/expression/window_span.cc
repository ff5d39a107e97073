#include "expression/window_span.h"

#include "base/check.h"

namespace mien {

WindowSpan::WindowSpan(std::int64_t first_us, std::int64_t last_us, std::int64_t step_us,
                       std::int64_t longest_us)
    : first_us_(first_us),
      duration_us_(last_us - first_us + step_us),
      count_((duration_us_ + longest_us - 1) / longest_us) {
  MIEN_CHECK(last_us >= first_us && step_us > 0 && longest_us > 0, "a track has a duration");
}

std::int64_t WindowSpan::begin_us(std::int64_t window) const {
  MIEN_CHECK(window >= 0 && window <= count_, "no such window");
  // k T / n without the product, which could pass 64 bits; good for n up to 3 * 10^9.
  const std::int64_t whole = duration_us_ / count_;
  const std::int64_t rest = duration_us_ % count_;
  return first_us_ + window * whole + window * rest / count_;
}

std::int64_t WindowSpan::window_at(std::int64_t time_us) const {
  MIEN_CHECK(time_us >= first_us_ && time_us < first_us_ + duration_us_, "outside the track");
  // At or right after the quotient, since boundaries are rounded down by less than a microsecond.
  std::int64_t window = (time_us - first_us_) / (duration_us_ / count_ + 1);
  while (begin_us(window + 1) <= time_us) ++window;
  return window;
}

}  // namespace mien
