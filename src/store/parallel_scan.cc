#include "store/parallel_scan.h"

#include <cstdint>
#include <cstring>
#include <string>

#include "store/duckdb_chunks.h"

namespace mien {

namespace {

using DuckScalarFunction = DuckHandle<duckdb_scalar_function, duckdb_destroy_scalar_function>;

void visit(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  auto* scan = static_cast<ParallelScan*>(duckdb_scalar_function_get_extra_info(info));
  const idx_t rows = duckdb_data_chunk_get_size(input);
  std::memset(duckdb_vector_get_data(output), 0, rows * sizeof(std::int64_t));
  if (rows == 0) return;
  Result<ScanBatch> batch = scan_batch(input);
  Status status = batch.ok() ? (*scan->each)(*batch) : Status(std::move(batch).error());
  if (status.ok()) return;
  duckdb_scalar_function_set_error(info, status.error().message.c_str());
  const std::lock_guard lock(scan->mutex);
  if (scan->status.ok()) scan->status = std::move(status);
}

}  // namespace

Status register_parallel_scan(const DuckConnection& connection, ParallelScan& scan) {
  DuckScalarFunction function;
  *function.out() = duckdb_create_scalar_function();
  DuckType any;
  DuckType number;
  *any.out() = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
  *number.out() = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
  duckdb_scalar_function_set_name(function.get(), "mien_visit");
  duckdb_scalar_function_set_varargs(function.get(), any.get());
  duckdb_scalar_function_set_return_type(function.get(), number.get());
  duckdb_scalar_function_set_special_handling(function.get());  // rows with nulls count
  duckdb_scalar_function_set_volatile(function.get());          // every row is to be seen
  duckdb_scalar_function_set_extra_info(function.get(), &scan, nullptr);
  duckdb_scalar_function_set_function(function.get(), visit);
  if (duckdb_register_scalar_function(connection.get(), function.get()) != DuckDBSuccess) {
    return Error{ErrorCode::kInternal, "DuckDB refused a function"};
  }
  return Ok{};
}

}  // namespace mien
