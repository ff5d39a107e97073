// DuckDB's errors as Mien's. For the .cc files of this room only.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "store/duckdb_handles.h"

namespace mien {

// DuckDB's messages end with the place in the SQL, which is Mien's own and helps nobody.
std::string first_paragraph(const char* message);

// Of a result that failed.
Error error_of(DuckResult& result);

// Of words alone, where DuckDB tells no kind: a fault of the disk where they say so, else of the
// SQL.
Error error_saying(const char* message);

// Where a file does not parse, the file is to blame, whatever DuckDB calls it.
Error blame_file(Error error, const std::filesystem::path& path);

}  // namespace mien
