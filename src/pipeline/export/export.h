// A table of a study as text, a batch at a time, or as one Parquet file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace mien {

enum class ExportFormat { kCsv, kJsonLines, kParquet };

struct ExportRequest {
  std::filesystem::path study;
  std::string table;  // see study_tables.h; "compare/contexts" is that of the comparison
  ExportFormat format = ExportFormat::kCsv;
  std::filesystem::path parquet_file;  // kParquet: where to; it exists whole or not at all
};

struct ExportSummary {
  std::int64_t rows = 0;
  std::int64_t videos_missing = 0;    // of the plan, whose shard is not published (or not sound)
  std::vector<std::string> problems;  // shards that do not hold, in words; their rows are left out
  bool is_simulated = false;          // as the table's file says
};

// The files of a table, in the order of their rows; in `summary` what of it is not there. Errors as
// export_table's.
Result<std::vector<std::filesystem::path>> export_files(const std::filesystem::path& study,
                                                        const std::string& table,
                                                        Database& database, ExportSummary& summary);

// What perception measured: rows in the order of shards and of the plan, only published shards
// whose checksums hold. Other tables: the rows of their file. `write` gets text, and nothing where
// the format is Parquet, whose metadata is that of the table's first file. An unknown table is a
// usage error that names those the study has; kNotFound where the folder has no table at all.
Result<ExportSummary> export_table(const ExportRequest& request,
                                   const std::function<Status(const std::string& text)>& write);

}  // namespace mien
