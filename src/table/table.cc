#include "table/table.h"

#include <cmath>

#include "base/check.h"

namespace mien {

Cell cell_from(double value_or_nan) {
  if (!std::isfinite(value_or_nan)) return std::monostate{};
  return value_or_nan;
}

Cell cell_from(const std::optional<double>& value) {
  if (!value.has_value()) return std::monostate{};
  return cell_from(*value);
}

void Column::append(const Cell& cell) {
  Cell stored = cell;
  if (type_ == ColumnType::kDouble) {
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
      stored = static_cast<double>(*integer);
    } else if (const auto* number = std::get_if<double>(&cell)) {
      stored = cell_from(*number);
    }
  }
  const bool valid = !std::holds_alternative<std::monostate>(stored);
  valid_.push_back(valid ? 1 : 0);
  switch (type_) {
    case ColumnType::kString:
      MIEN_CHECK(!valid || std::holds_alternative<std::string>(stored),
                 "a string column takes strings");
      strings_.push_back(valid ? std::get<std::string>(stored) : std::string());
      break;
    case ColumnType::kInt64:
      MIEN_CHECK(!valid || std::holds_alternative<std::int64_t>(stored),
                 "an int64 column takes integers");
      integers_.push_back(valid ? std::get<std::int64_t>(stored) : 0);
      break;
    case ColumnType::kBool:
      MIEN_CHECK(!valid || std::holds_alternative<bool>(stored),
                 "a bool column takes truth values");
      integers_.push_back(valid && std::get<bool>(stored) ? 1 : 0);
      break;
    case ColumnType::kDouble:
      MIEN_CHECK(!valid || std::holds_alternative<double>(stored), "a double column takes numbers");
      doubles_.push_back(valid ? std::get<double>(stored) : 0.0);
      break;
  }
}

Cell Column::at(std::size_t row) const {
  MIEN_CHECK(row < size(), "row out of range");
  if (is_null(row)) return std::monostate{};
  switch (type_) {
    case ColumnType::kString:
      return strings_[row];
    case ColumnType::kInt64:
      return integers_[row];
    case ColumnType::kBool:
      return integers_[row] != 0;
    case ColumnType::kDouble:
      return doubles_[row];
  }
  return std::monostate{};
}

Table::Table(TableSchema schema) : schema_(std::move(schema)) {
  columns_.reserve(schema_.columns.size());
  for (const ColumnSpec& spec : schema_.columns) columns_.emplace_back(spec.type);
}

void Table::append(std::span<const Cell> row) {
  MIEN_CHECK(row.size() == columns_.size(), "a row has one cell a column");
  for (std::size_t i = 0; i < row.size(); ++i) columns_[i].append(row[i]);
}

void Table::append(const Table& other) {
  MIEN_CHECK(other.columns_.size() == columns_.size(), "tables of one schema");
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    MIEN_CHECK(other.schema_.columns[i].name == schema_.columns[i].name, "tables of one schema");
    for (std::size_t row = 0; row < other.rows(); ++row)
      columns_[i].append(other.columns_[i].at(row));
  }
}

const Column& Table::column(std::string_view name) const {
  const int index = schema_.index_of(name);
  MIEN_CHECK(index >= 0, name);
  return columns_[static_cast<std::size_t>(index)];
}

RowBuilder::RowBuilder(const TableSchema& schema)
    : schema_(&schema), cells_(schema.columns.size()), is_set_(schema.columns.size(), 0) {}

RowBuilder& RowBuilder::set(std::string_view column, Cell cell) {
  const int index = schema_->index_of(column);
  MIEN_CHECK(index >= 0, column);
  cells_[static_cast<std::size_t>(index)] = std::move(cell);
  is_set_[static_cast<std::size_t>(index)] = 1;
  return *this;
}

std::span<const Cell> RowBuilder::finish() {
  for (std::size_t i = 0; i < is_set_.size(); ++i) {
    MIEN_CHECK(is_set_[i] != 0, schema_->columns[i].name);
    is_set_[i] = 0;
  }
  finished_ = std::move(cells_);
  cells_.assign(finished_.size(), Cell{});
  return finished_;
}

}  // namespace mien
