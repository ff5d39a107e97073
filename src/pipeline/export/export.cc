#include "pipeline/export/export.h"

#include <optional>
#include <set>

#include "pipeline/simulate/simulate.h"
#include "pipeline/study/study.h"
#include "pipeline/study/study_tables.h"
#include "store/text_export.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

Error unknown_table(const fs::path& study, const std::string& table,
                    const std::set<std::string>& names) {
  if (names.empty()) {
    return {ErrorCode::kNotFound,
            study.string() +
                ": no table of a study is there; remedy: make some with 'mien "
                "annotate', 'mien ingest' or 'mien simulate'"};
  }
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  std::string message = study.string() + ": no table '" + table + "'; it has " + list;
  if (table == "frames") message += "; 'mien annotate --frames' makes frames";
  return {ErrorCode::kUsage, message};
}

}  // namespace

Result<std::vector<fs::path>> export_files(const fs::path& study_folder, const std::string& table,
                                           Database& database, ExportSummary& summary) {
  std::map<std::string, fs::path> whole = whole_tables(study_folder);
  for (const char* folder : {"maps/", "compare/"}) {
    const fs::path file = study_folder / (table + ".parquet");
    std::error_code ignored;
    if (table.starts_with(folder) && fs::is_regular_file(file, ignored)) {
      whole.emplace(table, file);
    }
  }
  const auto found = whole.find(table);
  const auto in_shards = study_table_files(study_folder, table);
  if (found != whole.end() && !in_shards.ok()) return std::vector<fs::path>{found->second};
  // Contexts that were not named from pictures.
  std::vector<fs::path> others = coded_table_files(study_folder, table);
  const fs::path of_texts = study_folder / kTextsFolder / (table + ".parquet");
  std::error_code absent;
  if (fs::is_regular_file(of_texts, absent)) others.insert(others.begin(), of_texts);
  if (in_shards.ok()) {
    const fs::path& first = in_shards->front();
    const bool lies_whole = found != whole.end() && first == found->second;
    if (lies_whole || (!others.empty() && first == others.front())) return *in_shards;
  }

  std::set<std::string> names;
  for (const auto& [name, file] : whole) names.insert(name);
  std::error_code ignored;
  if (!fs::exists(study_folder / "annotations", ignored))
    return unknown_table(study_folder, table, names);
  MIEN_TRY(study, Study::open_existing(study_folder, database));
  names.merge(study.table_names());
  std::vector<fs::path> files = study.tables(table);
  if (!files.empty()) files.insert(files.end(), others.begin(), others.end());
  if (files.empty() && in_shards.ok() && !study.problems().empty()) {
    return Error{
        ErrorCode::kCorrupt,
        study.problems().front() + "; no shard with " + table +
            " holds; remedy: the 'mien annotate' command that made the study makes it anew"};
  }
  if (files.empty()) return unknown_table(study_folder, table, names);
  summary.problems = study.problems();
  for (const StudyInput& video : study.plan().videos()) {
    summary.videos_missing += study.state_of(video.video_id) == VideoState::kDone ? 0 : 1;
  }
  return files;
}

Result<ExportSummary> export_table(const ExportRequest& request,
                                   const std::function<Status(const std::string& text)>& write) {
  MIEN_TRY(database, Database::open());
  ExportSummary summary;
  MIEN_TRY(files, export_files(request.study, request.table, database, summary));
  MIEN_TRY(metadata, database.read_metadata(files.front()));
  // Maps carry what their expressions say under a name of its own.
  summary.is_simulated = metadata.contains(kSimulatedKey) ||
                         metadata.contains(std::string("expressions_") + kSimulatedKey);
  if (request.format == ExportFormat::kParquet) {
    MIEN_TRY_VOID(database.write_query_parquet("SELECT * FROM " + sql_read_parquet(files),
                                               request.parquet_file, metadata));
    return summary;
  }
  bool has_header = request.format == ExportFormat::kJsonLines;
  for (const fs::path& file : files) {
    if (!has_header) {
      MIEN_TRY(schema, database.read_schema(file));
      MIEN_TRY_VOID(write(csv_header(schema)));
      has_header = true;
    }
    MIEN_TRY_VOID(database.query("SELECT * FROM " + sql_read_parquet(file),
                                 [&](const Table& batch) -> Status {
                                   std::string text;
                                   if (request.format == ExportFormat::kCsv) {
                                     append_csv(batch, text);
                                   } else {
                                     append_json_lines(batch, text);
                                   }
                                   summary.rows += static_cast<std::int64_t>(batch.rows());
                                   return write(text);
                                 }));
  }
  return summary;
}

}  // namespace mien
