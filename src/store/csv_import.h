// Reads the CSV, TSV or Parquet list of videos that a scientist brings.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "store/database.h"

namespace mien {

// All columns of a CSV, TSV (by ending) or Parquet file, as strings where the file is text; the
// order of rows kept. Wrong quotes, encodings and ragged rows are errors naming file and line.
Result<Table> read_list(Database& database, const std::filesystem::path& path);

}  // namespace mien
