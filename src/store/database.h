// Tables to and from Parquet, and SQL over them, through DuckDB's C API: the only room that names
// DuckDB. Extensions are neither installed nor loaded on their own; memory, threads and temporary
// folder are set at opening; insertion order is preserved, so that the same rows give the same
// bytes for any number of threads.
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

  // Concatenates Parquet files of one schema in the order given, without holding them in memory;
  // same atomicity as write_parquet.
  Status concatenate_parquet(std::span<const std::filesystem::path> inputs,
                             const std::filesystem::path& output, const FileMetadata& metadata);

  // Reads a whole file. Columns keep the file's types, mapped to the four of table/schema.h; a
  // file that is not Parquet, or has a column of another kind, is an error naming file and column.
  Result<Table> read_parquet(const std::filesystem::path& path);
  Result<FileMetadata> read_metadata(const std::filesystem::path& path);

  // Runs SQL and gives the result a batch of at most ~2048 rows at a time; the schema of every
  // batch is the same. Stops at the first error of the callback.
  Status query(const std::string& sql, const std::function<Status(const Table& batch)>& each);
  Result<Table> query(const std::string& sql);

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

std::string sql_quote(std::string_view text);       // 'it''s'
std::string sql_identifier(std::string_view name);  // "na""me"

}  // namespace mien
