#include "store/table_cells.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "base/ascii_case.h"
#include "base/csv_records.h"
#include "base/utf8.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

std::string_view without_spaces(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_parquet_table(const fs::path& file) {
  return ascii_lower_case(file.extension().string()) == ".parquet";
}

Error table_fault(const fs::path& file, ErrorCode code, const std::string& what,
                  const std::string& remedy) {
  return {code, file.string() + ": " + what + "; remedy: " + remedy};
}

// The column names of a CSV file, as they stand there but for the spaces around them.
Result<Names> csv_names(CsvRecords& records) {
  MIEN_TRY(record, records.next());
  Names names;
  for (const CsvField& field : record.fields) {
    if (first_invalid_utf8(field.text) != std::string_view::npos) {
      return records.not_utf8(record.line);
    }
    names.emplace_back(without_spaces(field.text));
  }
  return names;
}

Status check_size(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) {
    return table_fault(file, ErrorCode::kNotFound, "no such file", "check the name");
  }
  const std::uintmax_t size = fs::file_size(file, error);
  if (error || size <= static_cast<std::uintmax_t>(kMostTableBytes)) return Ok{};
  return table_fault(file, ErrorCode::kUnsupported,
                     "it is larger than " + std::to_string(kMostTableBytes) + " bytes",
                     "leave out columns that are not needed, or cut the file");
}

std::string_view without_mark(std::string_view bytes) {
  return bytes.starts_with("\xEF\xBB\xBF") ? bytes.substr(3) : bytes;
}

// Names with the kind that DuckDB gives their columns, in the file's order.
Result<Names> parquet_header(Database& database, const fs::path& file) {
  MIEN_TRY(described, database.query("SELECT column_name FROM (DESCRIBE SELECT * FROM " +
                                     sql_read_parquet(file) + ")"));
  const auto names = described.column(0).strings();
  return Names(names.begin(), names.end());
}

// Where each wanted column stands; npos: nowhere.
Result<std::vector<std::size_t>> places_of(const fs::path& file, const Names& header,
                                           const Names& wanted) {
  std::vector<std::size_t> places;
  for (const std::string& name : wanted) {
    std::size_t place = std::string::npos;
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (without_spaces(header[i]) != name) continue;
      if (place != std::string::npos) {
        return table_fault(file, ErrorCode::kCorrupt, "two columns are called '" + name + "'",
                           "keep one of them");
      }
      place = i;
    }
    places.push_back(place);
  }
  return places;
}

Status each_csv_row(const fs::path& file, const Names& wanted, const TakeCells& take) {
  MIEN_TRY(bytes, read_whole_file(file));
  const std::string_view text = without_mark(bytes);
  CsvRecords records(text, file.string(), csv_separator(text, file), kMostTableColumns);
  if (const auto problem = records.check_encoding()) return *problem;
  if (text.empty()) return records.error(1, "the file is empty", "write the table anew");
  MIEN_TRY(header, csv_names(records));
  MIEN_TRY(places, places_of(file, header, wanted));
  std::vector<std::string_view> cells(wanted.size());
  while (!records.at_end()) {
    MIEN_TRY(record, records.next());
    if (record.blank()) continue;
    if (record.fields.size() != header.size()) {
      return records.error(record.line,
                           std::to_string(record.fields.size()) +
                               " fields where the first line has " + std::to_string(header.size()),
                           "the tool may have been stopped while it wrote; run it again, or take "
                           "out the line");
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      cells[i] = places[i] == std::string::npos ? std::string_view()
                                                : without_spaces(record.fields[places[i]].text);
    }
    MIEN_TRY_VOID(take(static_cast<std::int64_t>(record.line), cells));
  }
  return Ok{};
}

Status each_parquet_row(Database& database, const fs::path& file, const Names& wanted,
                        const TakeCells& take) {
  MIEN_TRY(header, parquet_header(database, file));
  MIEN_TRY(places, places_of(file, header, wanted));
  std::string select = "SELECT file_row_number";
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string cell =
        places[i] == std::string::npos ? "NULL" : sql_identifier(header[places[i]]);
    select += ", CAST(" + cell + " AS VARCHAR) AS c" + std::to_string(i);
  }
  return database.query(select + " FROM " + sql_read_parquet(file),
                        [&](const Table& batch) -> Status {
                          std::vector<std::string_view> cells(wanted.size());
                          for (std::size_t row = 0; row < batch.rows(); ++row) {
                            for (std::size_t i = 0; i < cells.size(); ++i) {
                              cells[i] = without_spaces(batch.column(1 + i).strings()[row]);
                            }
                            MIEN_TRY_VOID(take(batch.column(0).integers()[row] + 1, cells));
                          }
                          return Ok{};
                        });
}

}  // namespace

Result<Names> read_table_header(Database& database, const fs::path& file) {
  MIEN_TRY_VOID(check_size(file));
  if (is_parquet_table(file)) {
    MIEN_TRY(header, parquet_header(database, file));
    for (std::string& name : header) name = std::string(without_spaces(name));
    return header;
  }
  constexpr std::size_t kMostHeader = std::size_t{1} << 20;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return table_fault(file, ErrorCode::kIo, "it cannot be opened for reading",
                       "check its permissions");
  }
  std::string bytes(kMostHeader, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  const std::string_view text = without_mark(bytes);
  CsvRecords records(text, file.string(), csv_separator(text, file), kMostTableColumns);
  if (const auto problem = records.check_encoding()) return *problem;
  if (text.empty()) return records.error(1, "the file is empty", "write the table anew");
  return csv_names(records);
}

Status each_table_row(Database& database, const fs::path& file, const Names& wanted,
                      const TakeCells& take) {
  MIEN_TRY_VOID(check_size(file));
  return is_parquet_table(file) ? each_parquet_row(database, file, wanted, take)
                                : each_csv_row(file, wanted, take);
}

}  // namespace mien
