// Which of millions of videos show the same pictures, by their frame hashes.
//
// Two videos are near-duplicates where at least kSameFrames of their 8 hashes, each against the one
// chosen by the same pattern, differ in at most kSameBits of 64 bits. Clusters are what such pairs
// connect (single linkage).
//
// Pairs are looked for where two of four quarters of one hash agree exactly: a table of 6 x 8 keys
// of 32 bits a video, sorted one key at a time (multi-index hashing: Norouzi, Punjani and Fleet
// 2012, "Fast search in Hamming space with multi-index hashing", with pairs of quarters): 2 bits
// touch 2 quarters at most, so that no pair is missed. Only where more than kMostAlike videos share
// a key is each held against as many of its neighbours in the order of the whole hash. So the work
// is bounded by videos x 48 x kMostAlike comparisons, and memory is 12 bytes a video beside the
// hashes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "face/frame_hash.h"

namespace mien {

// Chosen on copies of real clips against other clips of the same people: docs/ingest.md.
inline constexpr int kSameBits = 2;
inline constexpr int kSameFrames = 4;
inline constexpr std::size_t kMostAlike = 32;

bool are_near_duplicates(const FrameHashes& a, const FrameHashes& b);

// Sets of positions, united one pair at a time; a set is called by its smallest position.
class Clusters {
 public:
  explicit Clusters(std::size_t count);
  void unite(std::uint32_t a, std::uint32_t b);
  std::uint32_t of(std::uint32_t position);

 private:
  std::vector<std::uint32_t> parent_;
};

// Unites the near-duplicates among videos; hashes[i] belongs to position[i].
void unite_near_duplicates(std::span<const FrameHashes> hashes,
                           std::span<const std::uint32_t> positions, Clusters& clusters);

}  // namespace mien
