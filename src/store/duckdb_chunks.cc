#include "store/duckdb_chunks.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/utf8.h"
#include "store/duckdb_errors.h"

namespace mien {

namespace {

std::optional<ColumnType> column_type_of(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return ColumnType::kBool;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
      return ColumnType::kInt64;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
      return ColumnType::kDouble;
    case DUCKDB_TYPE_VARCHAR:
      return ColumnType::kString;
    default:
      return std::nullopt;
  }
}

std::string kind_name(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_DATE:
      return "DATE";
    case DUCKDB_TYPE_TIME:
      return "TIME";
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return "TIMESTAMP";
    case DUCKDB_TYPE_BLOB:
      return "BLOB";
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
      return "LIST";
    case DUCKDB_TYPE_STRUCT:
      return "STRUCT";
    case DUCKDB_TYPE_MAP:
      return "MAP";
    default:
      return "number " + std::to_string(static_cast<int>(type)) + " of DuckDB's types";
  }
}

// A fetched column: its cells by row, converted to the four types.
class ColumnReader {
 public:
  explicit ColumnReader(duckdb_vector vector)
      : data_(duckdb_vector_get_data(vector)), validity_(duckdb_vector_get_validity(vector)) {
    DuckType type;
    *type.out() = duckdb_vector_get_column_type(vector);
    type_ = duckdb_get_type_id(type.get());
    if (type_ == DUCKDB_TYPE_DECIMAL) {
      storage_ = duckdb_decimal_internal_type(type.get());
      scale_ = std::pow(10.0, duckdb_decimal_scale(type.get()));
    } else {
      storage_ = type_;
    }
  }

  // Nothing where an integer does not fit into 64 bits.
  std::optional<Cell> at(idx_t row) const {
    if (validity_ != nullptr && !duckdb_validity_row_is_valid(validity_, row)) return Cell{};
    switch (type_) {
      case DUCKDB_TYPE_BOOLEAN:
        return Cell{value<std::uint8_t>(row) != 0};
      case DUCKDB_TYPE_FLOAT:
        return Cell{static_cast<double>(value<float>(row))};
      case DUCKDB_TYPE_DOUBLE:
        return Cell{value<double>(row)};
      case DUCKDB_TYPE_VARCHAR:
        return Cell{text(row)};
      case DUCKDB_TYPE_DECIMAL:
        return Cell{decimal(row)};
      default:
        return integer(row);
    }
  }

 private:
  template <typename T>
  T value(idx_t row) const {
    T copy;
    std::memcpy(&copy, static_cast<const char*>(data_) + row * sizeof(T), sizeof(T));
    return copy;
  }

  std::string text(idx_t row) const {
    auto copy = value<duckdb_string_t>(row);
    return {duckdb_string_t_data(&copy), duckdb_string_t_length(copy)};
  }

  double decimal(idx_t row) const {
    if (storage_ == DUCKDB_TYPE_HUGEINT) {
      return duckdb_hugeint_to_double(value<duckdb_hugeint>(row)) / scale_;
    }
    const std::optional<Cell> cell = integer(row);
    return static_cast<double>(std::get<std::int64_t>(*cell)) / scale_;
  }

  std::optional<Cell> integer(idx_t row) const {
    switch (storage_) {
      case DUCKDB_TYPE_TINYINT:
        return Cell{std::int64_t{value<std::int8_t>(row)}};
      case DUCKDB_TYPE_SMALLINT:
        return Cell{std::int64_t{value<std::int16_t>(row)}};
      case DUCKDB_TYPE_INTEGER:
        return Cell{std::int64_t{value<std::int32_t>(row)}};
      case DUCKDB_TYPE_BIGINT:
        return Cell{value<std::int64_t>(row)};
      case DUCKDB_TYPE_UTINYINT:
        return Cell{std::int64_t{value<std::uint8_t>(row)}};
      case DUCKDB_TYPE_USMALLINT:
        return Cell{std::int64_t{value<std::uint16_t>(row)}};
      case DUCKDB_TYPE_UINTEGER:
        return Cell{std::int64_t{value<std::uint32_t>(row)}};
      case DUCKDB_TYPE_UBIGINT:
        return narrowed(0, value<std::uint64_t>(row));
      default: {
        const auto huge = value<duckdb_hugeint>(row);
        return narrowed(huge.upper, huge.lower);
      }
    }
  }

