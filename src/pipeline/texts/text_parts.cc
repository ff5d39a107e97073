#include "pipeline/texts/text_parts.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "base/sha256.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/study_parts.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/texts/bulk_texts.h"
#include "pipeline/texts/text_pieces.h"
#include "pipeline/texts/text_tables.h"
#include "store/durable_file.h"
#include "table/schema.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kTables[] = {"contexts", "context_status"};

// Rows of the corpus whose parts' rows are sorted together.
constexpr std::int64_t kRowsOfWindow = 64 * TextPieces::kRowsOfPiece;

fs::path parts_folder(const fs::path& study) {
  return study / kTextsFolder / "parts";
}

std::string file_of(const char* table) {
  return std::string(table) + ".parquet";
}

Result<PartOrigin> origin_of(const fs::path& study, const std::string& scorer,
                             const std::string& vocabulary) {
  const fs::path corpus = study / "corpus.parquet";
  std::error_code ignored;
  if (!fs::exists(corpus, ignored)) {
    return Error{ErrorCode::kNotFound, study.string() + ": no corpus.parquet, so no titles"};
  }
  MIEN_TRY(hash, sha256_of_file(corpus));
  const nlohmann::json identity = text_identity(hash, scorer, vocabulary);
  PartOrigin origin;
  for (const auto& [key, value] : identity.items()) {
    origin[key] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return origin;
}

// A study of the shard's titles alone.
Status write_shard_corpus(Database& database, const fs::path& study, std::int64_t shard,
                          const fs::path& file) {
  const fs::path whole = study / "corpus.parquet";
  MIEN_TRY(schema, database.read_schema(whole));
  std::string columns = "video_id";
  for (const char* name : {"title", "description"}) {
    if (schema.index_of(name) >= 0) columns += std::string(", ") + name;
  }
  return database.write_query_parquet(
      fmt::format("SELECT {} FROM {} WHERE video_id IN (SELECT video_id FROM {} WHERE shard = {}) "
                  "ORDER BY file_row_number",
                  columns, sql_read_parquet(whole), planned_videos(study), shard),
      file, {});
}

// A row of a scan, its columns from `from` on, to the end of a batch.
void append_row(const TableSchema& schema, const ScanBatch& rows, std::size_t r, std::size_t from,
                BulkBatch& batch) {
  if (batch.columns.empty()) batch.columns.resize(schema.columns.size());
  ++batch.rows;
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    BulkColumn& column = batch.columns[c];
    const bool is_null = rows.is_null(from + c, r);
    switch (schema.columns[c].type) {
      case ColumnType::kString:
        add_text(column, is_null ? std::string_view() : rows.text(from + c, r));
        break;
      case ColumnType::kDouble:
        column.doubles.push_back(is_null ? NAN : rows.doubles(from + c)[r]);
        break;
      case ColumnType::kInt64:
        column.integers.push_back(is_null ? 0 : rows.integers(from + c)[r]);
        break;
      case ColumnType::kBool:
        column.truths.push_back(!is_null && rows.truths(from + c)[r] ? 1 : 0);
        break;
    }
  }
}

// The rows of all parts in the corpus's order, in the pieces that the whole is made in.
class Joining {
 public:
  Joining(Database& database, const TextContextsRequest& request, std::int64_t shards)
      : database_(database), request_(request), work_(parts_folder(request.study) / ".joined") {
    for (std::int64_t shard = 0; shard < shards; ++shard) {
      for (std::size_t t = 0; t < std::size(kTables); ++t) {
        parts_[t].push_back(parts_folder(request.study) / shard_name(shard) / file_of(kTables[t]));
      }
    }
  }

