// Association sums that lie in a file: names, sizes and places are in memory, the sums of a group
// are read when they are wanted. The file is one of sums (association_file.h), or one where sums
// are put aside while an association runs (store/scratch_file.h).
//
// Errors: kCorrupt (it was damaged meanwhile), kBusy (somebody wrote it anew), kIo.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "base/result.h"
#include "pipeline/associate/sums_bytes.h"
#include "stats/association_sums.h"
#include "store/durable_file.h"
#include "store/scratch_file.h"

namespace mien {

struct StoredRange {
  std::uint64_t at = 0;
  std::uint64_t end = 0;
  std::string checksum;  // empty: the whole file's was checked
};

struct StoredGroup {
  StoredRange presence, blocks;
  std::uint64_t block_count = 0;
  std::vector<std::uint32_t> countries;  // that have blocks, ascending
};

struct StoredSums {
  AssociationLayout layout;
  std::vector<double> centres;
  Exclusions exclusions;
  SumsShape shape;
  std::vector<StoredGroup> groups;  // as in the layout; none at all: names without sums
  std::filesystem::path path;
  std::string stamp;                           // of a file that stays
  std::shared_ptr<const ScratchFile> scratch;  // else, what keeps it there

  std::uint64_t block_count() const;
};

// Puts sums aside at the end of a file.
Result<StoredSums> store_sums(const AssociationSums& sums, std::shared_ptr<ScratchFile> scratch);

// The same of one group.
Result<StoredGroup> store_group(std::span<const AssociationBlock> blocks,
                                std::span<const PresenceSums> presence, ScratchFile& scratch);

// A group's presence, by context, and its blocks one after the other. Any number of threads.
Result<std::vector<PresenceSums>> read_group(
    const StoredSums& sums, std::size_t group,
    const std::function<void(AssociationBlock&& block)>& visit);

// The layout with one of its groups alone.
AssociationLayout layout_of_group(const AssociationLayout& layout, std::size_t group);

// The sums of one group alone: the layout has no other.
Result<AssociationSums> sums_of_group(const StoredSums& sums, std::size_t group);

// The bytes of all presence, then of all blocks, as a file of sums holds them.
Status copy_sums(const StoredSums& sums, const ByteSink& sink);

}  // namespace mien