  static std::optional<Cell> narrowed(std::int64_t upper, std::uint64_t lower) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    const bool fits = (upper == 0 && lower <= kMost) || (upper == -1 && lower > kMost);
    if (!fits) return std::nullopt;
    return Cell{static_cast<std::int64_t>(lower)};
  }

  const void* data_;
  std::uint64_t* validity_;
  duckdb_type type_ = DUCKDB_TYPE_INVALID;
  duckdb_type storage_ = DUCKDB_TYPE_INVALID;  // of a decimal: its integer; else the type itself
  double scale_ = 1.0;
};

Status fill_text(const Column& column, const std::string& name, std::size_t first,
                 std::size_t count, duckdb_vector vector) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& text = column.strings()[first + i];
    if (first_invalid_utf8(text) != std::string_view::npos) {
      return Error{ErrorCode::kCorrupt, "row " + std::to_string(first + i) + ", column " + name +
                                            ": the text is not valid UTF-8"};
    }
    duckdb_vector_assign_string_element_len(vector, i, text.data(), text.size());
  }
  return Ok{};
}

}  // namespace

const char* duckdb_type_name(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return "VARCHAR";
    case ColumnType::kInt64:
      return "BIGINT";
    case ColumnType::kDouble:
      return "DOUBLE";
    case ColumnType::kBool:
      return "BOOLEAN";
  }
  return "VARCHAR";
}

Result<TableSchema> schema_of_result(DuckResult& result, const std::string& table_name) {
  TableSchema schema{table_name, "row", "", {}};
  const idx_t columns = duckdb_column_count(result.out());
  for (idx_t i = 0; i < columns; ++i) {
    const std::string name = duckdb_column_name(result.out(), i);
    const duckdb_type type = duckdb_column_type(result.out(), i);
    const std::optional<ColumnType> mapped = column_type_of(type);
    if (!mapped.has_value()) {
      return Error{ErrorCode::kUnsupported,
                   "column " + name + " is of kind " + kind_name(type) +
                       ", which Mien's tables do not have; remedy: make it text or a number"};
    }
    schema.columns.push_back({name, *mapped, ""});
  }
  return schema;
}

Status append_chunk(duckdb_data_chunk chunk, Table& table) {
  const idx_t rows = duckdb_data_chunk_get_size(chunk);
  const std::size_t columns = table.schema().columns.size();
  std::vector<ColumnReader> readers;
  readers.reserve(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    readers.emplace_back(duckdb_data_chunk_get_vector(chunk, i));
  }
  std::vector<Cell> row(columns);
  for (idx_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < columns; ++i) {
      std::optional<Cell> cell = readers[i].at(r);
      if (!cell.has_value()) {
        return Error{ErrorCode::kUnsupported,
                     "column " + table.schema().columns[i].name +
                         " has an integer beyond 64 bits; remedy: make it text or a double"};
      }
      row[i] = std::move(*cell);
    }
    table.append(row);
  }
  return Ok{};
}

