#include "store/csv_import.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ascii_case.h"
#include "base/csv_records.h"
#include "base/utf8.h"
#include "store/durable_file.h"

namespace mien {

namespace {

Result<TableSchema> schema_of(const CsvRecord& header, const CsvRecords& parser) {
  TableSchema schema{"list", "video", "", {}};
  std::set<std::string> seen;
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    const std::string& name = header.fields[i].text;
    if (first_invalid_utf8(name) != std::string_view::npos) return parser.not_utf8(header.line);
    if (name.empty()) {
      return parser.error(header.line, "column " + std::to_string(i + 1) + " has no name",
                          "give every column a name in the first line");
    }
    if (!seen.insert(ascii_lower_case(name)).second) {
      return parser.error(header.line, "two columns are called '" + name + "'",
                          "give them different names (capital letters do not count)");
    }
    schema.columns.push_back({name, ColumnType::kString, ""});
  }
  return schema;
}

Result<Table> read_parquet_list(Database& database, const std::filesystem::path& path) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) {
    return Error{ErrorCode::kNotFound, path.string() + ": no such file; remedy: check the path"};
  }
  const std::string source = sql_read_parquet(path);
  Result<Table> described = database.query(
      "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + source + ")");
  // The plain reader has the better words for a file that does not parse.
  if (!described.ok()) return database.read_parquet(path);
  std::string columns;
  for (std::size_t row = 0; row < described->rows(); ++row) {
    const std::string name = sql_identifier(described->column(0).strings()[row]);
    const std::string& type = described->column(1).strings()[row];
    const bool as_text = type == "DATE" || type == "UUID" || type.starts_with("TIME") ||
                         type.starts_with("ENUM") || type.starts_with("INTERVAL");
    const bool nested = type.ends_with(']') || type.find('(') != std::string::npos;
    columns += (row > 0 ? ", " : "");
    columns += as_text && (!nested || type.starts_with("ENUM"))
                   ? "CAST(" + name + " AS VARCHAR) AS " + name
                   : name;
  }
  Result<Table> table = database.query("SELECT " + columns + " FROM " + source);
  if (!table.ok()) return std::move(table).error().with_context(path.string());
  return table;
}

}  // namespace

Result<Table> parse_list(std::string_view bytes, const std::filesystem::path& name,
                         const std::vector<std::string>& names_of_files) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  CsvRecords parser(bytes, name.string(), csv_separator(bytes, name));
  if (std::optional<Error> bad = parser.check_encoding()) return *std::move(bad);
  const std::size_t first_bad = first_invalid_utf8(bytes);
  const bool is_text = first_bad == std::string_view::npos;
  if (!is_text && names_of_files.empty()) return parser.not_utf8(line_of(bytes, first_bad));

  std::optional<Table> table;
  std::vector<Cell> cells;
  while (!parser.at_end()) {
    MIEN_TRY(record, parser.next());
    if (record.blank()) continue;
    if (!table.has_value()) {
      MIEN_TRY(schema, schema_of(record, parser));
      table.emplace(std::move(schema));
      continue;
    }
    const std::size_t columns = table->schema().columns.size();
    if (record.fields.size() != columns) {
      return parser.error(record.line,
                          std::to_string(record.fields.size()) +
                              " fields where the first line has " + std::to_string(columns),
                          "give every line one field a column; put text that contains the "
                          "separator in quotation marks");
    }
    cells.clear();
    for (std::size_t c = 0; c < columns && !is_text; ++c) {
      const bool may_be_any = std::ranges::find(names_of_files, table->schema().columns[c].name) !=
                              names_of_files.end();
      if (!may_be_any && first_invalid_utf8(record.fields[c].text) != std::string_view::npos) {
        return parser.not_utf8(record.line);
      }
    }
    for (CsvField& field : record.fields) {
      const bool null = field.text.empty() && !field.quoted;
      cells.push_back(null ? Cell{} : Cell{std::move(field.text)});
    }
    table->append(cells);
  }
  if (!table.has_value()) {
    return parser.error(1, "the file is empty", "begin with a line of column names");
  }
  return *std::move(table);
}

Result<Table> read_list(Database& database, const std::filesystem::path& path,
                        const std::vector<std::string>& names_of_files) {
  if (ascii_lower_case(path.extension().string()) == ".parquet") {
    return read_parquet_list(database, path);
  }
  MIEN_TRY(bytes, read_whole_file(path));
  return parse_list(bytes, path, names_of_files);
}

}  // namespace mien
