// Some columns of a table that somebody brings, row by row, as text: CSV (comma, semicolon or tab,
// whichever the first line has most of; TSV by ending) or Parquet (*.parquet).
//
// Spaces around column names and values do not count. Of CSV the bytes lie in memory, at most
// 2 GB; a Parquet file is read a batch at a time. The first row that breaks the format ends the
// reading: kCorrupt names file, line (from 1) and remedy. kNotFound; kIo; kUnsupported (too large).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace mien {

inline constexpr std::int64_t kMostTableBytes = std::int64_t{2} << 30;
inline constexpr std::size_t kMostTableColumns = 5000;

// The column names in the file's order, without the spaces around them.
Result<std::vector<std::string>> read_table_header(Database& database,
                                                   const std::filesystem::path& file);

// The line of the row (of Parquet: its number, from 1), and one cell for each wanted column; empty
// where the row has nothing there or the file has no such column. The cells live until the call
// returns.
using TakeCells =
    std::function<Status(std::int64_t line, const std::vector<std::string_view>& cells)>;

// kCorrupt where two columns bear one of the wanted names.
Status each_table_row(Database& database, const std::filesystem::path& file,
                      const std::vector<std::string>& wanted, const TakeCells& take);

}  // namespace mien
