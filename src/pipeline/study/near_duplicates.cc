#include "pipeline/study/near_duplicates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace mien {

namespace {

constexpr std::array<std::pair<int, int>, 6> kQuarterPairs{
    {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}};
constexpr std::uint64_t kQuarter = 0xffff;

struct Keyed {
  std::uint32_t key;
  std::uint32_t index;
};

std::uint32_t key_of(std::uint64_t hash, std::pair<int, int> quarters) {
  const std::uint64_t high = hash >> (16 * quarters.first) & kQuarter;
  const std::uint64_t low = hash >> (16 * quarters.second) & kQuarter;
  return static_cast<std::uint32_t>(high << 16 | low);
}

}  // namespace

bool are_near_duplicates(const FrameHashes& a, const FrameHashes& b) {
  int same = 0;
  for (std::size_t i = 0; i < kHashedFrames; ++i) {
    same += std::popcount(a[i] ^ b[i]) <= kSameBits ? 1 : 0;
  }
  return same >= kSameFrames;
}

Clusters::Clusters(std::size_t count) : parent_(count) {
  std::iota(parent_.begin(), parent_.end(), 0U);
}

std::uint32_t Clusters::of(std::uint32_t position) {
  while (parent_[position] != position) {
    parent_[position] = parent_[parent_[position]];
    position = parent_[position];
  }
  return position;
}

void Clusters::unite(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t first = of(a);
  const std::uint32_t second = of(b);
  parent_[std::max(first, second)] = std::min(first, second);
}

void unite_near_duplicates(std::span<const FrameHashes> hashes,
                           std::span<const std::uint32_t> positions, Clusters& clusters) {
  MIEN_CHECK(hashes.size() == positions.size(), "a position for every video");
  std::vector<Keyed> keyed(hashes.size());
  for (std::size_t frame = 0; frame < kHashedFrames; ++frame) {
    for (const auto& quarters : kQuarterPairs) {
      for (std::uint32_t i = 0; i < keyed.size(); ++i) {
        keyed[i] = {key_of(hashes[i][frame], quarters), i};
      }
      std::ranges::sort(keyed, [&](const Keyed& a, const Keyed& b) {
        if (a.key != b.key) return a.key < b.key;
        const std::uint64_t left = hashes[a.index][frame];
        const std::uint64_t right = hashes[b.index][frame];
        return left != right ? left < right : a.index < b.index;
      });
      for (std::size_t i = 0; i < keyed.size(); ++i) {
        const std::size_t end = std::min(keyed.size(), i + 1 + kMostAlike);
        for (std::size_t j = i + 1; j < end && keyed[j].key == keyed[i].key; ++j) {
          const std::uint32_t a = positions[keyed[i].index];
          const std::uint32_t b = positions[keyed[j].index];
          if (clusters.of(a) == clusters.of(b)) continue;
          if (are_near_duplicates(hashes[keyed[i].index], hashes[keyed[j].index])) {
            clusters.unite(a, b);
          }
        }
      }
    }
  }
}

}  // namespace mien
