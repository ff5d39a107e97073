#include "pipeline/study/corpus.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "store/text_export.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

// The corpus's own columns are text, whatever kind a Parquet list gives them.
Cell as_text(const Cell& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return shortest_number(*number);
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
  if (const auto* truth = std::get_if<bool>(&cell)) return std::string(*truth ? "true" : "false");
  return cell;
}

std::vector<ColumnSpec> own_columns(const TableSchema& schema) {
  const TableSchema declared = corpus_schema();
  std::vector<ColumnSpec> own;
  for (const ColumnSpec& column : schema.columns) {
    if (declared.index_of(column.name) < 0) own.push_back(column);
  }
  return own;
}

std::string list_of(const std::vector<ColumnSpec>& columns) {
  std::string text;
  for (const ColumnSpec& column : columns) {
    text += text.empty() ? "" : ", ";
    text += column.name + " (";
    text += to_string(column.type);
    text += ")";
  }
  return text.empty() ? "none" : text;
}

std::optional<std::string> own_difference(const std::vector<ColumnSpec>& old_columns,
                                          const std::vector<ColumnSpec>& new_columns) {
  const auto without = [](const std::vector<ColumnSpec>& a, const std::vector<ColumnSpec>& b) {
    std::vector<ColumnSpec> rest;
    for (const ColumnSpec& column : a) {
      bool found = false;
      for (const ColumnSpec& other : b) {
        found = found || (other.name == column.name && other.type == column.type);
      }
      if (!found) rest.push_back(column);
    }
    return rest;
  };
  const auto added = without(new_columns, old_columns);
  const auto missing = without(old_columns, new_columns);
  if (added.empty() && missing.empty()) return std::nullopt;
  return "new: " + list_of(added) + "; missing: " + list_of(missing);
}

using Rows = std::vector<std::vector<Cell>>;

// The rows of `table` in the order of `schema`'s columns.
Rows arranged(const Table& table, const TableSchema& schema) {
  const TableSchema declared = corpus_schema();
  Rows rows(table.rows(), std::vector<Cell>(schema.columns.size()));
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    const std::string& name = schema.columns[c].name;
    if (!table.has(name)) continue;
    const bool text = declared.index_of(name) >= 0;
    const Column& column = table.column(name);
    for (std::size_t r = 0; r < table.rows(); ++r) {
      rows[r][c] = text ? as_text(column.at(r)) : column.at(r);
    }
  }
  return rows;
}

}  // namespace

Status update_corpus(Database& database, const fs::path& folder, const Table& rows) {
  MIEN_CHECK(rows.has("video_id"), "rows of a corpus have a video_id");
  const fs::path path = folder / "corpus.parquet";
  std::error_code ignored;
  Table old;
  if (fs::exists(path, ignored)) {
    MIEN_TRY(read, database.read_parquet(path));
    if (!read.has("video_id")) {
      return Error{ErrorCode::kCorrupt, path.string() +
                                            ": a corpus without the column video_id; remedy: "
                                            "remove it or put the right file there"};
    }
    old = std::move(read);
  }
  const bool is_new = old.schema().columns.empty();
  std::vector<ColumnSpec> own = own_columns(rows.schema());
  if (!is_new) {
    std::vector<ColumnSpec> old_own = own_columns(old.schema());
    if (!own.empty()) {
      if (const auto difference = own_difference(old_own, own)) {
        return Error{ErrorCode::kMismatch,
                     path.string() + ": the list's own columns are not those of the corpus (" +
                         *difference +
                         "); remedy: give the list the same columns, remove corpus.parquet to "
                         "begin it anew, or name another --out"};
      }
    }
    own = std::move(old_own);
  }

  TableSchema schema = corpus_schema();
  schema.columns.insert(schema.columns.end(), own.begin(), own.end());
  Rows merged = arranged(old, schema);
  std::unordered_map<std::string, std::size_t> positions;
  for (std::size_t r = 0; r < merged.size(); ++r) {
    if (const auto* id = std::get_if<std::string>(&merged[r][0])) positions.emplace(*id, r);
  }
  bool changed = is_new;
  for (std::vector<Cell>& row : arranged(rows, schema)) {
    const auto* id = std::get_if<std::string>(&row[0]);
    if (id == nullptr) {
      return Error{ErrorCode::kUsage, "a row of the list has no video_id; remedy: give it one"};
    }
    const auto [it, appended] = positions.emplace(*id, merged.size());
    if (appended) {
      merged.push_back(std::move(row));
      changed = true;
      continue;
    }
    std::vector<Cell>& known = merged[it->second];
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (std::holds_alternative<std::monostate>(row[c]) || row[c] == known[c]) continue;
      known[c] = std::move(row[c]);
      changed = true;
    }
  }
  if (!changed) return Ok{};
  Table table(std::move(schema));
  for (const std::vector<Cell>& row : merged) table.append(row);
  return database.write_parquet(table, path, {{"mien.table", "corpus"}});
}

}  // namespace mien
