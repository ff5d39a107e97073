// Batches as a table function of DuckDB, so that COPY can draw rows from the program without their
// ever being held in DuckDB. For the .cc files of this room only.
#pragma once

#include "base/result.h"
#include "store/bulk_batch.h"
#include "store/duckdb_handles.h"
#include "table/schema.h"

namespace mien {

// What the table function mien_stream() reads at the moment. Lives as long as the connection uses
// it.
struct BulkStream {
  const TableSchema* schema = nullptr;
  const BulkSource* source = nullptr;
  BulkBatch batch;
  std::size_t at = 0;  // first row of `batch` not yet given
  bool ended = false;
  Status status = Ok{};  // the source's own error, with its kind
};

// Makes mien_stream() known to `connection`'s database; `stream` must outlive it.
Status register_bulk_stream(const DuckConnection& connection, BulkStream& stream);

}  // namespace mien
