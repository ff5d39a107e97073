#include "store/database.h"

#include <duckdb.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/utf8.h"
#include "store/bulk_stream.h"
#include "store/duckdb_chunks.h"
#include "store/duckdb_errors.h"
#include "store/duckdb_handles.h"
#include "store/durable_file.h"
#include "store/parallel_scan.h"
#include "store/parquet_paths.h"
#include "store/text_functions.h"

namespace mien {

namespace {

std::filesystem::path own_temporary_folder() {
  static std::atomic<unsigned> counter{0};
  std::error_code code;
  std::filesystem::path parent = std::filesystem::temp_directory_path(code);
  if (code) parent = "/tmp";
  return parent / ("mien-" + std::to_string(::getpid()) + "-" + std::to_string(counter++));
}

}  // namespace

struct Database::State {
  DatabaseOptions options;
  BulkStream bulk;  // outlives the database that reads it
  bool bulk_registered = false;
  ParallelScan scan;  // likewise
  DuckDatabase database;

  Status open() {
    const std::filesystem::path folder =
        options.temporary_folder.empty() ? own_temporary_folder() : options.temporary_folder;
    const std::pair<const char*, std::string> settings[] = {
        {"threads", std::to_string(options.threads)},
        {"memory_limit", std::to_string(options.memory_limit_mb) + "MB"},
        {"temp_directory", folder.string()},
        {"preserve_insertion_order", "true"},
        // The system keeps files in memory already, and gives it back when it is asked.
        {"enable_external_file_cache", "false"},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"}};
    DuckConfig config;
    MIEN_CHECK(duckdb_create_config(config.out()) == DuckDBSuccess, "out of memory");
    for (const auto& [name, value] : settings) {
      if (duckdb_set_config(config.get(), name, value.c_str()) != DuckDBSuccess) {
        return Error{ErrorCode::kUsage,
                     std::string("DuckDB refused the setting ") + name + " = " + value};
      }
    }
    DuckDatabase opened;
    char* message = nullptr;
    if (duckdb_open_ext(nullptr, opened.out(), config.get(), &message) != DuckDBSuccess) {
      Error error{ErrorCode::kInternal, "DuckDB cannot be opened: " + first_paragraph(message)};
      duckdb_free(message);
      return error;
    }
    database = std::move(opened);
    bulk_registered = false;
    MIEN_TRY(connection, connect());
    MIEN_TRY_VOID(register_parallel_scan(connection, scan));
    return register_text_functions(connection);
  }

  Result<DuckConnection> connect() {
    DuckConnection connection;
    if (duckdb_connect(database.get(), connection.out()) != DuckDBSuccess) {
      return Error{ErrorCode::kInternal, "DuckDB gave no connection"};
    }
    return connection;
  }

  // After an internal error DuckDB refuses all further work; since nothing lives in the database
  // between calls, a new one takes its place.
  Error fail(DuckResult& result) {
    Error error = error_of(result);
    const duckdb_error_type type = duckdb_result_error_type(result.out());
    if (type == DUCKDB_ERROR_FATAL || type == DUCKDB_ERROR_INTERNAL) {
      if (Status reopened = open(); !reopened.ok()) return std::move(reopened).error();
    }
    return error;
  }

  Status run(const DuckConnection& connection, const std::string& sql) {
    DuckResult result;
    if (duckdb_query(connection.get(), sql.c_str(), result.out()) == DuckDBSuccess) return Ok{};
    return fail(result);
  }

  Status load_table(const DuckConnection& connection, const Table& table);
  Status copy_out(const DuckConnection& connection, const std::string& source,
                  const std::filesystem::path& path, const FileMetadata& metadata);
  Status stream_chunks(const std::string& sql, const std::function<Status(DuckResult&)>& start,
                       const std::function<Status(duckdb_data_chunk)>& each);
  Status stream(const std::string& sql, const std::string& table_name,
                const std::function<Status(const Table&)>& each, bool with_empty);
};

// Makes the temporary table mien_rows of this connection.
Status Database::State::load_table(const DuckConnection& connection, const Table& table) {
  const auto& specs = table.schema().columns;
  MIEN_CHECK(!specs.empty(), "a table has columns");
  std::string create = "CREATE TEMP TABLE mien_rows (";
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (first_invalid_utf8(specs[i].name) != std::string_view::npos ||
        specs[i].name.find('\0') != std::string::npos) {
      return Error{ErrorCode::kCorrupt,
                   "the name of column " + std::to_string(i + 1) + " is not valid UTF-8 text"};
    }
    create +=
        (i > 0 ? ", " : "") + sql_identifier(specs[i].name) + " " + duckdb_type_name(specs[i].type);
  }
  MIEN_TRY_VOID(run(connection, create + ")"));

