#include "pipeline/associate/stored_sums.h"

#include <algorithm>

namespace mien {

namespace {

Error damaged(const std::filesystem::path& path) {
  return {ErrorCode::kCorrupt,
          path.string() +
              ": sums that were put aside do not hold any more; remedy: check that the disk is in "
              "order, then run the same command again"};
}

// Appends in pieces; what `put` gives for each of `entries`.
template <typename Entries, typename Put>
Result<StoredRange> append_range(const Entries& entries, const Put& put, ScratchFile& scratch) {
  StoredRange range;
  range.at = scratch.size();
  QuickChecksum checksum;
  std::string out;
  const auto hand_over = [&]() -> Status {
    checksum.add(out);
    MIEN_TRY_VOID(scratch.append(out));
    out.clear();
    return Ok{};
  };
  for (const auto& entry : entries) {
    put(out, entry);
    if (out.size() >= kSumsPieceBytes) MIEN_TRY_VOID(hand_over());
  }
  MIEN_TRY_VOID(hand_over());
  range.end = scratch.size();
  range.checksum = checksum.finish();
  return range;
}

Result<PlacedBytes> open_stored(const StoredSums& sums) {
  MIEN_TRY(file, PlacedBytes::open(sums.path));
  if (!sums.stamp.empty() && file.stamp() != sums.stamp) {
    return Error{ErrorCode::kBusy, sums.path.string() +
                                       ": it changed while it was read; remedy: run the same "
                                       "command again"};
  }
  return file;
}

// `take` reads a range to its end; false: it is not what it should be.
template <typename Take>
Status read_range(const StoredSums& sums, const PlacedBytes& file, const StoredRange& range,
                  const Take& take) {
  QuickChecksum checksum;
  SumsReader reader(file, range.at, range.end, range.checksum.empty() ? nullptr : &checksum);
  const bool holds = take(reader);
  if (!reader.status().ok()) return reader.status();
  const bool is_same = range.checksum.empty() || checksum.finish() == range.checksum;
  return holds && is_same && reader.is_done() ? Status(Ok{}) : Status(damaged(sums.path));
}

}  // namespace

std::uint64_t StoredSums::block_count() const {
  std::uint64_t count = 0;
  for (const StoredGroup& group : groups) count += group.block_count;
  return count;
}

Result<StoredGroup> store_group(std::span<const AssociationBlock> blocks,
                                std::span<const PresenceSums> presence, ScratchFile& scratch) {
  StoredGroup group;
  MIEN_TRY(present, append_range(presence, put_presence, scratch));
  MIEN_TRY(summed, append_range(blocks, put_block, scratch));
  group.presence = std::move(present);
  group.blocks = std::move(summed);
  group.block_count = blocks.size();
  for (const AssociationBlock& block : blocks) {
    if (group.countries.empty() || group.countries.back() != block.country) {
      group.countries.push_back(block.country);
    }
  }
  return group;
}

Result<StoredSums> store_sums(const AssociationSums& sums, std::shared_ptr<ScratchFile> scratch) {
  StoredSums stored;
  stored.layout = sums.layout;
  stored.centres = sums.centres;
  stored.exclusions = sums.exclusions;
  stored.shape = shape_of(sums.layout, sums.slots);
  stored.path = scratch->path();
  const std::size_t contexts = sums.layout.contexts.size();
  for (std::size_t g = 0; g < sums.layout.groups.size(); ++g) {
    MIEN_TRY(group,
             store_group(sums.blocks_of(g),
                         std::span(sums.presence).subspan(g * contexts, contexts), *scratch));
    stored.groups.push_back(std::move(group));
  }
  stored.scratch = std::move(scratch);
  return stored;
}

Result<std::vector<PresenceSums>> read_group(
    const StoredSums& sums, std::size_t group,
    const std::function<void(AssociationBlock&& block)>& visit) {
  const StoredGroup& stored = sums.groups[group];
  MIEN_TRY(file, open_stored(sums));
  std::vector<PresenceSums> presence;
  MIEN_TRY_VOID(read_range(sums, file, stored.presence, [&](SumsReader& reader) {
    for (std::size_t c = 0; c < sums.shape.contexts; ++c) {
      presence.emplace_back();
      if (!get_presence(reader, sums.shape, presence.back())) return false;
    }
    return true;
  }));
  MIEN_TRY_VOID(read_range(sums, file, stored.blocks, [&](SumsReader& reader) {
    for (std::uint64_t b = 0; b < stored.block_count; ++b) {
      AssociationBlock block;
      if (!get_block(reader, sums.shape, block) || block.group != group) return false;
      visit(std::move(block));
    }
    return true;
  }));
  return presence;
}

AssociationLayout layout_of_group(const AssociationLayout& layout, std::size_t group) {
  AssociationLayout alone = layout;
  alone.groups = {layout.groups[group]};
  alone.parents = {layout.parents[group]};
  return alone;
}

Result<AssociationSums> sums_of_group(const StoredSums& sums, std::size_t group) {
  AssociationSums alone;
  alone.layout = layout_of_group(sums.layout, group);
  alone.centres = sums.centres;
  alone.slots = {sums.shape.slots[group]};
  MIEN_TRY(presence, read_group(sums, group, [&](AssociationBlock&& block) {
             block.group = 0;
             alone.blocks.push_back(std::move(block));
           }));
  alone.presence = std::move(presence);
  return alone;
}

Status copy_sums(const StoredSums& sums, const ByteSink& sink) {
  MIEN_TRY(file, open_stored(sums));
  std::vector<char> piece;
  const auto copy = [&](const StoredRange& range) -> Status {
    QuickChecksum checksum;
    for (std::uint64_t at = range.at; at < range.end; at += piece.size()) {
      piece.resize(std::min<std::uint64_t>(range.end - at, kSumsPieceBytes));
      MIEN_TRY_VOID(file.read(at, piece));
      checksum.add({piece.data(), piece.size()});
      MIEN_TRY_VOID(sink({piece.data(), piece.size()}));
    }
    const bool holds = range.checksum.empty() || checksum.finish() == range.checksum;
    return holds ? Status(Ok{}) : Status(damaged(sums.path));
  };
  for (const StoredGroup& group : sums.groups) MIEN_TRY_VOID(copy(group.presence));
  for (const StoredGroup& group : sums.groups) MIEN_TRY_VOID(copy(group.blocks));
  return Ok{};
}

}  // namespace mien
