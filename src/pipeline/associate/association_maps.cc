#include "pipeline/associate/association_maps.h"

#include <algorithm>
#include <future>
#include <list>
#include <mutex>

#include "pipeline/associate/associate_clock.h"
#include "pipeline/associate/association_file.h"
#include "pipeline/associate/association_metadata.h"
#include "pipeline/associate/association_pieces.h"
#include "pipeline/associate/association_rows.h"
#include "stats/parallel.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

// The first error of pieces of work.
Status first_error(std::vector<Status> statuses) {
  for (Status& status : statuses) {
    if (!status.ok()) return std::move(status);
  }
  return Ok{};
}

// Adds every group up and counts it; the sums of all groups, put aside.
Result<StoredSums> add_groups(const UnitedSums& sums, const fs::path& folder, int threads,
                              AssociationMapper& mapper) {
  MIEN_TRY(scratch, open_pieces(folder));
  StoredSums whole;
  whole.layout = sums.layout();
  whole.centres = sums.centres();
  whole.exclusions = sums.exclusions();
  whole.shape = shape_of(sums.layout(), sums.slots());
  whole.path = scratch->path();
  const std::size_t groups = whole.layout.groups.size();
  whole.groups.resize(groups);
  std::mutex appending;  // groups stand in the file in the order in which they were done
  std::vector<Status> statuses(groups, Status(Ok{}));
  for_each_piece(groups, threads, [&](std::size_t g) {
    statuses[g] = [&]() -> Status {
      MIEN_TRY(alone, sums.group(static_cast<std::uint32_t>(g)));
      mapper.count(g, alone, 0);
      for (AssociationBlock& block : alone.blocks) block.group = static_cast<std::uint32_t>(g);
      const std::scoped_lock lock(appending);
      MIEN_TRY(stored, store_group(alone.blocks, alone.presence, *scratch));
      whole.groups[g] = std::move(stored);
      return Ok{};
    }();
  });
  MIEN_TRY_VOID(first_error(std::move(statuses)));
  whole.scratch = std::move(scratch);
  return whole;
}

Result<AssociationMap> estimate_groups(const StoredSums& sums, AssociationMapper& mapper) {
  mapper.suppress();
  std::vector<Status> statuses(sums.groups.size(), Status(Ok{}));
  for_each_piece(sums.groups.size(), mapper.groups_at_once(), [&](std::size_t g) {
    statuses[g] = [&]() -> Status {
      MIEN_TRY(alone, sums_of_group(sums, g));
      mapper.estimate(g, alone, 0);
      return Ok{};
    }();
  });
  MIEN_TRY_VOID(first_error(std::move(statuses)));
  return mapper.finish();
}

// Sums of a source that the present maps do not have must not stay beside them.
void remove_other_sums(const fs::path& folder, const std::list<StoredSums>& sums) {
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    if (!is_association_file(entry.path())) continue;
    const bool is_present = std::any_of(sums.begin(), sums.end(), [&](const StoredSums& part) {
      return association_file_path(folder, part.layout.source) == entry.path();
    });
    if (!is_present) fs::remove(entry.path(), code);
  }
}

FileMetadata layout_metadata(const AssociationLayout& layout) {
  return {{"by", layout.by},
          {"contexts", layout.context_use},
          {"weights", layout.weight},
          {"covariates", joined(layout.covariates)},
          {"expressions", joined(layout.expressions)}};
}

}  // namespace

Result<AssociateSummary> write_maps(std::vector<UnitedSums> sums, const fs::path& folder,
                                    const MapOptions& options, const FileMetadata& origin,
                                    Database& database) {
  AssociateSummary summary;
  AssociateClock clock(summary.times);
  FileMetadata metadata = map_metadata(options);
  metadata.insert(origin.begin(), origin.end());
  FileMetadata of_layout = layout_metadata(sums.front().layout());
  of_layout.insert(metadata.begin(), metadata.end());
  MIEN_TRY_VOID(make_folders(folder));
  for (const char* file : {"maps.parquet", "excluded.parquet"})
    MIEN_TRY_VOID(clear_left_overs_of(folder / file));
  for (const UnitedSums& part : sums)
    MIEN_TRY_VOID(clear_left_overs_of(association_file_path(folder, part.layout().source)));
  std::list<StoredSums> whole;
  std::vector<AssociationMap> maps;
  std::vector<std::future<Status>> written;
  for (UnitedSums& part : sums) {
    AssociationMapper mapper(part.layout(), options);
    MIEN_TRY(added, add_groups(part, folder, options.threads, mapper));
    clock.finish("add");
    whole.push_back(std::move(added));
    // The disk is waited for while the maps are made.
    written.push_back(std::async(std::launch::async, [&folder, &metadata, &added = whole.back()] {
      return write_association_file(association_file_path(folder, added.layout.source), added,
                                    metadata);
    }));
    MIEN_TRY(map, estimate_groups(whole.back(), mapper));
    maps.push_back(std::move(map));
    clock.finish("estimate");
  }
  for (std::future<Status>& status : written) MIEN_TRY_VOID(status.get());
  remove_other_sums(folder, whole);
  sums.clear();  // and the room that the parts took beside the maps
  std::vector<MappedSource> sources;
  for (StoredSums& part : whole) {
    part.scratch.reset();
    sources.push_back({std::move(part.layout), std::move(part.exclusions), {}});
  }
  for (std::size_t i = 0; i < sources.size(); ++i) sources[i].map = std::move(maps[i]);
  clock.finish("write statistics");
  MIEN_TRY_VOID(database.write_stream(maps_schema(), map_rows(sources, options),
                                      folder / "maps.parquet", of_layout));
  MIEN_TRY_VOID(database.write_parquet(excluded_rows(sources, options.minimum),
                                       folder / "excluded.parquet", of_layout));
  clock.finish("write maps");
  for (MappedSource& source : sources) {
    SourceSummary& told = summary.sources.emplace_back();
    for (const GroupMap& group : source.map.groups) told.videos += group.videos;
    told.exclusions = shown_exclusions(source.exclusions, options.minimum);
    told.layout = std::move(source.layout);
    told.map = std::move(source.map);
  }
  return summary;
}

}  // namespace mien
