#include "pipeline/study/near_duplicates.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "base/random.h"

namespace mien {
namespace {

FrameHashes random_hashes(Random& random) {
  FrameHashes hashes{};
  for (std::uint64_t& hash : hashes) hash = random.next_u64();
  return hashes;
}

// With `bits` different bits flipped in the first `frames` hashes, the others made anew.
FrameHashes copy_of(const FrameHashes& of, std::size_t frames, int bits, Random& random) {
  FrameHashes copy = random_hashes(random);
  for (std::size_t i = 0; i < frames; ++i) {
    copy[i] = of[i];
    std::set<std::uint64_t> flipped;
    while (flipped.size() < static_cast<std::size_t>(bits)) flipped.insert(random.below(64));
    for (const std::uint64_t bit : flipped) copy[i] ^= std::uint64_t{1} << bit;
  }
  return copy;
}

std::vector<std::uint32_t> clusters_of(const std::vector<FrameHashes>& hashes) {
  std::vector<std::uint32_t> positions(hashes.size());
  std::iota(positions.begin(), positions.end(), 0U);
  Clusters clusters(hashes.size());
  unite_near_duplicates(hashes, positions, clusters);
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < hashes.size(); ++i) result.push_back(clusters.of(i));
  return result;
}

TEST(NearDuplicates, NeedHalfOfTheFrames) {
  Random random(1);
  const FrameHashes one = random_hashes(random);
  EXPECT_TRUE(are_near_duplicates(one, copy_of(one, 4, kSameBits, random)));
  EXPECT_FALSE(are_near_duplicates(one, copy_of(one, 4, kSameBits + 1, random)));
  EXPECT_FALSE(are_near_duplicates(one, copy_of(one, 3, 0, random)));
  EXPECT_FALSE(are_near_duplicates(one, random_hashes(random)));
}

TEST(NearDuplicates, AreTheSameAsByComparingAllPairs) {
  Random random(2);
  std::vector<FrameHashes> hashes;
  for (int i = 0; i < 300; ++i) hashes.push_back(random_hashes(random));
  // Copies as they come: most frames there, a few bits in each.
  for (std::size_t i = 0; i < 150; ++i) {
    hashes.push_back(copy_of(hashes[i], 6 + i % 3, static_cast<int>(i % 4), random));
  }
  Clusters slow(hashes.size());
  for (std::uint32_t i = 0; i < hashes.size(); ++i) {
    for (std::uint32_t j = 0; j < i; ++j) {
      if (are_near_duplicates(hashes[i], hashes[j])) slow.unite(i, j);
    }
  }
  const std::vector<std::uint32_t> fast = clusters_of(hashes);
  for (std::uint32_t i = 0; i < hashes.size(); ++i) EXPECT_EQ(fast[i], slow.of(i)) << i;
  EXPECT_EQ(fast[300], 0U);
  EXPECT_EQ(fast[200], 200U);
}

TEST(NearDuplicates, MoreCopiesThanAreComparedAreOneCluster) {
  Random random(3);
  const FrameHashes one = random_hashes(random);
  std::vector<FrameHashes> hashes;
  for (std::size_t i = 0; i < 10 * kMostAlike; ++i) hashes.push_back(copy_of(one, 8, 1, random));
  for (const std::uint32_t cluster : clusters_of(hashes)) EXPECT_EQ(cluster, 0U);
}

TEST(NearDuplicates, NothingIsNoError) {
  EXPECT_TRUE(clusters_of({}).empty());
}

TEST(Clusters, AreCalledByTheirFirst) {
  Clusters clusters(6);
  clusters.unite(4, 2);
  clusters.unite(5, 4);
  clusters.unite(2, 1);
  for (const std::uint32_t i : {1U, 2U, 4U, 5U}) EXPECT_EQ(clusters.of(i), 1U);
  EXPECT_EQ(clusters.of(0), 0U);
  EXPECT_EQ(clusters.of(3), 3U);
}

}  // namespace
}  // namespace mien
