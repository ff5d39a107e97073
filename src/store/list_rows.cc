#include "store/list_rows.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/ascii_case.h"
#include "base/csv_records.h"
#include "base/outside_json.h"
#include "base/utf8.h"
#include "store/durable_file.h"
#include "store/text_export.h"

namespace mien {

namespace {

constexpr std::size_t kReadBytes = std::size_t{4} << 20;
constexpr std::size_t kMostField = std::size_t{1} << 20;  // of a quoted field
constexpr std::size_t kBatchRows = 16384;
constexpr std::int64_t kKeyLines = 10000;
constexpr std::size_t kMostColumns = 2000;

// A file's bytes from the present position on, read as they are needed.
class Bytes {
 public:
  explicit Bytes(const std::filesystem::path& path) : file_(path, std::ios::binary) {}
  bool is_open() const { return file_.is_open(); }
  bool failed() const { return file_.bad(); }

  // At least `count` bytes in view, or all that are left.
  std::string_view view(std::size_t count) {
    while (buffer_.size() - at_ < count && file_) {
      buffer_.erase(0, at_);
      at_ = 0;
      const std::size_t had = buffer_.size();
      buffer_.resize(had + kReadBytes);
      file_.read(buffer_.data() + had, static_cast<std::streamsize>(kReadBytes));
      buffer_.resize(had + static_cast<std::size_t>(file_.gcount()));
    }
    return std::string_view(buffer_).substr(at_);
  }
  void skip(std::size_t count) { at_ += count; }

  // The next line without its end, which need not be there at the end of the file; the number of
  // bytes with it.
  std::pair<std::string_view, std::size_t> line() {
    std::size_t want = 1 << 16;
    while (true) {
      const std::string_view bytes = view(want);
      const std::size_t end = bytes.find('\n');
      if (end != std::string_view::npos) return {bytes.substr(0, end), end + 1};
      if (bytes.size() < want) return {bytes, bytes.size()};
      want = bytes.size() * 2;
    }
  }

 private:
  std::ifstream file_;
  std::string buffer_;
  std::size_t at_ = 0;
};

struct Row {
  std::int64_t line = 0;
  const char* problem = nullptr;
  std::string message;
  std::vector<std::optional<std::string>> fields;
};

// Where a row of CSV ends and what went wrong in it, if anything did.
struct CsvEnd {
  std::size_t bytes = 0;  // with the line end
  std::int64_t lines = 0;
  const char* problem = nullptr;
  const char* message = nullptr;
};

// Fields of the row at the beginning of `bytes`, which holds a whole row or all that is left of the
// file.
CsvEnd read_csv_row(std::string_view bytes, char separator,
                    std::vector<std::optional<std::string>>& fields) {
  fields.clear();
  std::size_t at = 0;
  std::int64_t lines = 1;
  // A broken row ends with its first line, wherever a quotation mark may have led.
  const auto broken = [&](const char* message) {
    const std::size_t end = bytes.find('\n');
    return CsvEnd{end == std::string_view::npos ? bytes.size() : end + 1, 1, kBadQuotes, message};
  };
  while (true) {
    if (at < bytes.size() && bytes[at] == '"') {
      std::string text;
      ++at;
      while (true) {
        const std::size_t quote = bytes.find('"', at);
        if (quote == std::string_view::npos || quote - at + text.size() > kMostField) {
          return broken("a quotation mark opens here and is never closed");
        }
        lines += std::count(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                            bytes.begin() + static_cast<std::ptrdiff_t>(quote), '\n');
        text += bytes.substr(at, quote - at);
        at = quote + 1;
        if (at >= bytes.size() || bytes[at] != '"') break;
        text += '"';
        ++at;
      }
      const bool ends = at >= bytes.size() || bytes[at] == separator || bytes[at] == '\n' ||
                        bytes.substr(at, 2) == "\r\n";
      if (!ends) return broken("text after a closing quotation mark");
      fields.emplace_back(std::move(text));
    } else {
      std::size_t end = at;
      while (end < bytes.size() && bytes[end] != separator && bytes[end] != '\n') {
        if (bytes[end] == '"') return broken("a quotation mark in the middle of a field");
        ++end;
      }
      std::string_view text = bytes.substr(at, end - at);
      if ((end >= bytes.size() || bytes[end] == '\n') && text.ends_with('\r'))
        text.remove_suffix(1);
      fields.emplace_back(text.empty() ? std::nullopt : std::optional<std::string>(text));
      at = end;
    }
    if (at < bytes.size() && bytes[at] == '\r') ++at;
    if (at >= bytes.size()) return {at, lines, nullptr, nullptr};
    if (bytes[at++] == '\n') return {at, lines, nullptr, nullptr};
  }
}

// The keys of the object that a line holds, in their order; none where it holds no object.
std::vector<std::string> keys_of(const std::string& line) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::string> keys;
  bool is_object = false;
  const auto take = [&](int depth, Event event, const nlohmann::json& value) {
    if (depth == 0 && event == Event::object_start) is_object = true;
    if (depth == 1 && event == Event::key) keys.push_back(value.get<std::string>());
    return depth == 0;
  };
  const bool holds = !nlohmann::json::parse(line, take, false).is_discarded();
  return holds && is_object ? keys : std::vector<std::string>();
}

// JSON values as text; objects and lists as JSON.
std::optional<std::string> text_of(const nlohmann::json& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return shortest_number(value.get<double>());
  return value.dump();
}

}  // namespace

