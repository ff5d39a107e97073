#include "pipeline/texts/text_contexts.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/outside_json.h"
#include "base/sha256.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/json_values.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/texts/text_pieces.h"
#include "pipeline/texts/text_tables.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

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
  Status publish(const TextPieces& pieces);
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
  identity_ = text_identity(hash, scorer_.identity(), request_.vocabulary);
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
    const Json then =
        found.ok() && options != found->end() ? parse_outside_json<Json>(options->second) : Json();
    if (then == identity_) continue;
    whole = false;
    if (request_.redo || !then.is_object()) continue;
    std::string differences;
    for (const char* key : {"scorer", "vocabulary"}) {
      if (json_text(then, key) == identity_[key].get<std::string>()) continue;
      differences += fmt::format("\n  {}: '{}' in the study, '{}' now", key, json_text(then, key),
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

Status Naming::publish(const TextPieces& pieces) {
  if (request_.progress) request_.progress({"tables", 0, 0, "videos"});
  MIEN_TRY_VOID(publish_text_tables(folder_, pieces.tables("contexts"),
                                    pieces.tables("context_status"), identity_));
  std::error_code failed;
  fs::remove_all(work_, failed);
  return Ok{};
}

Result<TextContextsSummary> Naming::run() {
  MIEN_TRY_VOID(check_corpus());
  MIEN_TRY_VOID(make_folders(folder_));
  MIEN_TRY(lock, FileLock::acquire(folder_ / ".lock"));
  MIEN_TRY(database, text_database(request_.threads, work_ / "spill"));
  MIEN_TRY(done, is_done(database));
  if (done) {
    summary_.unchanged = true;
    MIEN_TRY_VOID(count_text_tables(database, folder_, summary_));
    return summary_;
  }
  MIEN_TRY_VOID(prepare_workplace());
  TextPieces pieces(work_, database, scorer_, request_.vocabulary, request_.threads,
                    request_.progress, stop_);
  MIEN_TRY_VOID(pieces.prepare(corpus_));
  MIEN_TRY_VOID(pieces.score());
  summary_.texts = pieces.texts();
  summary_.resumed = pieces.resumed();
  MIEN_TRY_VOID(publish(pieces));
  MIEN_TRY_VOID(count_text_tables(database, folder_, summary_));
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
