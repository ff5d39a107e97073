// What `mien ingest` is told: which columns of the list are which, and how to balance the corpus.
// Given by flags or by the table [ingest] of study.toml; flags outweigh the file.
//
//   [ingest]
//   list = "videos.csv"          # relative to study.toml
//   regions = "regions.csv"
//   per_region = 100000
//   per_country = 20000
//   per_uploader = 20
//   seed = 1
//   [ingest.columns]             # corpus column = column of the list
//   video_id = "id"
//   country = "geo"
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct IngestOptions {
  std::filesystem::path list;
  std::filesystem::path regions;               // empty: data/regions.csv
  std::map<std::string, std::string> columns;  // corpus column -> column of the list
  std::int64_t per_region = 0;                 // 0: all
  std::int64_t per_country = 0;
  std::int64_t per_uploader = 0;
  std::uint64_t seed = 0;
};

// kUsage for a corpus column that does not exist; "country=geo".
Status add_column(IngestOptions& options, const std::string& assignment);

// The table [ingest] of a TOML file; nothing where it has none. kUsage for an unknown key or a
// value of another kind, kCorrupt for what is no TOML, both with file and line.
Result<IngestOptions> read_ingest_options(const std::filesystem::path& file);

}  // namespace mien
