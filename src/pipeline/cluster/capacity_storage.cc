#include "pipeline/cluster/capacity_storage.h"

#include <algorithm>

#include "store/durable_file.h"

namespace mien {

namespace {

constexpr const char* kManifest = "manifest";

struct StoredTable {
  double rows = 0;
  double bytes = 0;
};

// The manifest too, which has a row a video.
std::map<std::string, StoredTable> stored_tables(const MeasuredShard& shard) {
  std::map<std::string, StoredTable> tables;
  for (const ShardFile& file : shard.manifest.files) {
    tables[file.table].rows += static_cast<double>(file.rows);
    tables[file.table].bytes += static_cast<double>(file.size_bytes);
  }
  tables[kManifest] = {static_cast<double>(shard.manifest.videos.size()),
                       static_cast<double>(encode(shard.manifest).size())};
  return tables;
}

// The line through two measured sizes, in rows; where they do not differ, or a larger file is the
// smaller one, everything goes by rows.
TableCost line_through(const StoredTable& small, const StoredTable& large) {
  TableCost cost;
  const double rows = large.rows - small.rows;
  const double bytes = large.bytes - small.bytes;
  if (rows > 0 && bytes > 0) {
    cost.row_bytes = std::min(bytes / rows, large.bytes / large.rows);
  } else if (large.rows > 0) {
    cost.row_bytes = large.bytes / large.rows;
  }
  cost.file_bytes = large.bytes - large.rows * cost.row_bytes;
  return cost;
}

RowCount of_all(const std::vector<RowCount>& counts) {
  RowCount all;
  for (const RowCount& count : counts) {
    all.videos += count.videos;
    all.seconds += count.seconds;
    all.rows += count.rows;
  }
  return all;
}

// Of tables with a row for every video whatever it shows, that.
RowRates row_rates(const std::vector<RowCount>& counts) {
  const RowCount all = of_all(counts);
  return all.rows == all.videos ? RowRates{1, 0} : fit_row_rates(counts);
}

}  // namespace

Result<MeasuredShard> read_measured_shard(Database& database, const std::filesystem::path& folder) {
  MIEN_TRY(text, read_whole_file(folder / "manifest.json"));
  auto manifest = decode_shard_manifest(text);
  if (!manifest.ok()) return std::move(manifest).error().with_context(folder.string());
  MIEN_TRY(lasts, database.query("SELECT coalesce(sum(duration_s), 0)::DOUBLE AS s FROM " +
                                 sql_read_parquet(manifest->files_of(folder, "media")) +
                                 " WHERE status = 'ok'"));
  return MeasuredShard{folder, *std::move(manifest), lasts.column("s").doubles()[0]};
}

Result<std::map<std::string, TableCost>> table_costs(Database& database,
                                                     const StudySettings& settings,
                                                     const std::vector<MeasuredShard>& shards,
                                                     const MeasuredShard& empty,
                                                     const std::filesystem::path& folder) {
  std::vector<ShardSource> sources;
  for (const MeasuredShard& shard : shards) {
    for (const ShardVideo& video : shard.manifest.videos) {
      sources.push_back({shard.folder, &shard.manifest, video.video_id});
    }
  }
  MIEN_TRY_VOID(publish_shard(database, folder, settings, sources));
  MIEN_TRY(joined, read_measured_shard(database, folder));

  std::map<std::string, std::vector<RowCount>> counts;
  std::map<std::string, std::vector<StoredTable>> single;
  const std::map<std::string, StoredTable> whole = stored_tables(joined);
  for (const MeasuredShard& shard : shards) {
    const auto videos = static_cast<double>(shard.manifest.videos.size());
    std::map<std::string, StoredTable> own = stored_tables(shard);
    for (const auto& [name, table] : whole) {
      if (shard.seconds > 0) counts[name].push_back({videos, shard.seconds, own[name].rows});
      if (own[name].bytes > 0) single[name].push_back(own[name]);
    }
  }
  std::map<std::string, StoredTable> small = stored_tables(empty);
  for (const auto& [name, tables] : single) {
    if (tables.size() < 2) continue;
    StoredTable mean;
    for (const StoredTable& table : tables) {
      mean.rows += table.rows / static_cast<double>(tables.size());
      mean.bytes += table.bytes / static_cast<double>(tables.size());
    }
    small[name] = mean;
  }
  std::map<std::string, TableCost> costs;
  for (const auto& [name, table] : whole) {
    TableCost cost = line_through(small[name], table);
    const RowRates rates = row_rates(counts[name]);
    cost.rows_a_video = rates.a_video;
    cost.rows_a_second = rates.a_second;
    costs[name] = cost;
  }
  return costs;
}

}  // namespace mien
