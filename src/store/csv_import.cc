#include "store/csv_import.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "store/durable_file.h"
#include "store/utf8.h"

namespace mien {

namespace {

struct Field {
  std::string text;
  bool quoted = false;  // so that "" differs from nothing
};

struct Record {
  std::vector<Field> fields;
  std::size_t line = 0;  // where it begins, from 1

  bool blank() const { return fields.size() == 1 && fields[0].text.empty() && !fields[0].quoted; }
};

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

class Parser {
 public:
  Parser(std::string_view bytes, std::string name, char separator)
      : bytes_(bytes), name_(std::move(name)), separator_(separator) {}

  bool at_end() const { return at_ >= bytes_.size(); }

  Result<Record> next() {
    Record record;
    record.line = line_;
    while (true) {
      MIEN_TRY(field, bytes_.substr(at_).starts_with('"') ? quoted_field() : plain_field());
      record.fields.push_back(std::move(field));
      if (at_end()) return record;
      const char c = bytes_[at_++];
      if (c == separator_) continue;
      if (c == '\r') ++at_;  // the field ended at CRLF
      ++line_;
      return record;
    }
  }

  Error error(std::size_t line, const std::string& what, const std::string& remedy) const {
    return {ErrorCode::kCorrupt,
            name_ + ": line " + std::to_string(line) + ": " + what + "; remedy: " + remedy};
  }

 private:
  // Whether a field ends here: end of file, separator, LF or CRLF.
  bool at_field_end() const {
    if (at_end() || bytes_[at_] == separator_ || bytes_[at_] == '\n') return true;
    return bytes_.substr(at_, 2) == "\r\n";
  }

  Result<Field> plain_field() {
    const std::size_t begin = at_;
    for (; !at_field_end(); ++at_) {
      if (bytes_[at_] == '"') {
        return error(line_, "a quotation mark in the middle of a field",
                     "put the whole field in quotation marks and double those inside it");
      }
      if (bytes_[at_] == '\r') {
        return error(line_, "a carriage return without a line feed",
                     "save the file with Unix or Windows line ends");
      }
    }
    return Field{std::string(bytes_.substr(begin, at_ - begin)), false};
  }

  Result<Field> quoted_field() {
    const std::size_t opened = line_;
    Field field{"", true};
    ++at_;
    while (true) {
      const std::size_t quote = bytes_.find('"', at_);
      if (quote == std::string_view::npos) {
        return error(opened, "a quotation mark opens here and is never closed",
                     "close it, or double it where it belongs to the text");
      }
      const std::string_view part = bytes_.substr(at_, quote - at_);
      line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
      field.text += part;
      at_ = quote + 1;
      if (at_end() || bytes_[at_] != '"') break;
      field.text += '"';
      ++at_;
    }
    if (!at_field_end()) {
      return error(line_, "text after a closing quotation mark",
                   "double the quotation marks that belong to the text");
    }
    return field;
  }

  std::string_view bytes_;
  std::string name_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

char separator_of(std::string_view bytes, const std::filesystem::path& name) {
  const std::string ending = lower_case(name.extension().string());
  if (ending == ".tsv" || ending == ".tab") return '\t';
  std::size_t commas = 0;
  std::size_t semicolons = 0;
  std::size_t tabs = 0;
  bool quoted = false;
  for (const char c : bytes) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    commas += c == ',' ? 1 : 0;
    semicolons += c == ';' ? 1 : 0;
    tabs += c == '\t' ? 1 : 0;
  }
  if (commas >= semicolons && commas >= tabs) return ',';
  return semicolons >= tabs ? ';' : '\t';
}

std::size_t line_of(std::string_view bytes, std::size_t at) {
  return 1 + static_cast<std::size_t>(
                 std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

Error not_utf8(std::size_t line, const Parser& parser) {
  return parser.error(line, "a byte that is not UTF-8 (the file may be Latin-1 or Windows-1252)",
                      "save it as UTF-8");
}

// UTF-16 and zero bytes, before any parsing.
std::optional<Error> check_encoding(std::string_view bytes, const Parser& parser) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    return parser.error(1, "the file is UTF-16", "save it as UTF-8");
  }
  const std::size_t zero = bytes.find('\0');
  if (zero != std::string_view::npos) {
    return parser.error(line_of(bytes, zero), "a zero byte: the file is UTF-16 or not text",
                        "save it as CSV in UTF-8");
  }
  return std::nullopt;
}

Result<TableSchema> schema_of(const Record& header, const Parser& parser) {
  TableSchema schema{"list", "video", "", {}};
  std::set<std::string> seen;
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    const std::string& name = header.fields[i].text;
    if (first_invalid_utf8(name) != std::string_view::npos) return not_utf8(header.line, parser);
    if (name.empty()) {
      return parser.error(header.line, "column " + std::to_string(i + 1) + " has no name",
                          "give every column a name in the first line");
    }
    if (!seen.insert(lower_case(name)).second) {
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
    return Error{ErrorCode::kNotFound, path.string() + ": no such file"};
  }
  const std::string source = sql_read_parquet({&path, 1});
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
  Parser parser(bytes, name.string(), separator_of(bytes, name));
  if (std::optional<Error> bad = check_encoding(bytes, parser)) return *std::move(bad);
  const std::size_t first_bad = first_invalid_utf8(bytes);
  const bool is_text = first_bad == std::string_view::npos;
  if (!is_text && names_of_files.empty()) return not_utf8(line_of(bytes, first_bad), parser);

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
        return not_utf8(record.line, parser);
      }
    }
    for (Field& field : record.fields) {
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
  if (lower_case(path.extension().string()) == ".parquet") {
    return read_parquet_list(database, path);
  }
  MIEN_TRY(bytes, read_whole_file(path));
  return parse_list(bytes, path, names_of_files);
}

}  // namespace mien
