#include "pipeline/ingest/ingest_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii_case.h"
#include "pipeline/ingest/video_info_rows.h"
#include "store/list_rows.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

// Names that ingest itself gives.
bool is_taken(const std::string& name) {
  return name == "country_note" || name == "duplicate_cluster";
}

// Which corpus column each column of the list is: as the options say, else the one of the same
// name.
Result<std::vector<StagedColumn>> map_columns(const std::vector<std::string>& names,
                                              const IngestOptions& options) {
  const TableSchema corpus = corpus_schema();
  std::vector<StagedColumn> columns;
  const auto place_of = [&](const std::string& name) {
    return std::find_if(names.begin(), names.end(), [&](const std::string& other) {
      return ascii_lower_case(other) == ascii_lower_case(name);
    });
  };
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  std::map<std::string, std::string> given;  // column of the list -> corpus column
  for (const auto& [corpus_name, list_name] : options.columns) {
    const auto place = place_of(list_name);
    if (place == names.end()) {
      return Error{ErrorCode::kUsage,
                   fmt::format("{}: there is no column '{}' for {}; it has {}",
                               options.list.string(), list_name, corpus_name, all)};
    }
    if (!given.emplace(*place, corpus_name).second) {
      return Error{ErrorCode::kUsage,
                   fmt::format("column '{}' of the list is given two meanings", list_name)};
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    StagedColumn column{names[i], fmt::format("c{}", i), true};
    const auto meaning = given.find(names[i]);
    const std::string plain = ascii_lower_case(names[i]);
    if (meaning != given.end()) {
      column.name = meaning->second;
      column.own = false;
    } else if (corpus.index_of(plain) >= 0 && !options.columns.contains(plain)) {
      column.name = plain;
      column.own = false;
    } else if (corpus.index_of(plain) >= 0 || is_taken(plain)) {
      column.name = "list_" + plain;  // its name belongs to another column now
    }
    columns.push_back(column);
  }
  const auto is_id = [](const StagedColumn& column) { return column.name == "video_id"; };
  if (std::none_of(columns.begin(), columns.end(), is_id)) {
    return Error{ErrorCode::kUsage,
                 fmt::format("{}: there is no column 'video_id'; remedy: name it with --column "
                             "video_id=COLUMN; the list has {}",
                             options.list.string(), all)};
  }
  return columns;
}

Result<StagedList> stage_parquet(Database& database, const IngestOptions& options,
                                 const fs::path& file) {
  std::error_code code;
  if (!fs::is_regular_file(options.list, code)) {
    return Error{ErrorCode::kNotFound,
                 options.list.string() + ": no such file; remedy: check the path"};
  }
  const std::string source = sql_read_parquet(options.list);
  Result<Table> described = database.query(
      "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + source + ")");
  if (!described.ok()) {  // the plain reader has the better words
    MIEN_TRY(schema, database.read_schema(options.list));
    return std::move(described).error();
  }
  std::vector<std::string> names;
  std::string select;
  for (std::size_t row = 0; row < described->rows(); ++row) {
    names.push_back(described->column(0).strings()[row]);
    const std::string& type = described->column(1).strings()[row];
    if (type.ends_with(']') || type.starts_with("STRUCT") || type.starts_with("MAP") ||
        type == "BLOB") {
      return Error{ErrorCode::kUnsupported,
                   fmt::format("{}: column {} is of kind {}; remedy: make it text or a number",
                               options.list.string(), names.back(), type)};
    }
    select += fmt::format(", CAST({} AS VARCHAR) AS c{}", sql_identifier(names.back()), row);
  }
  StagedList list;
  list.file = file;
  MIEN_TRY(columns, map_columns(names, options));
  list.columns = std::move(columns);
  MIEN_TRY_VOID(
      database.write_query_parquet("SELECT row_number() OVER () AS line, CAST(NULL AS VARCHAR) AS "
                                   "problem, CAST(NULL AS VARCHAR) "
                                   "AS message" +
                                       select + " FROM " + source,
                                   file, {}));
  MIEN_TRY(count, database.query("SELECT count(*) FROM " + sql_read_parquet(file)));
  list.rows = std::get<std::int64_t>(count.column(0).at(0));
  return list;
}

template <typename Rows>
Result<StagedList> stage_rows(Database& database, const IngestOptions& options,
                              const fs::path& file, Rows& rows, const StageReport& progress,
                              const std::atomic<bool>& stop) {
  StagedList list;
  list.file = file;
  MIEN_TRY(columns, map_columns(rows.columns(), options));
  list.columns = std::move(columns);
  const BulkSource source = [&](BulkBatch& batch) -> Result<bool> {
    if (stop) return Error{ErrorCode::kCancelled, "stopped as asked; the corpus is as it was"};
    if (progress) progress({"list", rows.rows(), 0, "rows"});
    return rows.next(batch);
  };
  MIEN_TRY_VOID(database.write_stream(rows.schema(), source, file, {}));
  list.rows = rows.rows();
  return list;
}

}  // namespace

std::string StagedList::text_of(const std::string& name) const {
  for (const StagedColumn& column : columns) {
    if (column.name == name) return fmt::format("nullif(trim({}), '')", column.sql);
  }
  return "CAST(NULL AS VARCHAR)";
}

bool StagedList::has(const std::string& name) const {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const StagedColumn& column) { return column.name == name; });
}

Result<StagedList> stage_list(Database& database, const IngestOptions& options,
                              const fs::path& folder, const StageReport& progress,
                              const std::atomic<bool>& stop) {
  const fs::path file = folder / "list.parquet";
  if (ascii_lower_case(options.list.extension().string()) == ".parquet") {
    return stage_parquet(database, options, file);
  }
  if (VideoInfoRows::is_info(options.list)) {
    MIEN_TRY(infos, VideoInfoRows::open(options.list));
    return stage_rows(database, options, file, infos, progress, stop);
  }
  MIEN_TRY(rows, ListRows::open(options.list));
  return stage_rows(database, options, file, rows, progress, stop);
}

}  // namespace mien
