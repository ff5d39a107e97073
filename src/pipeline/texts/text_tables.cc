#include "pipeline/texts/text_tables.h"

#include <fmt/format.h>

#include "context/language.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study_settings.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMemoryMb = 128;  // DuckDB's share, and more for each further thread
constexpr std::int64_t kMemoryOfThreadMb = 32;

FileMetadata metadata_of(const std::string& table, const nlohmann::json& identity) {
  return {{"mien.table", table},
          {"mien.program_version", std::string(kProgramVersion)},
          {"mien.schema_version", std::to_string(kSchemaVersion)},
          {"mien.options", identity.dump()}};
}

Result<std::map<std::string, std::int64_t>> counts(Database& database, const std::string& sql) {
  std::map<std::string, std::int64_t> result;
  MIEN_TRY_VOID(database.query(sql, [&](const Table& batch) -> Status {
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      const std::string key = batch.column(0).is_null(r) ? "" : batch.column(0).strings()[r];
      result[key] += batch.column(1).integers()[r];
    }
    return Ok{};
  }));
  return result;
}

}  // namespace

nlohmann::json text_identity(const std::string& corpus, const std::string& scorer,
                             const std::string& vocabulary) {
  return {{"corpus", corpus},
          {"scorer", scorer},
          {"vocabulary", vocabulary},
          {"schema", kSchemaVersion}};
}

Result<Database> text_database(int threads, const fs::path& spill) {
  DatabaseOptions options;
  options.threads = threads;
  options.memory_limit_mb = kMemoryMb + kMemoryOfThreadMb * (threads - 1);
  options.temporary_folder = spill;
  return Database::open(options);
}

Status publish_text_tables(const fs::path& folder, const std::vector<fs::path>& contexts,
                           const std::vector<fs::path>& status, const nlohmann::json& identity) {
  const fs::path status_file = folder / "context_status.parquet";
  // The old status goes first: without one, nobody takes new contexts for old ones.
  std::error_code failed;
  fs::remove(status_file, failed);
  if (failed) return Error{ErrorCode::kIo, status_file.string() + ": " + failed.message()};
  // On one thread: with more, DuckDB holds what they are ahead of each other, the more the longer.
  MIEN_TRY(writer, text_database(1, folder / ".spill"));
  MIEN_TRY_VOID(writer.concatenate_parquet(contexts, folder / "contexts.parquet",
                                           metadata_of("contexts", identity)));
  return writer.concatenate_parquet(status, status_file, metadata_of("context_status", identity));
}

Status count_text_tables(Database& database, const fs::path& folder, TextContextsSummary& summary) {
  const fs::path contexts = folder / "contexts.parquet";
  const fs::path status = folder / "context_status.parquet";
  MIEN_TRY(rows, database.query("SELECT count(*), count(*) FILTER (above_threshold) FROM " +
                                sql_read_parquet(contexts)));
  summary.context_rows = rows.column(0).integers()[0];
  summary.above_threshold = rows.column(1).integers()[0];
  const std::string from = " FROM " + sql_read_parquet(status);
  MIEN_TRY(reasons, counts(database, "SELECT reason, count(*)" + from +
                                         " WHERE reason IS NOT NULL GROUP BY reason"));
  summary.reasons = std::move(reasons);
  MIEN_TRY(languages,
           counts(database, fmt::format("SELECT CASE WHEN language_prob >= {} THEN language END, "
                                        "count(*){} GROUP BY 1",
                                        kSureLanguageProb, from)));
  summary.languages = std::move(languages);
  MIEN_TRY(videos, database.query("SELECT count(*)" + from));
  summary.videos = videos.column(0).integers()[0];
  return Ok{};
}

}  // namespace mien
