// Reads the CSV, TSV or Parquet list of videos that a scientist brings.
//
// Text: UTF-8 (a byte order mark at the start is skipped), quoting of RFC 4180, lines ended by LF
// or CRLF, the first line the column names. The separator is a tab in *.tsv and *.tab; else
// whichever of comma, semicolon and tab the first line has most of. An empty field is null, ""
// an empty string; blank lines are skipped. A whole file is held in memory, about three times.
// Errors: kCorrupt naming file, line (from 1) and remedy; kNotFound; kIo.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace mien {

// All columns of a CSV, TSV (by ending) or Parquet file, the order of rows kept. Columns of text
// files are strings. A Parquet file's (*.parquet) keep their kind where tables have it; dates,
// times, UUIDs and enumerations become text; nested and binary ones are kUnsupported. Of a text
// file the columns in `names_of_files` keep bytes that are not UTF-8, since a file's name may be
// any bytes; elsewhere they are kCorrupt.
Result<Table> read_list(Database& database, const std::filesystem::path& path,
                        const std::vector<std::string>& names_of_files = {});

// The text part of read_list: `name` is how errors call the file, and its ending tells TSV.
Result<Table> parse_list(std::string_view bytes, const std::filesystem::path& name,
                         const std::vector<std::string>& names_of_files = {});

}  // namespace mien
