#include "pipeline/verify/verify_coverage.h"

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

// What is counted, in the order of CoverageCounts, of videos and then of their uploaders. A video
// without an uploader counts as an uploader's only one.
std::string counts() {
  std::string sql;
  for (const char* what :
       {"true", "m.status = 'ok'", "m.status = 'partial'", "m.status = 'failed'",
        "m.status IS NULL AND w.video_id IS NOT NULL", "m.status IS NULL AND w.video_id IS NULL",
        "m.has_face AND m.status <> 'failed'"}) {
    sql += fmt::format(
        ", count(*) FILTER ({0}), count(DISTINCT v.uploader) FILTER ({0}) + count(*) FILTER (({0}) "
        "AND v.uploader IS NULL)",
        what);
  }
  return sql;
}

CoverageCounts counts_at(const Table& batch, std::size_t first, std::size_t row) {
  CoverageCounts counts;
  for (std::int64_t* count : {&counts.videos, &counts.ok, &counts.partial, &counts.failed,
                              &counts.pending, &counts.never, &counts.with_faces}) {
    *count = batch.column(first).integers()[row];
    first += 2;
  }
  return counts;
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
    parts.push_back(fmt::format(
        "SELECT video_id, {} AS country, {} AS region, {} AS uploader FROM {}{}", column("country"),
        column("region"), column("uploader"), sql_read_parquet(corpus),
        corpus_schema->index_of("uri") >= 0 ? " WHERE uri IS NOT NULL" : ""));
  }
  if (request.has_plan) {
    std::string planned =
        "SELECT video_id, NULL::VARCHAR AS country, NULL::VARCHAR AS region, NULL::VARCHAR AS "
        "uploader FROM " +
        sql_read_parquet(plan);
    if (corpus_schema.ok()) {
      planned += " p ANTI JOIN " + sql_read_parquet(corpus) + " c ON p.video_id = c.video_id";
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
      "SELECT v.country AS country, v.region AS region, grouping(v.country) AS of_all{} "
      "FROM videos v LEFT JOIN measured m ON v.video_id = m.video_id "
      "LEFT JOIN waiting w ON v.video_id = w.video_id GROUP BY GROUPING SETS ((v.country, "
      "v.region), ()) ORDER BY of_all, 1 NULLS LAST, 2 NULLS LAST",
      videos, measured, waiting, counts());
  VerifyReport& report = findings.report();
  MIEN_TRY_VOID(database.query(sql, [&](const Table& batch) -> Status {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      constexpr std::size_t kFirst = 3;
      CoverageRow found{counts_at(batch, kFirst, row), text_at(batch, "country", row),
                        text_at(batch, "region", row), counts_at(batch, kFirst + 1, row)};
      if (batch.column("of_all").integers()[row] != 0) {
        report.videos = std::move(found);
      } else {
        report.coverage.push_back(std::move(found));
      }
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
