// A table in memory: typed columns with nulls. Rows are appended whole, in order.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "table/schema.h"

namespace mien {

// One value on its way into or out of a table; monostate is null.
using Cell = std::variant<std::monostate, std::string, std::int64_t, double, bool>;

// A measurement that may be missing. NaN is how rooms above say "missing" in bulk arrays; in a
// table it is null, never NaN.
Cell cell_from(double value_or_nan);
Cell cell_from(const std::optional<double>& value);

class Column {
 public:
  explicit Column(ColumnType type) : type_(type) {}

  ColumnType type() const { return type_; }
  std::size_t size() const { return valid_.size(); }
  bool is_null(std::size_t row) const { return valid_[row] == 0; }

  // A cell of another type than the column's is a caller's bug; int64 widens to double, and a
  // double that is NaN or infinite becomes null.
  void append(const Cell& cell);
  Cell at(std::size_t row) const;

  // Whole columns, for bulk readers; positions that are null hold 0 or "".
  std::span<const double> doubles() const { return doubles_; }
  std::span<const std::int64_t> integers() const { return integers_; }  // kInt64 and kBool
  std::span<const std::string> strings() const { return strings_; }

 private:
  ColumnType type_;
  std::vector<std::uint8_t> valid_;
  std::vector<double> doubles_;
  std::vector<std::int64_t> integers_;
  std::vector<std::string> strings_;
};

class Table {
 public:
  Table() = default;
  explicit Table(TableSchema schema);

  const TableSchema& schema() const { return schema_; }
  std::size_t rows() const { return columns_.empty() ? 0 : columns_.front().size(); }

  void append(std::span<const Cell> row);  // one cell a column, in the schema's order
  void append(const Table& other);         // same schema
  const Column& column(std::size_t index) const { return columns_[index]; }
  const Column& column(std::string_view name) const;  // must exist
  bool has(std::string_view name) const { return schema_.index_of(name) >= 0; }
  Cell at(std::size_t row, std::string_view name) const { return column(name).at(row); }

 private:
  TableSchema schema_;
  std::vector<Column> columns_;
};

// Builds a row by column name, so that a writer cannot drift from its schema: a name the schema
// does not have, or a column left unset, is a caller's bug.
class RowBuilder {
 public:
  explicit RowBuilder(const TableSchema& schema);
  RowBuilder& set(std::string_view column, Cell cell);
  RowBuilder& set_null(std::string_view column) { return set(column, std::monostate{}); }
  std::span<const Cell> finish();  // checks that every column was set; the builder starts anew

 private:
  const TableSchema* schema_;
  std::vector<Cell> cells_;
  std::vector<std::uint8_t> is_set_;
  std::vector<Cell> finished_;
};

}  // namespace mien
