// How many ratings each clip has or is about to get, and which clip needs one most.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/random.h"

namespace mien {

// Clips lie in a bucket for each count, so that finding one with fewest is quick however many there
// are.
class ClipCounts {
 public:
  ClipCounts(std::size_t clips, std::size_t target);

  void never(std::uint32_t clip);  // this clip is not given out here
  void change(std::uint32_t clip, int by);
  std::size_t count(std::uint32_t clip) const { return count_[clip]; }
  std::size_t target() const { return target_; }

  // One with fewest below the target that is not among `seen`; which of them is chance.
  std::optional<std::uint32_t> fewest(const std::unordered_set<std::uint32_t>& seen,
                                      Random& random) const;

 private:
  void put(std::uint32_t clip);
  void take(std::uint32_t clip);

  std::size_t target_;
  std::vector<std::uint32_t> count_, place_;
  std::vector<bool> never_;
  std::vector<std::vector<std::uint32_t>> bucket_;  // by count below the target
};

}  // namespace mien