struct ListRows::State {
  State(std::filesystem::path name, Bytes source)
      : path(std::move(name)), bytes(std::move(source)) {}

  std::filesystem::path path;
  Bytes bytes;
  bool json = false;
  char separator = ',';
  std::vector<std::string> columns;
  std::unordered_map<std::string, std::size_t> positions;  // of JSON keys
  std::int64_t line = 1;                                   // of the next row
  std::int64_t given = 0;
  Row row;

  Error corrupt(std::int64_t at, const std::string& what, const std::string& remedy) const {
    return {ErrorCode::kCorrupt,
            path.string() + ": line " + std::to_string(at) + ": " + what + "; remedy: " + remedy};
  }
  Error too_many_columns(std::int64_t at) const {
    return corrupt(at, "more than " + std::to_string(kMostColumns) + " columns",
                   "leave out those that the corpus does not need");
  }
  Status read_header();
  Status find_keys();
  bool read_row();
  void read_csv(std::string_view seen);
  void read_json();
};

Status ListRows::State::read_header() {
  separator = csv_separator(bytes.view(2 * kMostField), path);
  std::vector<std::optional<std::string>> names;
  const CsvEnd end = read_csv_row(bytes.view(2 * kMostField), separator, names);
  if (end.problem != nullptr) {
    return corrupt(1, end.message, "put the column names into the first line");
  }
  if (names.size() > kMostColumns) return too_many_columns(1);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].has_value() || names[i]->empty()) {
      return corrupt(1, "column " + std::to_string(i + 1) + " has no name",
                     "give every column a name in the first line");
    }
    if (first_invalid_utf8(*names[i]) != std::string_view::npos) {
      return corrupt(1, "a byte that is not UTF-8 (the file may be Latin-1 or Windows-1252)",
                     "save it as UTF-8");
    }
    if (!seen.insert(ascii_lower_case(*names[i])).second) {
      return corrupt(1, "two columns are called '" + *names[i] + "'",
                     "give them different names (capital letters do not count)");
    }
    columns.push_back(*names[i]);
  }
  bytes.skip(end.bytes);
  line += end.lines;
  return Ok{};
}

Status ListRows::State::find_keys() {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::set<std::string> seen;
  for (std::int64_t i = 0; i < kKeyLines && std::getline(file, text); ++i) {
    for (std::string& key : keys_of(text)) {
      if (positions.emplace(key, columns.size()).second) columns.push_back(std::move(key));
    }
    if (columns.size() > kMostColumns) return too_many_columns(i + 1);
  }
  for (const std::string& column : columns) {
    if (!seen.insert(ascii_lower_case(column)).second) {
      return corrupt(1, "two keys are called '" + column + "'",
                     "give them different names (capital letters do not count)");
    }
  }
  if (columns.empty()) return corrupt(1, "no line holds a JSON object", "give one object a line");
  return Ok{};
}

void ListRows::State::read_csv(std::string_view seen) {
  const CsvEnd end = read_csv_row(seen, separator, row.fields);
  row.line = line;
  row.problem = end.problem;
  row.message = end.message != nullptr ? end.message : "";
  bytes.skip(end.bytes);
  line += end.lines;
  if (row.problem == nullptr && row.fields.size() != columns.size()) {
    row.problem = kFieldCount;
    row.message = std::to_string(row.fields.size()) + " fields where the first line has " +
                  std::to_string(columns.size());
  }
}

void ListRows::State::read_json() {
  const auto [text, size] = bytes.line();
  row.line = line++;
  row.problem = nullptr;
  row.message.clear();
  row.fields.assign(columns.size(), std::nullopt);
  const auto value = parse_outside_json(text);
  if (!value.is_object()) {
    row.problem = first_invalid_utf8(text) != std::string_view::npos ? kBadEncoding : kBadJson;
    row.message = "the line is no JSON object in UTF-8, or values stand too deep in each other";
  } else {
    for (const auto& [key, content] : value.items()) {
      const auto found = positions.find(key);
      if (found == positions.end()) {
        row.problem = kBadJson;
        row.message = "the key '" + key + "' is not among those of the first 10,000 lines";
        break;
      }
      row.fields[found->second] = text_of(content);
    }
  }
  bytes.skip(size);
}

