// Rows of a query handed to the program in the threads that read them. For the .cc files of this
// room only.
//
// DuckDB gives a result to one thread, and copies every text on the way. A scalar function is
// called by all threads of a scan, with columns as they were decoded; so mien_visit(columns...)
// shows each batch to the program, and a sum over what it returns makes DuckDB call it for all
// rows.
#pragma once

#include <functional>
#include <mutex>

#include "base/result.h"
#include "store/duckdb_handles.h"
#include "store/scan_batch.h"

namespace mien {

// What mien_visit() calls at the moment. Lives as long as the database it is registered with.
struct ParallelScan {
  const std::function<Status(const ScanBatch&)>* each = nullptr;
  std::mutex mutex;
  Status status = Ok{};  // the callback's first error, with its kind
};

// Makes mien_visit(any columns) known to `connection`'s database; `scan` must outlive it.
Status register_parallel_scan(const DuckConnection& connection, ParallelScan& scan);

}  // namespace mien
