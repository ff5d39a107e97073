#include "pipeline/export.h"

#include "pipeline/study.h"
#include "store/text_export.h"

namespace mien {

namespace {

Error unknown_table(const ExportRequest& request, const Study& study) {
  std::string names;
  for (const std::string& name : study.table_names()) names += (names.empty() ? "" : ", ") + name;
  std::string message = request.study.string() + ": no table '" + request.table + "'; it has " +
                        (names.empty() ? "none" : names);
  if (request.table == "frames") message += "; 'mien annotate --frames' makes frames";
  return {ErrorCode::kUsage, message};
}

}  // namespace

Result<ExportSummary> export_table(const ExportRequest& request,
                                   const std::function<Status(const std::string& text)>& write) {
  MIEN_TRY(database, Database::open());
  MIEN_TRY(study, Study::open_existing(request.study, database));
  if (!study.table_names().contains(request.table)) return unknown_table(request, study);
  ExportSummary summary;
  summary.problems = study.problems();
  for (const StudyInput& video : study.plan().videos()) {
    summary.videos_missing += study.state_of(video.video_id) == VideoState::kDone ? 0 : 1;
  }
  bool has_header = request.format == ExportFormat::kJsonLines;
  for (const std::filesystem::path& file : study.tables(request.table)) {
    if (!has_header) {
      MIEN_TRY(schema, database.read_schema(file));
      MIEN_TRY_VOID(write(csv_header(schema)));
      has_header = true;
    }
    MIEN_TRY_VOID(database.query("SELECT * FROM " + sql_read_parquet({&file, 1}),
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
