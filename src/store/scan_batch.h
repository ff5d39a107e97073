// Up to 2048 rows of a query's result as they lie in memory, for readers of millions of rows: no
// cell is made, no text copied. Valid during the callback that is given it.
//
// Columns are BIGINT, DOUBLE, BOOLEAN or VARCHAR (cast in the SQL where a file has another width);
// Database::scan refuses others. Values of null rows are undefined. Asking a column for another
// kind than it has is a caller's bug.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "table/schema.h"

namespace mien {

class ScanBatch {
 public:
  struct ColumnData {
    ColumnType type = ColumnType::kDouble;
    const void* data = nullptr;
    const std::uint64_t* validity = nullptr;  // a bit a row, or null: every row is valid
  };

  ScanBatch(std::size_t rows, std::vector<ColumnData> columns)
      : rows_(rows), columns_(std::move(columns)) {}

  std::size_t rows() const { return rows_; }
  bool is_null(std::size_t column, std::size_t row) const {
    const std::uint64_t* bits = columns_[column].validity;
    return bits != nullptr && (bits[row / 64] >> (row % 64) & 1) == 0;
  }
  std::span<const double> doubles(std::size_t column) const;
  std::span<const std::int64_t> integers(std::size_t column) const;
  std::span<const bool> truths(std::size_t column) const;
  std::string_view text(std::size_t column, std::size_t row) const;

 private:
  std::size_t rows_;
  std::vector<ColumnData> columns_;
};

}  // namespace mien
