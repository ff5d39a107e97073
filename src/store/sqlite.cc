#include "store/sqlite.h"

#include <sqlite3.h>

#include <string>
#include <unordered_map>
#include <utility>

namespace mien {

namespace {

constexpr int kWait_ms = 10'000;

sqlite3_stmt* statement_of(void* pointer) {
  return static_cast<sqlite3_stmt*>(pointer);
}

int bind(sqlite3_stmt* statement, int at, const SqlValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, at, *whole);
  }
  if (const auto* number = std::get_if<double>(&value)) {
    return sqlite3_bind_double(statement, at, *number);
  }
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    // The statement is reset before the caller's text can go.
    return sqlite3_bind_text64(statement, at, text->empty() ? "" : text->data(), text->size(),
                               SQLITE_STATIC, SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, at);
}

ErrorCode kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::kBusy;
    case SQLITE_CANTOPEN:
      return ErrorCode::kNotFound;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return ErrorCode::kCorrupt;
    case SQLITE_CONSTRAINT:
      return ErrorCode::kMismatch;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return ErrorCode::kIo;
    default:
      return ErrorCode::kInternal;
  }
}

}  // namespace

struct SqliteDatabase::State {
  std::filesystem::path path;
  sqlite3* handle = nullptr;
  // By the literal's address: one a place in the program.
  std::unordered_map<const char*, sqlite3_stmt*> statements;

  ~State() {
    for (const auto& [text, statement] : statements) sqlite3_finalize(statement);
    sqlite3_close_v2(handle);
  }
};

bool SqlRow::is_null(int column) const {
  return sqlite3_column_type(statement_of(statement_), column) == SQLITE_NULL;
}

std::int64_t SqlRow::integer(int column) const {
  return sqlite3_column_int64(statement_of(statement_), column);
}

double SqlRow::real(int column) const {
  return sqlite3_column_double(statement_of(statement_), column);
}

std::string_view SqlRow::text(int column) const {
  const auto* bytes =
      reinterpret_cast<const char*>(sqlite3_column_text(statement_of(statement_), column));
  const int size = sqlite3_column_bytes(statement_of(statement_), column);
  return bytes == nullptr ? std::string_view()
                          : std::string_view(bytes, static_cast<std::size_t>(size));
}

SqliteDatabase::SqliteDatabase(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteDatabase::SqliteDatabase(SqliteDatabase&&) noexcept = default;
SqliteDatabase& SqliteDatabase::operator=(SqliteDatabase&&) noexcept = default;
SqliteDatabase::~SqliteDatabase() = default;

Result<SqliteDatabase> SqliteDatabase::open(const std::filesystem::path& path, Access access) {
  auto state = std::make_unique<State>();
  state->path = path;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (access == Access::kCreate) flags |= SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &state->handle, flags, nullptr);
  SqliteDatabase database(std::move(state));
  if (code != SQLITE_OK) return database.error(code);
  sqlite3_busy_timeout(database.state_->handle, kWait_ms);
  sqlite3_db_config(database.state_->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  MIEN_TRY_VOID(database.run_script("PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON;"));
  if (access != Access::kRead) {
    MIEN_TRY_VOID(database.run_script(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
        // No file of its own for what a savepoint may have to put back; 64 MB of pages; and a page
        // that is written again and again goes from the log into the database once in 16 MB.
        "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; "
        "PRAGMA wal_autocheckpoint = 4000;"));
  }
  return database;
}

std::string SqliteDatabase::library_version() {
  return sqlite3_libversion();
}

Error SqliteDatabase::error(int code) const {
  std::string message = state_->path.string() + ": ";
  message += state_->handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(state_->handle);
  const ErrorCode kind = kind_of(code);
  if (kind == ErrorCode::kBusy) {
    message += "; remedy: another program holds the database, try again when it is done";
  } else if (kind == ErrorCode::kIo) {
    message += "; remedy: look at the disk's free space and the file's permissions";
  } else if (kind == ErrorCode::kCorrupt) {
    message += "; remedy: put back a copy of the database";
  }
  return {kind, std::move(message)};
}

Result<void*> SqliteDatabase::prepare(Sql sql, SqlValues values) {
  sqlite3_stmt*& statement = state_->statements[sql.text];
  if (statement == nullptr) {
    const int code = sqlite3_prepare_v3(state_->handle, sql.text, -1, SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code != SQLITE_OK) return error(code);
  }
  int at = 0;
  for (const SqlValue& value : values) {
    const int code = bind(statement, ++at, value);
    if (code != SQLITE_OK) return error(code);
  }
  return static_cast<void*>(statement);
}

Status SqliteDatabase::each(Sql sql, SqlValues values,
                            const std::function<Status(const SqlRow&)>& row) {
  MIEN_TRY(prepared, prepare(sql, values));
  sqlite3_stmt* statement = statement_of(prepared);
  Status status = Ok{};
  while (status.ok()) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) break;
    if (code != SQLITE_ROW) {
      status = error(code);
    } else {
      status = row(SqlRow(statement));
    }
  }
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return status;
}

Status SqliteDatabase::run(Sql sql, SqlValues values) {
  return each(sql, values, [](const SqlRow&) -> Status { return Ok{}; });
}

Status SqliteDatabase::run_script(Sql sql) {
  const int code = sqlite3_exec(state_->handle, sql.text, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  return Ok{};
}

Result<std::optional<std::int64_t>> SqliteDatabase::integer(Sql sql, SqlValues values) {
  std::optional<std::int64_t> found;
  MIEN_TRY_VOID(each(sql, values, [&](const SqlRow& row) -> Status {
    if (!found.has_value() && !row.is_null(0)) found = row.integer(0);
    return Ok{};
  }));
  return found;
}

Result<std::optional<std::string>> SqliteDatabase::text(Sql sql, SqlValues values) {
  std::optional<std::string> found;
  MIEN_TRY_VOID(each(sql, values, [&](const SqlRow& row) -> Status {
    if (!found.has_value() && !row.is_null(0)) found = std::string(row.text(0));
    return Ok{};
  }));
  return found;
}

std::int64_t SqliteDatabase::changed_rows() const {
  return sqlite3_changes64(state_->handle);
}

Result<std::int64_t> SqliteDatabase::outside_version() {
  MIEN_TRY(version, integer("PRAGMA data_version"));
  return version.value_or(0);
}

Result<SqlTransaction> SqlTransaction::begin(SqliteDatabase& database) {
  MIEN_TRY_VOID(database.run("BEGIN IMMEDIATE"));
  return SqlTransaction(database);
}

SqlTransaction::~SqlTransaction() {
  if (database_ != nullptr) (void)database_->run("ROLLBACK").ok();
}

Status SqlTransaction::commit() {
  MIEN_TRY_VOID(database_->run("COMMIT"));
  database_ = nullptr;
  return Ok{};
}

}  // namespace mien
