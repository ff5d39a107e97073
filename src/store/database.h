// Tables to and from Parquet, and SQL over them, through DuckDB's C API: the only room that names
// DuckDB. Extensions are neither installed nor loaded on their own; memory, threads and temporary
// folder are set at opening; insertion order is preserved, so that the same rows give the same
// bytes for any number of threads.
//
// A Database holds no tables of its own between calls. One thread at a time; a callback of query()
// may use the same Database. Opening takes about 20 ms.
//
// Errors: kNotFound (no such file), kCorrupt (not the Parquet it claims to be, or text that is not
// UTF-8), kUnsupported (a kind of column that tables do not have), kIo (the system refused; disk
// full), kUsage (SQL that does not hold).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/bulk_batch.h"
#include "store/scan_batch.h"
#include "store/sql_text.h"
#include "table/table.h"

namespace mien {

struct DatabaseOptions {
  int threads = 1;
  std::int64_t memory_limit_mb = 1024;
  std::filesystem::path temporary_folder;  // empty: the system's
};

// Key-value pairs of a Parquet file's metadata. Never a path, host, time or thread count.
using FileMetadata = std::map<std::string, std::string>;

class Database {
 public:
  static Result<Database> open(const DatabaseOptions& options = {});
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  static std::string library_version();  // "v1.4.4"

  // Writes `table` to a temporary name beside `path`, syncs it and renames it: the file exists
  // whole or not at all. Zstandard-compressed. Same rows and metadata, same bytes.
  Status write_parquet(const Table& table, const std::filesystem::path& path,
                       const FileMetadata& metadata);

  // Draws batches from `source` until it ends and writes them as they come, in one thread that
  // keeps their order; same atomicity and bytes as write_parquet. Only `columns` of the schema
  // count. An error of the source ends the writing and is given back as it is.
  Status write_stream(const TableSchema& schema, const BulkSource& source,
                      const std::filesystem::path& path, const FileMetadata& metadata);

  // Concatenates Parquet files of one schema in the order given, without holding them in memory;
  // same atomicity as write_parquet. Up to one row group (122,880 rows) the bytes do not depend on
  // how the rows were cut into files; beyond it, row groups end where a file's batch ends.
  Status concatenate_parquet(std::span<const std::filesystem::path> inputs,
                             const std::filesystem::path& output, const FileMetadata& metadata);

  // Runs a SELECT and writes its rows, in their order, without holding them in memory; same
  // atomicity as write_parquet. Errors name `path`.
  Status write_query_parquet(const std::string& select, const std::filesystem::path& path,
                             const FileMetadata& metadata);

  // Reads a whole file. Columns keep the file's types, mapped to the four of table/schema.h; a
  // file that is not Parquet, or has a column of another kind, is an error naming file and column.
  Result<Table> read_parquet(const std::filesystem::path& path);
  Result<TableSchema> read_schema(const std::filesystem::path& path);  // the footer alone
  Result<FileMetadata> read_metadata(const std::filesystem::path& path);

  // Runs SQL and gives the result a batch of at most ~2048 rows at a time; the schema of every
  // batch is the same. Stops at the first error of the callback.
  Status query(const std::string& sql, const std::function<Status(const Table& batch)>& each);
  Result<Table> query(const std::string& sql);

  // The same for millions of rows: batches as they lie in memory (store/scan_batch.h).
  // kUnsupported names a column of another type than BIGINT, DOUBLE, BOOLEAN and VARCHAR.
  Status scan(const std::string& sql, const std::function<Status(const ScanBatch& batch)>& each);

  // The same for the SQL expressions `columns` over `from` (a table function, with or without
  // WHERE), where order does not matter: batches come in any order, and `each` is called by all of
  // the Database's threads at once. Columns without a name are called by their number, from 1.
  Status scan_parallel(const std::vector<std::string>& columns, const std::string& from,
                       const std::function<Status(const ScanBatch& batch)>& each);

 private:
  struct State;
  Status read_file(const std::filesystem::path& path, const std::string& rest,
                   const std::function<Status(const Table&)>& each);
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
