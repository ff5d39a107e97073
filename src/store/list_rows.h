// Lists of videos of any length, read as a stream: CSV, TSV (*.tsv, *.tab) and JSON lines (*.jsonl,
// *.ndjson). A row that cannot be read is not an error of the file: it comes as a row with a
// problem, so that whoever reads can count it and name its line.
//
// Text: UTF-8 (a byte order mark is skipped); RFC 4180 quoting; lines ended by LF or CRLF; the
// separator as in csv_import.h. An empty field is null. After a row with a problem, reading goes on
// at the next line; a quoted field may be 1 MB long.
//
// Errors: kNotFound, kIo, kCorrupt (UTF-16, a first line that cannot be read, columns without a
// name or with the same one), each naming file, line and remedy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/bulk_batch.h"

namespace mien {

// Why a row is unreadable: the codes of its problem.
inline constexpr const char* kBadQuotes = "bad_quotes";
inline constexpr const char* kBadEncoding = "not_utf8";
inline constexpr const char* kFieldCount = "field_count";
inline constexpr const char* kBadJson = "bad_json";

class ListRows {
 public:
  static Result<ListRows> open(const std::filesystem::path& path);
  ListRows(ListRows&&) noexcept;
  ~ListRows();

  // As the file calls them; of JSON lines, the keys of the first 10,000 lines in order of
  // appearance.
  const std::vector<std::string>& columns() const;

  // line (int64), problem, message (strings, null where the row reads well), then the columns as
  // strings.
  TableSchema schema() const;
  Result<bool> next(BulkBatch& batch);  // a BulkSource
  std::int64_t rows() const;            // given so far

 private:
  struct State;
  explicit ListRows(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
