#include "store/bulk_stream.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/utf8.h"
#include "store/duckdb_chunks.h"

namespace mien {

namespace {

using DuckTableFunction = DuckHandle<duckdb_table_function, duckdb_destroy_table_function>;

void bind(duckdb_bind_info info) {
  const auto* stream = static_cast<const BulkStream*>(duckdb_bind_get_extra_info(info));
  for (const ColumnSpec& column : stream->schema->columns) {
    duckdb_type kind = DUCKDB_TYPE_DOUBLE;
    if (column.type == ColumnType::kString) kind = DUCKDB_TYPE_VARCHAR;
    if (column.type == ColumnType::kInt64) kind = DUCKDB_TYPE_BIGINT;
    if (column.type == ColumnType::kBool) kind = DUCKDB_TYPE_BOOLEAN;
    DuckType type;
    *type.out() = duckdb_create_logical_type(kind);
    duckdb_bind_add_result_column(info, column.name.c_str(), type.get());
  }
}

// One thread draws, so that rows keep their order.
void begin(duckdb_init_info info) {
  duckdb_init_set_max_threads(info, 1);
}

void set_null(duckdb_vector vector, idx_t row) {
  duckdb_vector_ensure_validity_writable(vector);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
}

// Rows [first, first + count) of a batch, and where in the chunk they go.
struct Span {
  std::size_t first;
  std::size_t count;
  std::size_t to;
};

void fill_words(const BulkColumn& column, const Span& span, duckdb_vector vector) {
  for (std::size_t i = 0; i < span.count; ++i) {
    const std::uint32_t code = column.codes[span.first + i];
    if (code == BulkColumn::kNull) {
      set_null(vector, span.to + i);
    } else {
      const std::string& word = column.words[code];
      duckdb_vector_assign_string_element_len(vector, span.to + i, word.data(), word.size());
    }
  }
}

template <typename T>
void copy_rows(const std::vector<T>& values, const Span& span, duckdb_vector vector) {
  std::memcpy(static_cast<T*>(duckdb_vector_get_data(vector)) + span.to, values.data() + span.first,
              span.count * sizeof(T));
}

void fill_doubles(const BulkColumn& column, const Span& span, duckdb_vector vector) {
  copy_rows(column.doubles, span, vector);
  for (std::size_t i = 0; i < span.count; ++i) {
    const double value = column.doubles[span.first + i];
    MIEN_CHECK(!std::isinf(value), "a measurement is finite or missing");
    if (std::isnan(value)) set_null(vector, span.to + i);
  }
}

void fill_column(const ColumnSpec& spec, const BulkColumn& column, const Span& span,
                 duckdb_vector vector) {
  switch (spec.type) {
    case ColumnType::kString:
      fill_words(column, span, vector);
      return;
    case ColumnType::kDouble:
      fill_doubles(column, span, vector);
      return;
    case ColumnType::kInt64:
      copy_rows(column.integers, span, vector);
      break;
    case ColumnType::kBool:
      copy_rows(column.truths, span, vector);
      break;
  }
  if (column.valid.empty()) return;
  for (std::size_t i = 0; i < span.count; ++i) {
    if (column.valid[span.first + i] == 0) set_null(vector, span.to + i);
  }
}

std::size_t size_of(ColumnType type, const BulkColumn& column) {
  switch (type) {
    case ColumnType::kString:
      return column.codes.size();
    case ColumnType::kDouble:
      return column.doubles.size();
    case ColumnType::kInt64:
      return column.integers.size();
    case ColumnType::kBool:
      return column.truths.size();
  }
  return 0;
}

Status check_batch(const TableSchema& schema, const BulkBatch& batch) {
  MIEN_CHECK(batch.columns.size() == schema.columns.size(), "a batch has the schema's columns");
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    const BulkColumn& column = batch.columns[c];
    MIEN_CHECK(size_of(schema.columns[c].type, column) == batch.rows, schema.columns[c].name);
    MIEN_CHECK(column.valid.empty() || column.valid.size() == batch.rows, "one mark a row");
    for (const std::string& word : column.words) {
      if (first_invalid_utf8(word) != std::string_view::npos) {
        return Error{ErrorCode::kCorrupt,
                     "column " + schema.columns[c].name + ": the text is not valid UTF-8"};
      }
    }
  }
  return Ok{};
}

// Fills the chunk to the brim as long as there are rows, so that its end, and with it the end of a
// row group, does not depend on how the source cuts its batches.
Status fill(BulkStream& stream, duckdb_data_chunk chunk) {
  std::size_t filled = 0;
  while (!stream.ended && filled < duckdb_vector_size()) {
    if (stream.at >= stream.batch.rows) {
      stream.at = 0;
      stream.batch.rows = 0;
      MIEN_TRY(more, (*stream.source)(stream.batch));
      stream.ended = !more;
      if (more) MIEN_TRY_VOID(check_batch(*stream.schema, stream.batch));
      continue;
    }
    const std::size_t count =
        std::min<std::size_t>(duckdb_vector_size() - filled, stream.batch.rows - stream.at);
    for (std::size_t c = 0; c < stream.schema->columns.size(); ++c) {
      fill_column(stream.schema->columns[c], stream.batch.columns[c], {stream.at, count, filled},
                  duckdb_data_chunk_get_vector(chunk, c));
    }
    stream.at += count;
    filled += count;
  }
  duckdb_data_chunk_set_size(chunk, filled);
  return Ok{};
}

void next(duckdb_function_info info, duckdb_data_chunk chunk) {
  auto* stream = static_cast<BulkStream*>(duckdb_function_get_extra_info(info));
  stream->status = fill(*stream, chunk);
  if (!stream->status.ok()) {
    duckdb_function_set_error(info, stream->status.error().message.c_str());
  }
}

}  // namespace

Status register_bulk_stream(const DuckConnection& connection, BulkStream& stream) {
  DuckTableFunction function;
  *function.out() = duckdb_create_table_function();
  duckdb_table_function_set_name(function.get(), "mien_stream");
  duckdb_table_function_set_extra_info(function.get(), &stream, nullptr);
  duckdb_table_function_set_bind(function.get(), bind);
  duckdb_table_function_set_init(function.get(), begin);
  duckdb_table_function_set_function(function.get(), next);
  if (duckdb_register_table_function(connection.get(), function.get()) != DuckDBSuccess) {
    return Error{ErrorCode::kInternal, "DuckDB refused a table function"};
  }
  return Ok{};
}

}  // namespace mien
