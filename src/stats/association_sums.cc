#include "stats/association_sums.h"

#include <algorithm>
#include <bit>

namespace mien {

std::span<const AssociationBlock> AssociationSums::blocks_of(std::size_t group) const {
  const auto first = std::lower_bound(
      blocks.begin(), blocks.end(), group,
      [](const AssociationBlock& block, std::size_t value) { return block.group < value; });
  const auto last = std::upper_bound(
      first, blocks.end(), group,
      [](std::size_t value, const AssociationBlock& block) { return value < block.group; });
  return {first, last};
}

std::uint32_t slots_for(std::size_t countries) {
  constexpr std::size_t kBlocksPerGroup = 128;
  constexpr std::size_t kLeastSlots = 16;
  if (countries <= 1) return kBlocksPerGroup;
  const std::size_t wanted = (kBlocksPerGroup + countries - 1) / countries;
  return static_cast<std::uint32_t>(std::bit_ceil(std::max(wanted, kLeastSlots)));
}

std::uint64_t uploader_hash(std::string_view uploader) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : uploader) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

void ExcludedVideos::add_uploader(std::uint64_t hash) {
  unite_uploaders(uploaders, {&hash, 1});
}

void ExcludedVideos::add(const ExcludedVideos& other) {
  videos += other.videos;
  unite_uploaders(uploaders, other.uploaders);
}

void add_exclusions(const Exclusions& from, Exclusions& into) {
  for (const auto& [key, excluded] : from) into[key].add(excluded);
}

}  // namespace mien
