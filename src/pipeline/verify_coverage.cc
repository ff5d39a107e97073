#include "pipeline/verify_coverage.h"

#include <fmt/format.h>

namespace mien {

namespace {

namespace fs = std::filesystem;

std::string text_at(const Table& batch, const char* column, std::size_t row) {
  const Column& cells = batch.column(column);
  return cells.is_null(row) ? "" : cells.strings()[row];
}

// SELECT of the columns from these files, or of none of their rows.
std::string select(const std::vector<fs::path>& files, const std::string& columns,
                   const std::string& nothing) {
  if (files.empty()) return "SELECT " + nothing + " WHERE false";
  return "SELECT " + columns + " FROM " + sql_read_parquet(files);
}

void add(CoverageRow& sum, const CoverageRow& row) {
  sum.videos += row.videos;
  sum.ok += row.ok;
  sum.partial += row.partial;
  sum.failed += row.failed;
  sum.pending += row.pending;
  sum.never += row.never;
  sum.with_faces += row.with_faces;
}

}  // namespace

Status verify_coverage(Database& database, const CoverageRequest& request,
                       VerifyFindings& findings) {
  const fs::path corpus = request.study / "corpus.parquet";
  const fs::path plan = request.study / "annotations" / "plan.parquet";
  const auto corpus_schema = database.read_schema(corpus);
  std::vector<std::string> parts;
  if (corpus_schema.ok()) {
    const auto column = [&](const char* name) {
      return corpus_schema->index_of(name) >= 0 ? std::string(name) : "NULL::VARCHAR";
    };
    parts.push_back(
        fmt::format("SELECT video_id, {} AS country, {} AS region FROM {}{}", column("country"),
                    column("region"), sql_read_parquet({&corpus, 1}),
                    corpus_schema->index_of("uri") >= 0 ? " WHERE uri IS NOT NULL" : ""));
  }
  if (request.has_plan) {
    std::string planned =
        "SELECT video_id, NULL::VARCHAR AS country, NULL::VARCHAR AS region FROM " +
        sql_read_parquet({&plan, 1});
    if (corpus_schema.ok()) {
      planned += " p ANTI JOIN " + sql_read_parquet({&corpus, 1}) + " c ON p.video_id = c.video_id";
    }
    parts.push_back(std::move(planned));
  }
  if (parts.empty()) return Ok{};
  std::string videos = parts.front();
  if (parts.size() > 1) videos += " UNION ALL " + parts[1];

  const std::string measured =
      select(request.media, "video_id, status, face_frames > 0 AS has_face, false AS waits",
             "NULL::VARCHAR AS video_id, NULL::VARCHAR AS status, false AS has_face, false AS "
             "waits");
  // A video that is being done again stands in its old shard and under pending.
  const std::string waiting = select(request.pending, "video_id", "NULL::VARCHAR AS video_id");
  const std::string sql = fmt::format(
      "WITH videos AS ({}), measured AS ({}), waiting AS ({}) "
      "SELECT v.country AS country, v.region AS region, count(*) AS videos, "
      "count(*) FILTER (m.status = 'ok') AS ok, count(*) FILTER (m.status = 'partial') AS partial, "
      "count(*) FILTER (m.status = 'failed') AS failed, "
      "count(*) FILTER (m.status IS NULL AND w.video_id IS NOT NULL) AS pending, "
      "count(*) FILTER (m.status IS NULL AND w.video_id IS NULL) AS never, "
      "count(*) FILTER (m.has_face AND m.status <> 'failed') AS with_faces "
      "FROM videos v LEFT JOIN measured m ON v.video_id = m.video_id "
      "LEFT JOIN waiting w ON v.video_id = w.video_id GROUP BY 1, 2 ORDER BY 1 NULLS LAST, 2 NULLS "
      "LAST",
      videos, measured, waiting);
  VerifyReport& report = findings.report();
  MIEN_TRY_VOID(database.query(sql, [&](const Table& batch) -> Status {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const auto count = [&](const char* column) { return batch.column(column).integers()[row]; };
      report.coverage.push_back({text_at(batch, "country", row), text_at(batch, "region", row),
                                 count("videos"), count("ok"), count("partial"), count("failed"),
                                 count("pending"), count("never"), count("with_faces")});
      add(report.videos, report.coverage.back());
    }
    return Ok{};
  }));
  if (request.media.empty()) return Ok{};
  return database.query(
      "SELECT video_id, count(*) AS n FROM " + sql_read_parquet(request.media) +
          " GROUP BY video_id HAVING count(*) > 1 ORDER BY video_id",
      [&](const Table& batch) -> Status {
        for (std::size_t row = 0; row < batch.rows(); ++row) {
          findings.damage({request.study / "annotations",
                           fmt::format("'{}' stands in {} shards", text_at(batch, "video_id", row),
                                       batch.column("n").integers()[row]),
                           "take away the shard that the plan does not give it to"});
        }
        return Ok{};
      });
}

}  // namespace mien
