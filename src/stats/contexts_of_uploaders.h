// Which uploaders have a context, and which lack it in some video, from what each uploader has in a
// block of videos. For the .cc files of this room.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stats/association_sums.h"

namespace mien {

// Uploaders of some blocks, an uploader of several blocks once for each, and the contexts that each
// has in some video of the block.
struct ContextsOfUploaders {
  // Of a context: the uploader has it in every video of the block.
  static constexpr std::uint32_t kInAll = 0x80000000;

  std::vector<std::uint64_t> hashes;
  std::vector<std::size_t> ends;  // an uploader: the end of its contexts
  std::vector<std::uint32_t> contexts;
};

// Fills the sketches in a group's presence (one a context), from all its blocks in any order. Where
// `videos` is 0 they stay empty.
void sketch_uploaders(const std::vector<ContextsOfUploaders>& parts,
                      std::span<PresenceSums> presence);

}  // namespace mien