  Status run() {
    const fs::path corpus = request_.study / "corpus.parquet";
    const std::string from = sql_read_parquet(corpus);
    MIEN_TRY(counted, database_.query("SELECT count(*) AS n FROM " + from));
    const std::int64_t videos = counted.column("n").integers()[0];
    for (std::int64_t first = 0; first < videos; first += kRowsOfWindow) {
      const std::int64_t last = std::min(videos, first + kRowsOfWindow);
      const fs::path ids = work_ / "ids.parquet";
      MIEN_TRY_VOID(database_.write_query_parquet(
          fmt::format("SELECT video_id, file_row_number AS place FROM {} WHERE file_row_number >= "
                      "{} AND file_row_number < {}",
                      from, first, last),
          ids, {}));
      MIEN_TRY_VOID(join(0, contexts_schema(), ids, first, last));
      MIEN_TRY_VOID(join(1, context_status_schema(), ids, first, last));
      if (request_.progress) request_.progress({"tables", last, videos, "videos"});
    }
    return Ok{};
  }

  const std::vector<fs::path>& pieces(std::size_t table) const { return pieces_[table]; }

 private:
  Status join(std::size_t table, const TableSchema& schema, const fs::path& ids, std::int64_t first,
              std::int64_t last) {
    std::string columns;
    for (const ColumnSpec& column : schema.columns) columns += ", p." + column.name;
    BulkBatch batch;
    std::int64_t end = std::min(last, first + TextPieces::kRowsOfPiece);  // of the present piece
    std::int64_t videos = 0;
    std::int64_t before = -1;
    const auto flush = [&]() -> Status {
      if (batch.columns.empty()) batch.columns.resize(schema.columns.size());
      pieces_[table].push_back(
          work_ / fmt::format("{}-{:06}.parquet", kTables[table], pieces_[table].size()));
      MIEN_TRY_VOID(
          database_.write_stream(schema, once(batch), pieces_[table].back(), FileMetadata{}));
      batch = {};
      end = std::min(last, end + TextPieces::kRowsOfPiece);
      return Ok{};
    };
    const auto take = [&](const ScanBatch& rows) -> Status {
      for (std::size_t r = 0; r < rows.rows(); ++r) {
        const std::int64_t place = rows.integers(0)[r];
        while (place >= end) MIEN_TRY_VOID(flush());
        videos += place != before ? 1 : 0;
        before = place;
        append_row(schema, rows, r, 1, batch);
      }
      return Ok{};
    };
    MIEN_TRY_VOID(database_.scan(
        fmt::format("SELECT i.place{} FROM (SELECT *, file_row_number AS own_place FROM {}) p JOIN "
                    "{} i ON p.video_id = i.video_id ORDER BY i.place, p.own_place",
                    columns, sql_read_parquet(parts_[table]), sql_read_parquet(ids)),
        take));
    MIEN_TRY_VOID(flush());
    if (table == 1 && videos != last - first) {
      return Error{
          ErrorCode::kMismatch,
          fmt::format("{}: {} videos of the corpus are in no shard of the plan; remedy: "
                      "plan them with 'mien annotate' or 'mien cluster', or 'mien contexts "
                      "text' without parts",
                      request_.study.string(), last - first - videos)};
    }
    return Ok{};
  }

