// DuckDB's C handles, freed when they go out of scope. For the .cc files of this room only.
#pragma once

#include <duckdb.h>

#include <utility>

namespace mien {

template <typename Handle, auto Destroy>
class DuckHandle {
 public:
  DuckHandle() = default;
  DuckHandle(DuckHandle&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
  DuckHandle& operator=(DuckHandle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~DuckHandle() { Destroy(&handle_); }

  Handle get() const { return handle_; }
  Handle* out() { return &handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  Handle handle_{};
};

using DuckDatabase = DuckHandle<duckdb_database, duckdb_close>;
using DuckConnection = DuckHandle<duckdb_connection, duckdb_disconnect>;
using DuckConfig = DuckHandle<duckdb_config, duckdb_destroy_config>;
using DuckStatements = DuckHandle<duckdb_extracted_statements, duckdb_destroy_extracted>;
using DuckPrepared = DuckHandle<duckdb_prepared_statement, duckdb_destroy_prepare>;
using DuckAppender = DuckHandle<duckdb_appender, duckdb_appender_destroy>;
using DuckChunk = DuckHandle<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using DuckType = DuckHandle<duckdb_logical_type, duckdb_destroy_logical_type>;

class DuckResult {
 public:
  DuckResult() = default;
  DuckResult(const DuckResult&) = delete;
  DuckResult& operator=(const DuckResult&) = delete;
  ~DuckResult() { duckdb_destroy_result(&result_); }

  duckdb_result* out() { return &result_; }
  duckdb_result get() const { return result_; }

 private:
  duckdb_result result_{};
};

}  // namespace mien
