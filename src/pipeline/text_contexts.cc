#include "pipeline/text_contexts.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/sha256.h"
#include "pipeline/file_lock.h"
#include "pipeline/program_version.h"
#include "pipeline/study_settings.h"
#include "pipeline/study_tables.h"
#include "pipeline/text_pieces.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::int64_t kMemoryMb = 128;  // DuckDB's share, and more for each further thread
constexpr std::int64_t kMemoryOfThreadMb = 32;

class Naming {
 public:
  Naming(const TextContextsRequest& request, const TextScorer& scorer,
         const std::atomic<bool>& stop)
      : request_(request),
        scorer_(scorer),
        stop_(stop),
        folder_(request.study / kTextsFolder),
        work_(folder_ / ".work") {}

  Result<TextContextsSummary> run();

 private:
  Status check_corpus();
  Result<bool> is_done(Database& database);
  Status prepare_workplace();
  Status publish(Database& database, const TextPieces& pieces);
  Status count(Database& database);
  FileMetadata metadata(const std::string& table) const;
  Result<std::map<std::string, std::int64_t>> counts(Database& database, const std::string& sql);

  const TextContextsRequest& request_;
  const TextScorer& scorer_;
  const std::atomic<bool>& stop_;
  fs::path folder_;
  fs::path work_;
  fs::path corpus_;
  Json identity_;
  TextContextsSummary summary_;
};

Status Naming::check_corpus() {
  corpus_ = request_.study / "corpus.parquet";
  std::error_code ignored;
  if (!fs::exists(corpus_, ignored)) {
    return Error{ErrorCode::kNotFound,
                 request_.study.string() +
                     ": no corpus.parquet, so no titles; remedy: 'mien ingest LIST --out " +
                     request_.study.string() + "'"};
  }
  MIEN_TRY(hash, sha256_of_file(corpus_));
  identity_ = {{"corpus", hash},
               {"scorer", scorer_.identity()},
               {"vocabulary", request_.vocabulary},
               {"schema", kSchemaVersion}};
  return Ok{};
}

// Whether the tables are there already; kMismatch where they are another model's.
Result<bool> Naming::is_done(Database& database) {
  std::error_code ignored;
  bool whole = true;
  for (const char* table : {"contexts", "context_status"}) {
    const fs::path file = folder_ / (std::string(table) + ".parquet");
    if (!fs::exists(file, ignored)) {
      whole = false;
      continue;
    }
    const Result<FileMetadata> found = database.read_metadata(file);
    const auto options = found.ok() ? found->find("mien.options") : FileMetadata::const_iterator{};
    const Json then = found.ok() && options != found->end()
                          ? Json::parse(options->second, nullptr, false)
                          : Json();
    if (then == identity_) continue;
    whole = false;
    if (request_.redo || !then.is_object()) continue;
    std::string differences;
    for (const char* key : {"scorer", "vocabulary"}) {
      if (then.value(key, "") == identity_[key].get<std::string>()) continue;
      differences += fmt::format("\n  {}: '{}' in the study, '{}' now", key, then.value(key, ""),
                                 identity_[key].get<std::string>());
    }
    if (!differences.empty()) {
      return Error{
          ErrorCode::kMismatch,
          fmt::format("{}: contexts were named otherwise:{}\nremedy: --redo names them anew",
                      file.string(), differences)};
    }
  }
  return whole && !request_.redo;
}

// Pieces of a run with the same identity stay.
Status Naming::prepare_workplace() {
  const fs::path record = work_ / "run.json";
  const std::string wanted = identity_.dump() + "\n";
  const Result<std::string> found = read_whole_file(record);
  if (!found.ok() || *found != wanted) {
    std::error_code failed;
    fs::remove_all(work_, failed);
    if (failed) return Error{ErrorCode::kIo, work_.string() + ": " + failed.message()};
    MIEN_TRY_VOID(make_folders(work_));
    MIEN_TRY_VOID(write_file_durably(record, wanted));
  }
  return clear_left_overs(work_);
}

