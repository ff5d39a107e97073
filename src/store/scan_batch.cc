#include "store/scan_batch.h"

#include <duckdb.h>

#include "base/check.h"

namespace mien {

std::span<const double> ScanBatch::doubles(std::size_t column) const {
  MIEN_CHECK(columns_[column].type == ColumnType::kDouble, "the column holds doubles");
  return {static_cast<const double*>(columns_[column].data), rows_};
}

std::span<const std::int64_t> ScanBatch::integers(std::size_t column) const {
  MIEN_CHECK(columns_[column].type == ColumnType::kInt64, "the column holds integers");
  return {static_cast<const std::int64_t*>(columns_[column].data), rows_};
}

std::span<const bool> ScanBatch::truths(std::size_t column) const {
  MIEN_CHECK(columns_[column].type == ColumnType::kBool, "the column holds truth values");
  return {static_cast<const bool*>(columns_[column].data), rows_};
}

std::string_view ScanBatch::text(std::size_t column, std::size_t row) const {
  MIEN_CHECK(columns_[column].type == ColumnType::kString, "the column holds text");
  const auto* strings = static_cast<const duckdb_string_t*>(columns_[column].data);
  const duckdb_string_t& string = strings[row];
  const std::uint32_t length = string.value.inlined.length;
  // DuckDB keeps up to 12 bytes in place (duckdb.h, duckdb_string_is_inlined).
  return {length <= 12 ? string.value.inlined.inlined : string.value.pointer.ptr, length};
}

}  // namespace mien
