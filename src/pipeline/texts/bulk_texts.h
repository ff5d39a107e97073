// Texts in columns, on their way into and out of Parquet in bulk.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "store/bulk_batch.h"
#include "store/scan_batch.h"

namespace mien {

// A column of texts, null where empty.
inline void add_text(BulkColumn& column, std::string_view text) {
  if (text.empty()) {
    column.codes.push_back(BulkColumn::kNull);
    return;
  }
  column.codes.push_back(static_cast<std::uint32_t>(column.words.size()));
  column.words.emplace_back(text);
}

// Gives the batch, which must outlive it, and ends.
inline BulkSource once(BulkBatch& batch) {
  return [&batch, given = false](BulkBatch& out) mutable -> Result<bool> {
    if (given || batch.rows == 0) return false;
    given = true;
    out = std::move(batch);
    return true;
  };
}

// Empty where null.
inline std::string text_of(const ScanBatch& batch, std::size_t column, std::size_t row) {
  return batch.is_null(column, row) ? std::string() : std::string(batch.text(column, row));
}

}  // namespace mien