  return append_rows(connection, "mien_rows", table);
}

// COPY `source` (a table's name or a SELECT in parentheses) to a temporary name, sync, rename.
Status Database::State::copy_out(const DuckConnection& connection, const std::string& source,
                                 const std::filesystem::path& path, const FileMetadata& metadata) {
  MIEN_TRY_VOID(check_name(path));
  const std::filesystem::path temporary = temporary_name_for(absolute_path(path));
  // 122,880 rows a group is DuckDB's own default, pinned because it decides the bytes.
  std::string sql = "COPY " + source + " TO " + sql_quote(temporary.string()) +
                    " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3,"
                    " ROW_GROUP_SIZE 122880, USE_TMP_FILE false";
  if (!metadata.empty()) {
    sql += ", KV_METADATA {";
    const char* comma = "";
    for (const auto& [key, value] : metadata) {
      sql += comma + sql_quote(key) + ": " + sql_quote(value);
      comma = ", ";
    }
    sql += "}";
  }
  Status status = run(connection, sql + ")");
  if (status.ok()) status = sync_path(temporary);
  if (status.ok()) status = rename_durably(temporary, absolute_path(path));
  if (!status.ok()) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
  }
  return status;
}

// Runs SQL; `start` sees the last statement's result before its chunks go to `each`.
Status Database::State::stream_chunks(const std::string& sql,
                                      const std::function<Status(DuckResult&)>& start,
                                      const std::function<Status(duckdb_data_chunk)>& each) {
  if (sql.find('\0') != std::string::npos) {
    return Error{ErrorCode::kUsage, "SQL with a zero byte in it"};
  }
  MIEN_TRY(connection, connect());
  DuckStatements statements;
  const idx_t count = duckdb_extract_statements(connection.get(), sql.c_str(), statements.out());
  if (count == 0) {
    return Error{ErrorCode::kUsage,
                 first_paragraph(duckdb_extract_statements_error(statements.get()))};
  }
  for (idx_t i = 0; i < count; ++i) {
    DuckPrepared prepared;
    DuckResult result;
    if (duckdb_prepare_extracted_statement(connection.get(), statements.get(), i, prepared.out()) !=
        DuckDBSuccess) {
      // Run it the plain way once more, for an error with its kind.
      if (duckdb_query(connection.get(), sql.c_str(), result.out()) != DuckDBSuccess) {
        return fail(result);
      }
      return error_saying(duckdb_prepare_error(prepared.get()));
    }
    if (duckdb_execute_prepared_streaming(prepared.get(), result.out()) != DuckDBSuccess) {
      return fail(result);
    }
    if (i + 1 < count) continue;
    MIEN_TRY_VOID(start(result));
    while (true) {
      DuckChunk chunk;
      *chunk.out() = duckdb_fetch_chunk(result.get());
      if (!chunk) break;
      if (duckdb_data_chunk_get_size(chunk.get()) == 0) continue;
      MIEN_TRY_VOID(each(chunk.get()));
    }
    if (duckdb_result_error(result.out()) != nullptr) return fail(result);
  }
  return Ok{};
}

Status Database::State::stream(const std::string& sql, const std::string& table_name,
                               const std::function<Status(const Table&)>& each, bool with_empty) {
  TableSchema schema;
  const auto start = [&](DuckResult& result) -> Status {
    MIEN_TRY(found, schema_of_result(result, table_name));
    schema = std::move(found);
    return with_empty ? each(Table(schema)) : Status(Ok{});
  };
  return stream_chunks(sql, start, [&](duckdb_data_chunk chunk) -> Status {
    Table batch(schema);
    MIEN_TRY_VOID(append_chunk(chunk, batch));
    return each(batch);
  });
}

