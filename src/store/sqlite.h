// SQLite databases: the only place that names SQLite. Every statement is a literal of the program
// and every value is bound to it, so that no text from outside can become SQL.
//
// One thread at a time for one object; several objects and processes may use one file. Errors:
// kNotFound, kIo, kCorrupt (not a database), kBusy (another writer for over 10 s), kMismatch (a
// constraint of the tables does not hold), each naming the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace mien {

// The text of a statement. Text that is put together while the program runs does not compile.
struct Sql {
  consteval Sql(const char* literal) : text(literal) {}  // NOLINT: implicit on purpose
  const char* text;
};

using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string_view>;
using SqlValues = std::initializer_list<SqlValue>;

// The row a query stands at; texts live until the next row.
class SqlRow {
 public:
  explicit SqlRow(void* statement) : statement_(statement) {}
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;

 private:
  void* statement_;
};

class SqliteDatabase {
 public:
  enum class Access { kRead, kWrite, kCreate };

  // Write-ahead log; a commit is on the disk when it returns; deleted content is overwritten.
  static Result<SqliteDatabase> open(const std::filesystem::path& path, Access access);
  SqliteDatabase(SqliteDatabase&&) noexcept;
  SqliteDatabase& operator=(SqliteDatabase&&) noexcept;
  ~SqliteDatabase();

  static std::string library_version();

  Status run(Sql sql, SqlValues values = {});
  Status run_script(Sql sql);  // several statements without values
  Status each(Sql sql, SqlValues values, const std::function<Status(const SqlRow&)>& row);
  // The first column of the first row; nullopt where there is no row or it is null.
  Result<std::optional<std::int64_t>> integer(Sql sql, SqlValues values = {});
  Result<std::optional<std::string>> text(Sql sql, SqlValues values = {});

  std::int64_t changed_rows() const;  // by the last run()
  // Differs from before where another connection has written since.
  Result<std::int64_t> outside_version();

 private:
  struct State;
  explicit SqliteDatabase(std::unique_ptr<State> state);
  Error error(int code) const;
  Result<void*> prepare(Sql sql, SqlValues values);
  std::unique_ptr<State> state_;
};

// Begins at once; what is not committed is rolled back.
class SqlTransaction {
 public:
  static Result<SqlTransaction> begin(SqliteDatabase& database);
  SqlTransaction(SqlTransaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  SqlTransaction& operator=(SqlTransaction&&) = delete;
  ~SqlTransaction();
  Status commit();

 private:
  explicit SqlTransaction(SqliteDatabase& database) : database_(&database) {}
  SqliteDatabase* database_;
};

}  // namespace mien