// False at the end of the file. Blank lines are skipped.
bool ListRows::State::read_row() {
  while (true) {
    const std::string_view seen = bytes.view(2 * kMostField);
    if (seen.empty()) return false;
    if (seen.starts_with('\n') || seen.starts_with("\r\n")) {
      bytes.skip(seen[0] == '\n' ? 1 : 2);
      ++line;
      continue;
    }
    json ? read_json() : read_csv(seen);
    break;
  }
  if (row.problem == nullptr) {
    for (const auto& field : row.fields) {
      if (!field.has_value()) continue;
      if (first_invalid_utf8(*field) != std::string_view::npos ||
          field->find('\0') != std::string::npos) {
        row.problem = kBadEncoding;
        row.message = "a byte that is not UTF-8 text; the line may be Latin-1 or Windows-1252";
        break;
      }
    }
  }
  if (row.problem != nullptr) row.fields.assign(columns.size(), std::nullopt);
  return true;
}

ListRows::ListRows(std::unique_ptr<State> state) : state_(std::move(state)) {}
ListRows::ListRows(ListRows&&) noexcept = default;
ListRows::~ListRows() = default;

Result<ListRows> ListRows::open(const std::filesystem::path& path) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) {
    return Error{ErrorCode::kNotFound, path.string() + ": no such file; remedy: check the path"};
  }
  auto state = std::make_unique<State>(path, Bytes(path));
  if (!state->bytes.is_open()) {
    return Error{ErrorCode::kIo, path.string() + ": cannot be read; " + io_remedy(errno)};
  }
  const std::string_view begin = state->bytes.view(4);
  if (begin.starts_with("\xFF\xFE") || begin.starts_with("\xFE\xFF")) {
    return state->corrupt(1, "the file is UTF-16", "save it as UTF-8");
  }
  if (begin.empty()) return state->corrupt(1, "the file is empty", "give it a first line");
  if (begin.starts_with("\xEF\xBB\xBF")) state->bytes.skip(3);
  const std::string ending = ascii_lower_case(path.extension().string());
  state->json = ending == ".jsonl" || ending == ".ndjson";
  MIEN_TRY_VOID(state->json ? state->find_keys() : state->read_header());
  return ListRows(std::move(state));
}

const std::vector<std::string>& ListRows::columns() const {
  return state_->columns;
}
std::int64_t ListRows::rows() const {
  return state_->given;
}

TableSchema ListRows::schema() const {
  TableSchema schema{"list", "row", "", {}};
  schema.columns.push_back({"line", ColumnType::kInt64, ""});
  schema.columns.push_back({"problem", ColumnType::kString, ""});
  schema.columns.push_back({"message", ColumnType::kString, ""});
  for (std::size_t i = 0; i < state_->columns.size(); ++i) {
    schema.columns.push_back({"c" + std::to_string(i), ColumnType::kString, state_->columns[i]});
  }
  return schema;
}

Result<bool> ListRows::next(BulkBatch& batch) {
  batch = {};
  batch.columns.resize(state_->columns.size() + 3);
  const auto put = [](BulkColumn& column, std::string text) {
    column.codes.push_back(static_cast<std::uint32_t>(column.words.size()));
    column.words.push_back(std::move(text));
  };
  while (batch.rows < kBatchRows && state_->read_row()) {
    Row& row = state_->row;
    batch.columns[0].integers.push_back(row.line);
    if (row.problem != nullptr) {
      put(batch.columns[1], row.problem);
      put(batch.columns[2], row.message);
    } else {
      batch.columns[1].codes.push_back(BulkColumn::kNull);
      batch.columns[2].codes.push_back(BulkColumn::kNull);
    }
    for (std::size_t i = 0; i < row.fields.size(); ++i) {
      if (row.fields[i].has_value()) {
        put(batch.columns[i + 3], std::move(*row.fields[i]));
      } else {
        batch.columns[i + 3].codes.push_back(BulkColumn::kNull);
      }
    }
    ++batch.rows;
  }
  state_->given += static_cast<std::int64_t>(batch.rows);
  if (state_->bytes.failed()) {
    return Error{ErrorCode::kIo,
                 state_->path.string() + ": reading failed; remedy: check the disk"};
  }
  return batch.rows > 0;
}

}  // namespace mien
