#include "pipeline/associate/association_pieces.h"

#include <fmt/format.h>

#include <set>

#include "pipeline/associate/association_metadata.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

Result<std::int64_t> count_rows(Database& database, const std::string& from) {
  MIEN_TRY(counted, database.query("SELECT count(*) AS n FROM " + from));
  return counted.column("n").integers()[0];
}

// Ids of one remainder of their hash after the other, so that not all lie in memory.
Status check_ids(Database& database, const std::string& corpus, std::int64_t pieces) {
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    MIEN_TRY(twice, database.query(fmt::format(
                        "SELECT video_id FROM {} WHERE hash(video_id) % {} = {} GROUP BY video_id "
                        "HAVING count(*) > 1 ORDER BY video_id LIMIT 1",
                        corpus, pieces, piece)));
    if (twice.rows() == 0) continue;
    const Cell id = twice.column("video_id").at(0);
    if (!std::holds_alternative<std::string>(id)) continue;  // the reader of rows names it
    return Error{ErrorCode::kCorrupt, "corpus: the video_id '" + std::get<std::string>(id) +
                                          "' appears twice; remedy: make ids unique"};
  }
  return Ok{};
}

// Rows of the tables that no piece had: they are of no video of the corpus.
Result<AssociationRemarks> unknown_rows(Database& database, const AssociationScope& scope,
                                        const AssociationRemarks& met) {
  AssociationRemarks remarks;
  MIEN_TRY(expressions, count_rows(database, scope.rows_of(scope.expressions)));
  remarks.unknown_expressions = expressions - met.known_expressions;
  for (const auto& [source, known] : met.known_contexts) {
    MIEN_TRY(contexts,
             count_rows(database, scope.rows_of(scope.contexts, "source = " + sql_quote(source))));
    if (contexts > known) remarks.unknown_contexts[source] = contexts - known;
  }
  return remarks;
}

}  // namespace

Status clear_pieces(const fs::path& folder) {
  for (const char* name : {"pieces", "piece.parquet", "unplanned.parquet"}) {
    MIEN_TRY_VOID(clear_left_overs_of(folder / name));
  }
  return Ok{};
}

Result<std::shared_ptr<ScratchFile>> open_pieces(const fs::path& folder) {
  MIEN_TRY_VOID(make_folders(folder));
  MIEN_TRY(scratch, ScratchFile::create(folder / "pieces"));
  return std::make_shared<ScratchFile>(std::move(scratch));
}

Result<std::string> corpus_columns(Database& database, const AssociateOptions& options) {
  MIEN_TRY(schema, database.read_schema(options.study / "corpus.parquet"));
  std::set<std::string> wanted = {"video_id", "country",  "region",       "uploader",
                                  "language", options.by, options.weights};
  wanted.insert(options.covariates.begin(), options.covariates.end());
  std::string columns;
  for (const ColumnSpec& column : schema.columns) {
    if (!wanted.contains(column.name) && !column.name.starts_with(kCovariatePrefix)) continue;
    columns += (columns.empty() ? "" : ", ") + sql_identifier(column.name);
  }
  return columns;
}

Status reduce_whole(std::optional<Database>& database, const AssociateOptions& options,
                    AssociationUnion& into, const std::function<void(const char*)>& finished) {
  MIEN_TRY(whole, whole_scope(options.study));
  const std::string corpus = sql_read_parquet(whole.corpus);
  MIEN_TRY(videos, count_rows(*database, corpus));
  if (videos <= options.videos_at_once) {
    MIEN_TRY(part, reduce_association(database, options, whole, finished));
    MIEN_TRY(scratch, open_pieces(options.study / "maps"));
    MIEN_TRY(stored, store_part(std::move(part), scratch));
    return into.add(std::move(stored));
  }
  const std::int64_t pieces = (videos + options.videos_at_once - 1) / options.videos_at_once;
  MIEN_TRY_VOID(check_ids(*database, corpus, pieces));
  MIEN_TRY(columns, corpus_columns(*database, options));
  MIEN_TRY(scratch, open_pieces(options.study / "maps"));
  AssociationScope scope = whole;
  scope.corpus = temporary_name_for(options.study / "maps" / "piece.parquet");
  scope.is_part = true;
  const auto take = [&](std::int64_t piece) -> Status {
    MIEN_TRY_VOID(database->write_query_parquet(
        fmt::format("SELECT {} FROM {} WHERE file_row_number >= {} AND file_row_number < {} ORDER "
                    "BY file_row_number",
                    columns, corpus, videos * piece / pieces, videos * (piece + 1) / pieces),
        scope.corpus, {}));
    MIEN_TRY(part, reduce_association(database, options, scope, finished));
    MIEN_TRY(stored, store_part(std::move(part), scratch));
    finished("put aside");
    return into.add(std::move(stored));
  };
  std::error_code ignored;
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    if (!database.has_value()) {
      MIEN_TRY(opened, association_database(options.map.threads));
      database.emplace(std::move(opened));
    }
    const Status taken = take(piece);
    fs::remove(scope.corpus, ignored);
    if (!taken.ok()) return taken;
  }
  MIEN_TRY(counting, association_database(options.map.threads));
  MIEN_TRY(unknown, unknown_rows(counting, whole, into.remarks()));
  into.add_remarks(unknown);
  return Ok{};
}

}  // namespace mien
