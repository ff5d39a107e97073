#include "stats/resampling.h"

#include <algorithm>
#include <map>

namespace mien {

std::vector<std::uint32_t> resampling_strata(std::span<const std::uint32_t> country) {
  constexpr std::size_t kLeastBlocks = 4;
  constexpr std::uint32_t kTogether = 0xffffffff;
  std::map<std::uint32_t, std::size_t> blocks;
  for (const std::uint32_t c : country) ++blocks[c];
  std::size_t together = 0;
  for (const auto& [c, count] : blocks) {
    if (count < kLeastBlocks) together += count;
  }
  std::uint32_t joined = kTogether;  // a country large enough that takes the others in
  if (together > 0 && together < kLeastBlocks) {
    std::size_t least = country.size() + 1;
    for (const auto& [c, count] : blocks) {
      if (count >= kLeastBlocks && count < least) {
        least = count;
        joined = c;
      }
    }
  }
  std::map<std::uint32_t, std::uint32_t> numbers;
  std::vector<std::uint32_t> strata;
  strata.reserve(country.size());
  for (const std::uint32_t c : country) {
    const std::uint32_t key = blocks[c] < kLeastBlocks ? joined : c;
    const auto next = static_cast<std::uint32_t>(numbers.size());
    strata.push_back(numbers.emplace(key, next).first->second);
  }
  return strata;
}

std::vector<double> bootstrap_weights(std::span<const std::uint32_t> strata, std::size_t sets,
                                      const Random& random) {
  std::vector<std::vector<std::size_t>> members;
  for (std::size_t b = 0; b < strata.size(); ++b) {
    if (strata[b] >= members.size()) members.resize(strata[b] + 1);
    members[strata[b]].push_back(b);
  }
  std::vector<double> weights(sets * strata.size(), 0.0);
  for (std::size_t set = 0; set < sets; ++set) {
    Random draws = random.fork(set);
    double* row = weights.data() + set * strata.size();
    for (const std::vector<std::size_t>& blocks : members) {
      const std::size_t m = blocks.size();
      if (m == 1) {
        row[blocks.front()] = 1.0;
        continue;
      }
      const double each = static_cast<double>(m) / static_cast<double>(m - 1);
      for (std::size_t i = 0; i + 1 < m; ++i) row[blocks[draws.below(m)]] += each;
    }
  }
  return weights;
}

std::vector<double> leave_one_out_weights(std::span<const std::uint32_t> unit_of_block,
                                          std::size_t units) {
  std::vector<double> weights(units * unit_of_block.size(), 1.0);
  for (std::size_t b = 0; b < unit_of_block.size(); ++b) {
    weights[unit_of_block[b] * unit_of_block.size() + b] = 0.0;
  }
  return weights;
}

}  // namespace mien