  Database& database_;
  const TextContextsRequest& request_;
  fs::path work_;
  std::vector<fs::path> parts_[std::size(kTables)];
  std::vector<fs::path> pieces_[std::size(kTables)];
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

Result<TextContextsSummary> name_shard_contexts(const TextContextsRequest& request,
                                                std::int64_t shard, const TextScorer& scorer,
                                                const std::atomic<bool>& stop) {
  MIEN_TRY(origin, origin_of(request.study, scorer.identity(), request.vocabulary));
  const fs::path part = parts_folder(request.study) / shard_name(shard);
  const fs::path work = parts_folder(request.study) / fmt::format(".work-{:05}", shard);
  MIEN_TRY_VOID(make_folders(work));
  MIEN_TRY(lock, FileLock::acquire(work / ".lock"));
  MIEN_TRY(database, text_database(request.threads, work / "spill"));
  MIEN_TRY(shards, planned_shards(database, request.study));
  if (shard < 0 || shard >= shards) {
    return Error{ErrorCode::kUsage,
                 fmt::format("--shard {}: the study's plan has {} shards, from 0", shard, shards)};
  }
  TextContextsSummary summary;
  const Status there = check_part(part, origin);
  if (there.ok() && !request.redo) {
    summary.unchanged = true;
    MIEN_TRY_VOID(count_text_tables(database, part, summary));
    return summary;
  }
  MIEN_TRY_VOID(write_shard_corpus(database, request.study, shard, work / "corpus.parquet"));
  const fs::path own = work / "corpus.parquet";
  MIEN_TRY(counted, database.query("SELECT count(*) AS n FROM " + sql_read_parquet(own)));
  MIEN_TRY(writer, ShardWriter::open(part));
  std::error_code failed;
  if (counted.column("n").integers()[0] > 0) {
    TextContextsRequest of_shard = request;
    of_shard.study = work;
    of_shard.redo = true;
    MIEN_TRY(made, name_text_contexts(of_shard, scorer, stop));
    summary = std::move(made);
    for (const char* table : kTables) {
      fs::rename(work / kTextsFolder / file_of(table), writer.path_of(file_of(table)), failed);
      if (failed) return Error{ErrorCode::kIo, work.string() + ": " + failed.message()};
    }
  } else {  // every video of the shard was forgotten
    const BulkSource nothing = [](BulkBatch&) -> Result<bool> { return false; };
    MIEN_TRY_VOID(
        database.write_stream(contexts_schema(), nothing, writer.path_of(file_of(kTables[0])), {}));
    MIEN_TRY_VOID(database.write_stream(context_status_schema(), nothing,
                                        writer.path_of(file_of(kTables[1])), {}));
  }
  MIEN_TRY_VOID(commit_part(writer, origin, {file_of(kTables[0]), file_of(kTables[1])}));
  fs::remove_all(work, failed);
  return summary;
}

Result<TextContextsSummary> join_text_parts(const TextContextsRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  const fs::path folder = request.study / kTextsFolder;
  const fs::path work = parts_folder(request.study) / ".joined";
  MIEN_TRY_VOID(make_folders(folder));
  MIEN_TRY(lock, FileLock::acquire(folder / ".lock"));
  MIEN_TRY_VOID(make_folders(work));
  MIEN_TRY(database, text_database(request.threads, work / "spill"));
  MIEN_TRY(shards, planned_shards(database, request.study));
  if (shards == 0) {
    return Error{ErrorCode::kNotFound, request.study.string() +
                                           ": no plan of shards; remedy: 'mien contexts text' "
                                           "without parts"};
  }
  // What the first part that there is says: all must agree.
  PartOrigin first;
  for (std::int64_t shard = 0; shard < shards && first.empty(); ++shard) {
    const auto said = part_origin(parts_folder(request.study) / shard_name(shard));
    if (said.ok()) first = *said;
  }
  MIEN_TRY(origin, origin_of(request.study, first["scorer"], first["vocabulary"]));
  MIEN_TRY_VOID(check_parts(
      parts_folder(request.study), shards,
      [&](std::int64_t) -> Result<PartOrigin> { return origin; },
      "'mien contexts text --study " + request.study.string() +
          "' with one model and vocabulary and --shard"));
  Joining joining(database, request, shards);
  MIEN_TRY_VOID(joining.run());
  MIEN_TRY_VOID(
      publish_text_tables(folder, joining.pieces(0), joining.pieces(1),
                          text_identity(origin["corpus"], origin["scorer"], origin["vocabulary"])));
  std::error_code ignored;
  fs::remove_all(work, ignored);
  TextContextsSummary summary;
  MIEN_TRY_VOID(count_text_tables(database, folder, summary));
  summary.seconds = seconds_since(begin);
  return summary;
}

}  // namespace mien