namespace {

// Nothing where a scan does not show columns of this type.
std::optional<ColumnType> scanned_type(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return ColumnType::kBool;
    case DUCKDB_TYPE_BIGINT:
      return ColumnType::kInt64;
    case DUCKDB_TYPE_DOUBLE:
      return ColumnType::kDouble;
    case DUCKDB_TYPE_VARCHAR:
      return ColumnType::kString;
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::vector<ColumnType>> scan_types(DuckResult& result) {
  std::vector<ColumnType> types;
  const idx_t columns = duckdb_column_count(result.out());
  for (idx_t i = 0; i < columns; ++i) {
    const auto type = scanned_type(duckdb_column_type(result.out(), i));
    if (!type.has_value()) {
      return Error{ErrorCode::kUnsupported,
                   std::string("column ") + duckdb_column_name(result.out(), i) +
                       " of the query is neither BIGINT, DOUBLE, BOOLEAN nor VARCHAR"};
    }
    types.push_back(*type);
  }
  return types;
}

ScanBatch scan_batch(duckdb_data_chunk chunk, const std::vector<ColumnType>& types) {
  std::vector<ScanBatch::ColumnData> columns(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
    columns[i] = {types[i], duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
  }
  return {duckdb_data_chunk_get_size(chunk), std::move(columns)};
}

Result<ScanBatch> scan_batch(duckdb_data_chunk chunk) {
  std::vector<ColumnType> types;
  for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(chunk); ++i) {
    DuckType logical;
    *logical.out() = duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk, i));
    const auto type = scanned_type(duckdb_get_type_id(logical.get()));
    if (!type.has_value()) {
      return Error{ErrorCode::kUnsupported,
                   "column " + std::to_string(i + 1) +
                       " of a scan is neither BIGINT, DOUBLE, BOOLEAN nor VARCHAR"};
    }
    types.push_back(*type);
  }
  return scan_batch(chunk, types);
}

Status fill_chunk(const Table& table, std::size_t first, std::size_t count,
                  duckdb_data_chunk chunk) {
  const auto& specs = table.schema().columns;
  for (std::size_t c = 0; c < specs.size(); ++c) {
    const Column& column = table.column(c);
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, c);
    void* data = duckdb_vector_get_data(vector);
    switch (column.type()) {
      case ColumnType::kString:
        MIEN_TRY_VOID(fill_text(column, specs[c].name, first, count, vector));
        break;
      case ColumnType::kInt64:
        std::memcpy(data, column.integers().data() + first, count * sizeof(std::int64_t));
        break;
      case ColumnType::kDouble:
        std::memcpy(data, column.doubles().data() + first, count * sizeof(double));
        break;
      case ColumnType::kBool:
        for (std::size_t i = 0; i < count; ++i) {
          static_cast<bool*>(data)[i] = column.integers()[first + i] != 0;
        }
        break;
    }
    duckdb_vector_ensure_validity_writable(vector);
    std::uint64_t* validity = duckdb_vector_get_validity(vector);
    for (std::size_t i = 0; i < count; ++i) {
      duckdb_validity_set_row_validity(validity, i, !column.is_null(first + i));
    }
  }
  duckdb_data_chunk_set_size(chunk, count);
  return Ok{};
}

Status append_rows(const DuckConnection& connection, const char* name, const Table& table) {
  std::vector<DuckType> types(table.schema().columns.size());
  std::vector<duckdb_logical_type> raw_types;
  DuckAppender appender;
  MIEN_CHECK(
      duckdb_appender_create(connection.get(), nullptr, name, appender.out()) == DuckDBSuccess,
      "the table was just made");
  for (std::size_t i = 0; i < types.size(); ++i) {
    *types[i].out() = duckdb_appender_column_type(appender.get(), i);
    raw_types.push_back(types[i].get());
  }
  DuckChunk chunk;
  *chunk.out() = duckdb_create_data_chunk(raw_types.data(), raw_types.size());
  const std::size_t step = duckdb_vector_size();
  for (std::size_t first = 0; first < table.rows(); first += step) {
    duckdb_data_chunk_reset(chunk.get());
    MIEN_TRY_VOID(fill_chunk(table, first, std::min(step, table.rows() - first), chunk.get()));
    if (duckdb_append_data_chunk(appender.get(), chunk.get()) != DuckDBSuccess) {
      return Error{ErrorCode::kIo, first_paragraph(duckdb_appender_error(appender.get()))};
    }
  }
  if (duckdb_appender_close(appender.get()) != DuckDBSuccess) {
    return Error{ErrorCode::kIo, first_paragraph(duckdb_appender_error(appender.get()))};
  }
  return Ok{};
}

}  // namespace mien
