// Tables to and from DuckDB's data chunks. For the .cc files of this room only.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/duckdb_handles.h"
#include "store/scan_batch.h"
#include "table/table.h"

namespace mien {

const char* duckdb_type_name(ColumnType type);  // "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"

// The schema of a result: integers of every width become int64, floats and decimals double, other
// kinds than text and bool are kUnsupported, naming column and type.
Result<TableSchema> schema_of_result(DuckResult& result, const std::string& table_name);

// Appends a fetched chunk; an integer beyond int64 is kUnsupported.
Status append_chunk(duckdb_data_chunk chunk, Table& table);

// For scans: the types of a result's columns, and a chunk as it lies in memory. kUnsupported names
// a column of a type that scans do not show.
Result<std::vector<ColumnType>> scan_types(DuckResult& result);
ScanBatch scan_batch(duckdb_data_chunk chunk, const std::vector<ColumnType>& types);
Result<ScanBatch> scan_batch(duckdb_data_chunk chunk);

// Rows [first, first + count) of `table`, count at most duckdb_vector_size(), into an empty chunk.
// Text that is not UTF-8 is kCorrupt, naming row (from 0) and column.
Status fill_chunk(const Table& table, std::size_t first, std::size_t count,
                  duckdb_data_chunk chunk);

// All rows of `table` into the table `name`, which was just made for them. Errors as fill_chunk,
// and kIo where DuckDB takes no more.
Status append_rows(const DuckConnection& connection, const char* name, const Table& table);

}  // namespace mien
