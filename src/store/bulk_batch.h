// Rows in columns, for tables of millions of rows: what Table is for thousands. A batch goes
// straight into a Parquet file (Database::write_stream) without a cell ever being a variant.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "table/schema.h"

namespace mien {

// One column of a batch; only the members of its type are used.
struct BulkColumn {
  std::vector<double> doubles;         // kDouble; NaN is written as null, infinities are a bug
  std::vector<std::int64_t> integers;  // kInt64
  std::vector<std::uint8_t> truths;    // kBool
  std::vector<std::string> words;      // kString: UTF-8 texts
  std::vector<std::uint32_t> codes;    // kString: the position in `words` of each row, or kNull
  std::vector<std::uint8_t> valid;     // kInt64, kBool: 0 is null; empty where all are there

  static constexpr std::uint32_t kNull = 0xffffffff;
};

struct BulkBatch {
  std::size_t rows = 0;
  std::vector<BulkColumn> columns;  // in the schema's order, each with `rows` rows
};

// Gives the next batch into `batch`; false at the end. Batches may have any number of rows.
using BulkSource = std::function<Result<bool>(BulkBatch& batch)>;

}  // namespace mien
