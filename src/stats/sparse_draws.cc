#include "stats/sparse_draws.h"

#include "base/check.h"

namespace mien {

namespace {

constexpr int kLists = 24;  // caps 1, 1/2, 1/4 ...; all below 2^-23 share the last

}  // namespace

SparseDraws::SparseDraws(std::span<const double> caps) {
  MIEN_CHECK(caps.size() <= 65536, "events are counted in 16 bits");
  for (int level = 0; level < kLists; ++level) {
    const double most = std::ldexp(1.0, -level);
    const double least = level + 1 < kLists ? most / 2 : 0.0;  // not itself
    const std::size_t begin = events_.size();
    for (std::size_t i = 0; i < caps.size(); ++i) {
      MIEN_CHECK(caps[i] >= 0 && caps[i] <= 1, "a probability");
      if (caps[i] > least && caps[i] <= most) events_.push_back(static_cast<std::uint16_t>(i));
    }
    if (events_.size() == begin) continue;
    lists_.push_back({most, level == 0 ? 0.0 : std::log1p(-most), begin, events_.size()});
  }
}

}  // namespace mien