FileMetadata Naming::metadata(const std::string& table) const {
  return {{"mien.table", table},
          {"mien.program_version", std::string(kProgramVersion)},
          {"mien.schema_version", std::to_string(kSchemaVersion)},
          {"mien.options", identity_.dump()}};
}

Status Naming::publish(Database& database, const TextPieces& pieces) {
  if (request_.progress) request_.progress({"tables", 0, 0, "videos"});
  const fs::path contexts = folder_ / "contexts.parquet";
  const fs::path status = folder_ / "context_status.parquet";
  // The old status goes first: without one, nobody takes new contexts for old ones.
  std::error_code failed;
  fs::remove(status, failed);
  if (failed) return Error{ErrorCode::kIo, status.string() + ": " + failed.message()};
  MIEN_TRY_VOID(
      database.concatenate_parquet(pieces.tables("contexts"), contexts, metadata("contexts")));
  MIEN_TRY_VOID(database.concatenate_parquet(pieces.tables("context_status"), status,
                                             metadata("context_status")));
  fs::remove_all(work_, failed);
  return Ok{};
}

Result<std::map<std::string, std::int64_t>> Naming::counts(Database& database,
                                                           const std::string& sql) {
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

Status Naming::count(Database& database) {
  const fs::path contexts = folder_ / "contexts.parquet";
  const fs::path status = folder_ / "context_status.parquet";
  MIEN_TRY(rows, database.query("SELECT count(*), count(*) FILTER (above_threshold) FROM " +
                                sql_read_parquet({&contexts, 1})));
  summary_.context_rows = rows.column(0).integers()[0];
  summary_.above_threshold = rows.column(1).integers()[0];
  const std::string from = " FROM " + sql_read_parquet({&status, 1});
  MIEN_TRY(reasons, counts(database, "SELECT reason, count(*)" + from +
                                         " WHERE reason IS NOT NULL GROUP BY reason"));
  summary_.reasons = std::move(reasons);
  MIEN_TRY(languages,
           counts(database, fmt::format("SELECT CASE WHEN language_prob >= {} THEN language END, "
                                        "count(*){} GROUP BY 1",
                                        kSureLanguageProb, from)));
  summary_.languages = std::move(languages);
  MIEN_TRY(videos, database.query("SELECT count(*)" + from));
  summary_.videos = videos.column(0).integers()[0];
  return Ok{};
}

Result<TextContextsSummary> Naming::run() {
  MIEN_TRY_VOID(check_corpus());
  MIEN_TRY_VOID(make_folders(folder_));
  MIEN_TRY(lock, FileLock::acquire(folder_ / ".lock"));
  DatabaseOptions options;
  options.threads = request_.threads;
  options.memory_limit_mb = kMemoryMb + kMemoryOfThreadMb * (request_.threads - 1);
  options.temporary_folder = work_ / "spill";
  MIEN_TRY(database, Database::open(options));
  MIEN_TRY(done, is_done(database));
  if (done) {
    summary_.unchanged = true;
    MIEN_TRY_VOID(count(database));
    return summary_;
  }
  MIEN_TRY_VOID(prepare_workplace());
  TextPieces pieces(work_, database, scorer_, request_.vocabulary, request_.threads,
                    request_.progress, stop_);
  MIEN_TRY_VOID(pieces.prepare(corpus_));
  MIEN_TRY_VOID(pieces.score());
  summary_.texts = pieces.texts();
  summary_.resumed = pieces.resumed();
  MIEN_TRY_VOID(publish(database, pieces));
  MIEN_TRY_VOID(count(database));
  return summary_;
}

}  // namespace

Result<TextContextsSummary> name_text_contexts(const TextContextsRequest& request,
                                               const TextScorer& scorer,
                                               const std::atomic<bool>& stop) {
  const auto begin = std::chrono::steady_clock::now();
  Result<TextContextsSummary> summary = Naming(request, scorer, stop).run();
  if (summary.ok()) {
    summary->seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  return summary;
}

}  // namespace mien