Result<Database> Database::open(const DatabaseOptions& options) {
  if (options.threads < 1 || options.memory_limit_mb < 1) {
    return Error{ErrorCode::kUsage, "threads and memory must be at least 1"};
  }
  auto state = std::make_unique<State>();
  state->options = options;
  MIEN_TRY_VOID(state->open());
  return Database(std::move(state));
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

std::string Database::library_version() {
  return duckdb_library_version();
}

Status Database::write_parquet(const Table& table, const std::filesystem::path& path,
                               const FileMetadata& metadata) {
  const auto write = [&]() -> Status {
    MIEN_TRY(connection, state_->connect());
    MIEN_TRY_VOID(state_->load_table(connection, table));
    return state_->copy_out(connection, "mien_rows", path, metadata);
  };
  Status status = write();
  if (!status.ok()) return std::move(status).error().with_context(path.string());
  return status;
}

Status Database::write_query_parquet(const std::string& select, const std::filesystem::path& path,
                                     const FileMetadata& metadata) {
  MIEN_TRY(connection, state_->connect());
  Status status = state_->copy_out(connection, "(" + select + ")", path, metadata);
  if (!status.ok()) return std::move(status).error().with_context(path.string());
  return status;
}

Status Database::write_stream(const TableSchema& schema, const BulkSource& source,
                              const std::filesystem::path& path, const FileMetadata& metadata) {
  MIEN_TRY(connection, state_->connect());
  if (!state_->bulk_registered) {
    MIEN_TRY_VOID(register_bulk_stream(connection, state_->bulk));
    state_->bulk_registered = true;
  }
  state_->bulk = BulkStream{};
  state_->bulk.schema = &schema;
  state_->bulk.source = &source;
  Status status = state_->copy_out(connection, "(SELECT * FROM mien_stream())", path, metadata);
  if (!state_->bulk.status.ok()) status = std::move(state_->bulk.status);
  state_->bulk = BulkStream{};
  if (!status.ok()) return std::move(status).error().with_context(path.string());
  return status;
}

Status Database::concatenate_parquet(std::span<const std::filesystem::path> inputs,
                                     const std::filesystem::path& output,
                                     const FileMetadata& metadata) {
  MIEN_CHECK(!inputs.empty(), "there is something to concatenate");
  const TableSchema* first = nullptr;
  TableSchema first_schema;
  for (const std::filesystem::path& input : inputs) {
    MIEN_TRY(schema, read_schema(input));
    if (first == nullptr) {
      first_schema = std::move(schema);
      first = &first_schema;
      continue;
    }
    const auto same = [](const ColumnSpec& a, const ColumnSpec& b) {
      return a.name == b.name && a.type == b.type;
    };
    if (!std::equal(first->columns.begin(), first->columns.end(), schema.columns.begin(),
                    schema.columns.end(), same)) {
      return Error{ErrorCode::kMismatch,
                   input.string() + ": its columns are not those of " + inputs.front().string()};
    }
  }
  return write_query_parquet("SELECT * FROM " + sql_read_parquet(inputs), output, metadata);
}

Result<TableSchema> Database::read_schema(const std::filesystem::path& path) {
  TableSchema schema;
  MIEN_TRY_VOID(read_file(path, " LIMIT 0", [&](const Table& batch) -> Status {
    schema = batch.schema();
    return Ok{};
  }));
  return schema;
}

Result<Table> Database::read_parquet(const std::filesystem::path& path) {
  Table table;
  MIEN_TRY_VOID(read_file(path, "", [&](const Table& batch) -> Status {
    if (table.schema().columns.empty()) {
      table = batch;
    } else {
      table.append(batch);
    }
    return Ok{};
  }));
  return table;
}

Status Database::read_file(const std::filesystem::path& path, const std::string& rest,
                           const std::function<Status(const Table&)>& each) {
  MIEN_TRY_VOID(check_readable(path));
  MIEN_TRY_VOID(check_name(path));
  const std::string sql = "SELECT * FROM " + sql_read_parquet(path) + rest;
  Status status = state_->stream(sql, path.stem().string(), each, true);
  if (!status.ok()) return blame_file(std::move(status).error(), path);
  return status;
}

Result<FileMetadata> Database::read_metadata(const std::filesystem::path& path) {
  MIEN_TRY_VOID(check_readable(path));
  MIEN_TRY_VOID(check_name(path));
  FileMetadata metadata;
  const std::string sql =
      "SELECT decode(key) AS key, decode(value) AS value FROM "
      "parquet_kv_metadata(" +
      sql_quote(literal_pattern(path)) + ")";
  const auto add = [&](const Table& batch) -> Status {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      metadata[batch.column(0).strings()[row]] = batch.column(1).strings()[row];
    }
    return Ok{};
  };
  Status status = state_->stream(sql, "metadata", add, false);
  if (!status.ok()) return blame_file(std::move(status).error(), path);
  return metadata;
}

Status Database::query(const std::string& sql,
                       const std::function<Status(const Table& batch)>& each) {
  return state_->stream(sql, "query", each, false);
}

Status Database::scan(const std::string& sql,
                      const std::function<Status(const ScanBatch& batch)>& each) {
  std::vector<ColumnType> types;
  const auto start = [&](DuckResult& result) -> Status {
    MIEN_TRY(found, scan_types(result));
    types = std::move(found);
    return Ok{};
  };
  return state_->stream_chunks(sql, start, [&](duckdb_data_chunk chunk) -> Status {
    return each(scan_batch(chunk, types));
  });
}

Status Database::scan_parallel(const std::vector<std::string>& columns, const std::string& from,
                               const std::function<Status(const ScanBatch& batch)>& each) {
  MIEN_CHECK(!columns.empty(), "a scan has columns");
  std::string sql = "SELECT sum(mien_visit(";
  for (std::size_t i = 0; i < columns.size(); ++i) sql += (i > 0 ? ", " : "") + columns[i];
  sql += ")) FROM " + from;
  state_->scan.each = &each;
  state_->scan.status = Ok{};
  Status status = state_->stream_chunks(
      sql, [](DuckResult&) -> Status { return Ok{}; },
      [](duckdb_data_chunk) -> Status { return Ok{}; });
  state_->scan.each = nullptr;
  if (!state_->scan.status.ok()) return std::move(state_->scan.status);
  return status;
}

Result<Table> Database::query(const std::string& sql) {
  Table table;
  MIEN_TRY_VOID(state_->stream(
      sql, "query",
      [&](const Table& batch) -> Status {
        if (table.schema().columns.empty()) {
          table = batch;
        } else {
          table.append(batch);
        }
        return Ok{};
      },
      true));
  return table;
}

}  // namespace mien
