#include "media/grid_points.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace mien {

GridPoints::GridPoints(double rate_hz) : rate_hz_(rate_hz) {
  MIEN_CHECK(rate_hz > 0 && rate_hz <= kMaxRateHz, "the grid's rate is out of range");
}

double GridPoints::point_us(std::int64_t k) const {
  return static_cast<double>(k) * 1e6 / rate_hz_;
}

std::optional<std::int64_t> GridPoints::offer(std::int64_t pts_us, std::int64_t following_pts_us) {
  MIEN_CHECK(pts_us >= 0 && pts_us < following_pts_us, "frame times must rise");
  const auto here = static_cast<double>(pts_us);
  const auto following = static_cast<double>(following_pts_us);
  const auto is_mine = [&](std::int64_t k) {
    return point_us(k) - here <= following - point_us(k);
  };
  // A guess from the middle between the frames, made exact by the predicate itself.
  auto last = static_cast<std::int64_t>((here + following) / 2 * rate_hz_ / 1e6);
  while (is_mine(last + 1)) ++last;
  while (last >= 0 && !is_mine(last)) --last;
  return take_until(last, pts_us);
}

std::optional<std::int64_t> GridPoints::offer_last(std::int64_t pts_us, std::int64_t end_us) {
  const auto end = static_cast<double>(std::max(pts_us, end_us));
  auto last = static_cast<std::int64_t>(end * rate_hz_ / 1e6) + 1;
  while (last > 0 && point_us(last) >= end) --last;
  return take_until(last, pts_us);
}

std::optional<std::int64_t> GridPoints::take_until(std::int64_t last_index, std::int64_t pts_us) {
  if (last_index < next_index_) return std::nullopt;
  const auto here = static_cast<double>(pts_us);
  std::int64_t nearest =
      std::clamp(static_cast<std::int64_t>(here * rate_hz_ / 1e6), next_index_, last_index);
  const auto distance = [&](std::int64_t k) { return std::abs(point_us(k) - here); };
  while (nearest < last_index && distance(nearest + 1) < distance(nearest)) ++nearest;
  while (nearest > next_index_ && distance(nearest - 1) <= distance(nearest)) --nearest;
  next_index_ = last_index + 1;
  return nearest;
}

}  // namespace mien
