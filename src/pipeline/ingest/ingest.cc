#include "pipeline/ingest/ingest.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "pipeline/ingest/ingest_checks.h"
#include "pipeline/ingest/ingest_list.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study_settings.h"
#include "store/durable_file.h"
#include "store/forgotten.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kForgotten = "forgotten";  // no reason that a reader sees

// A folder of intermediate tables that is gone whatever happens.
class Workplace {
 public:
  static Result<Workplace> make(const fs::path& path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
    MIEN_TRY_VOID(make_folders(path));
    return Workplace(path);
  }
  Workplace(Workplace&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit Workplace(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

class Ingest {
 public:
  Ingest(const IngestRequest& request, const CountryTable& countries, Database& database,
         fs::path folder, const std::atomic<bool>& stop)
      : request_(request),
        countries_(countries),
        database_(database),
        folder_(std::move(folder)),
        stop_(stop) {}

  Result<IngestSummary> run();

 private:
  void report(const char* stage) const {
    if (request_.progress) request_.progress({stage, list_.rows, list_.rows, "rows"});
  }
  Status check_stop() const {
    if (!stop_) return Ok{};
    return Error{ErrorCode::kCancelled, "stopped as asked; the corpus is as it was"};
  }
  Status each_row(const std::string& sql,
                  const std::function<void(const Table&, std::size_t)>& each);
  std::string accepted(const std::string& columns) const;
  Status pass_over_forgotten();
  Status sample();
  Status find_clusters();
  // The list's own columns as SQL: of the staged rows as own0, own1..., and by their names again.
  struct OwnColumns {
    std::string staged;
    std::string inner;
    std::string named;
  };
  Result<OwnColumns> own_columns();
  Status write_corpus(const OwnColumns& own);
  Status count();
  FileMetadata metadata(const std::string& table) const;

  const IngestRequest& request_;
  const CountryTable& countries_;
  Database& database_;
  fs::path folder_;
  const std::atomic<bool>& stop_;
  StagedList list_;
  fs::path checked_;
  bool sampled_ = false;
  IngestSummary summary_;
};

Status Ingest::each_row(const std::string& sql,
                        const std::function<void(const Table&, std::size_t)>& each) {
  return database_.query(sql, [&](const Table& batch) -> Status {
    for (std::size_t row = 0; row < batch.rows(); ++row) each(batch, row);
    return Ok{};
  });
}

// Rows that the corpus takes.
std::string Ingest::accepted(const std::string& columns) const {
  const fs::path kept = folder_ / "kept.parquet";
  return fmt::format(
      "SELECT {} FROM {} WHERE reason IS NULL{}", columns, sql_read_parquet(checked_),
      sampled_ ? fmt::format(" AND line IN (SELECT line FROM {})", sql_read_parquet(kept)) : "");
}

// What the study has forgotten is neither in the corpus nor among the rejects.
Status Ingest::pass_over_forgotten() {
  MIEN_TRY(forgotten, Forgotten::read(request_.study));
  if (!forgotten.any()) return Ok{};
  const fs::path marked = folder_ / "marked.parquet";
  MIEN_TRY_VOID(database_.write_query_parquet(
      fmt::format("SELECT * REPLACE (CASE WHEN {} THEN '{}' ELSE reason END AS reason) FROM {}",
                  forgotten.sql_is_forgotten("video_id", "uploader"), kForgotten,
                  sql_read_parquet(checked_)),
      marked, {}));
  checked_ = marked;
  return Ok{};
}

// Balancing: uploaders first, then countries, then regions, each by the order of a hash of seed and
// id.
Status Ingest::sample() {
  const IngestOptions& options = request_.options;
  sampled_ = options.per_region > 0 || options.per_country > 0 || options.per_uploader > 0;
  if (!sampled_) return Ok{};
  const auto step = [](const char* group, std::int64_t most, const char* null_rule) {
    if (most == 0) return std::string();
    return fmt::format(" QUALIFY {} row_number() OVER (PARTITION BY {} ORDER BY k, line) <= {}",
                       null_rule, group, most);
  };
  const std::string sql = fmt::format(
      "WITH v AS (SELECT line, region, country, uploader, md5('{}:' || video_id) AS k FROM {} "
      "WHERE "
      "reason IS NULL), u AS (SELECT * FROM v{}), c AS (SELECT * FROM u{}) SELECT line FROM c{}",
      options.seed, sql_read_parquet(checked_),
      step("uploader", options.per_uploader, "uploader IS NULL OR"),
      step("country", options.per_country, "country IS NOT NULL AND"),
      step("region", options.per_region, "region IS NOT NULL AND"));
  return database_.write_query_parquet(sql, folder_ / "kept.parquet", {});
}

Status Ingest::find_clusters() {
  const fs::path repeated = folder_ / "titles.parquet";
  const fs::path clusters = folder_ / "clusters.parquet";
  MIEN_TRY_VOID(database_.write_query_parquet(
      fmt::format(
          "SELECT title_hash FROM ({}) WHERE title_hash IS NOT NULL GROUP BY title_hash HAVING "
          "count(*) > 1",
          accepted("title_hash")),
      repeated, {}));
  MIEN_TRY_VOID(database_.write_query_parquet(
      fmt::format(
          "SELECT title_hash, arg_min(video_id, line) AS first_id, count(*) AS videos, "
          "count(DISTINCT region) AS regions, count(DISTINCT uploader) AS uploaders FROM ({}) "
          "WHERE title_hash IN (SELECT title_hash FROM {}) GROUP BY title_hash",
          accepted("title_hash, video_id, line, region, uploader"), sql_read_parquet(repeated)),
      clusters, {}));
  return each_row(
      fmt::format("SELECT count(*), CAST(coalesce(sum(videos), 0) AS BIGINT), count(*) FILTER "
                  "(regions > 1), count(*) FILTER (uploaders > 1) FROM {}",
                  sql_read_parquet(clusters)),
      [&](const Table& batch, std::size_t row) {
        summary_.duplicate_clusters = batch.column(0).integers()[row];
        summary_.duplicate_videos = batch.column(1).integers()[row];
        summary_.clusters_across_regions = batch.column(2).integers()[row];
        summary_.clusters_across_uploaders = batch.column(3).integers()[row];
      });
}

// Numbers where every value is one, else text.
Result<Ingest::OwnColumns> Ingest::own_columns() {
  OwnColumns own;
  int index = 0;
  for (const StagedColumn& column : list_.columns) {
    if (!column.own) continue;
    const std::string number = fmt::format("TRY_CAST({} AS DOUBLE)", column.sql);
    // 007 is a code, not a number; nan and inf are no measurements.
    const std::string is_number = fmt::format(
        "({0} IS NOT NULL AND isfinite({0}) AND NOT regexp_matches({1}, '^[-+]?0[0-9]'))", number,
        column.sql);
    MIEN_TRY(
        counts,
        database_.query(fmt::format(
            "SELECT count({0}), count(*) FILTER ({1}), count(*) FILTER (regexp_full_match({0}, "
            "'-?(0|[1-9][0-9]{{0,17}})')), min(line) FILTER ({0} IS NOT NULL AND NOT {1}) FROM "
            "{2}",
            column.sql, is_number, sql_read_parquet(list_.file))));
    const std::int64_t values = counts.column(0).integers()[0];
    const std::int64_t numbers = counts.column(1).integers()[0];
    std::string value = column.sql;
    if (values > 0 && values == counts.column(2).integers()[0]) {
      value = fmt::format("CAST({} AS BIGINT)", column.sql);
    } else if (values > 0 && values == numbers) {
      value = number;
    } else if (numbers > 0) {
      summary_.notes.push_back(fmt::format(
          "column '{}' is taken for text: {} of {} values are numbers, the one at line {} is "
          "not",
          column.name, numbers, values, counts.column(3).integers()[0]));
    }
    own.staged += fmt::format(", {} AS own{}", value, index);
    own.inner += fmt::format(", s.own{}", index);
    own.named += fmt::format(", own{} AS {}", index, sql_identifier(column.name));
    ++index;
  }
  return own;
}

FileMetadata Ingest::metadata(const std::string& table) const {
  const IngestOptions& options = request_.options;
  const nlohmann::json json = {
      {"columns", options.columns},
      {"per_region", options.per_region},
      {"per_country", options.per_country},
      {"per_uploader", options.per_uploader},
      {"regions", list_.has("region") ? "the list's own" : countries_.regions_source()}};
  return {{"mien.table", table},
          {"mien.program_version", std::string(kProgramVersion)},
          {"mien.schema_version", std::to_string(kSchemaVersion)},
          {"mien.seed", std::to_string(options.seed)},
          {"mien.options", json.dump()}};
}

Status Ingest::write_corpus(const OwnColumns& own) {
  const std::string base = fs::absolute(request_.options.list).parent_path().string() + "/";
  const fs::path clusters = folder_ / "clusters.parquet";
  // The staged and the checked rows are the same rows in the same order.
  const std::string sql = fmt::format(
      R"(SELECT video_id,
  CASE WHEN uri_text IS NULL OR uri_text LIKE '/%' OR uri_text LIKE '%://%' THEN uri_text
    ELSE {base} || uri_text END AS uri,
  country, region, title, description, language, uploaded_on, uploader{named}, country_note,
  first_id AS duplicate_cluster
FROM (
  SELECT j.*, t.first_id
  FROM (
    SELECT k.*, s.uri_text, s.title, s.description{inner}
    FROM (SELECT {uri} AS uri_text, {title} AS title, {description} AS description{own} FROM {staged}) s
      POSITIONAL JOIN (SELECT line AS row_line, reason, video_id, country, region, country_note, language,
        uploaded_on, uploader, title_hash FROM {checked}) k) j
    LEFT JOIN {clusters} t ON j.title_hash = t.title_hash)
WHERE reason IS NULL{kept} ORDER BY row_line)",
      fmt::arg("base", sql_quote(base)), fmt::arg("uri", list_.text_of("uri")),
      fmt::arg("title", list_.text_of("title")),
      fmt::arg("description", list_.text_of("description")), fmt::arg("own", own.staged),
      fmt::arg("inner", own.inner), fmt::arg("named", own.named),
      fmt::arg("staged", sql_read_parquet(list_.file)),
      fmt::arg("checked", sql_read_parquet(checked_)),
      fmt::arg("clusters", sql_read_parquet(clusters)),
      fmt::arg("kept", sampled_ ? fmt::format(" AND row_line IN (SELECT line FROM {})",
                                              sql_read_parquet(folder_ / "kept.parquet"))
                                : ""));
  MIEN_TRY_VOID(database_.write_query_parquet(
      fmt::format(
          "SELECT line, video_id, \"column\", value, reason, message FROM {} WHERE reason IS NOT "
          "NULL AND reason <> '{}' ORDER BY line",
          sql_read_parquet(checked_), kForgotten),
      request_.study / "rejects.parquet", metadata("rejects")));
  return database_.write_query_parquet(sql, request_.study / "corpus.parquet", metadata("corpus"));
}

Status Ingest::count() {
  summary_.rows = list_.rows;
  MIEN_TRY_VOID(each_row(
      fmt::format("SELECT reason, count(*) FROM {} WHERE reason IS NOT NULL GROUP BY reason",
                  sql_read_parquet(checked_)),
      [&](const Table& batch, std::size_t row) {
        const std::int64_t rows = batch.column(1).integers()[row];
        if (batch.column(0).strings()[row] == kForgotten) {
          summary_.forgotten = rows;
          return;
        }
        summary_.reasons[batch.column(0).strings()[row]] = rows;
        summary_.rejected += rows;
      }));
  // By region and by note, and all together, whose row has neither.
  MIEN_TRY_VOID(each_row(
      fmt::format("SELECT region, country_note, grouping(region, country_note) AS kind, count(*), "
                  "count(DISTINCT uploader) + count(*) FILTER (uploader IS NULL), "
                  "count(*) FILTER (country IS NULL) FROM ({}) "
                  "GROUP BY GROUPING SETS ((region), (country_note), ())",
                  accepted("region, country_note, country, uploader")),
      [&](const Table& batch, std::size_t row) {
        constexpr std::int64_t kByRegion = 1;
        constexpr std::int64_t kByNote = 2;
        const std::int64_t kind = batch.column(2).integers()[row];
        const AcceptedRows found{batch.column(3).integers()[row], batch.column(4).integers()[row]};
        if (kind == kByRegion) {
          if (batch.column(std::size_t{0}).is_null(row)) {
            summary_.without_region = found.rows;
          } else {
            summary_.regions[batch.column(std::size_t{0}).strings()[row]] = found;
          }
        } else if (kind == kByNote) {
          if (!batch.column(1).is_null(row)) {
            summary_.former_countries[batch.column(1).strings()[row]] = found;
          }
        } else {
          summary_.accepted = found.rows;
          summary_.without_country = batch.column(5).integers()[row];
        }
      }));
  summary_.not_sampled = summary_.rows - summary_.rejected - summary_.forgotten - summary_.accepted;
  return Ok{};
}

Result<IngestSummary> Ingest::run() {
  MIEN_TRY(list, stage_list(database_, request_.options, folder_, request_.progress, stop_));
  list_ = std::move(list);
  report("check");
  MIEN_TRY_VOID(check_stop());
  MIEN_TRY(checked, check_list(database_, list_, countries_, folder_));
  checked_ = checked;
  MIEN_TRY_VOID(pass_over_forgotten());
  MIEN_TRY_VOID(check_stop());
  MIEN_TRY_VOID(sample());
  report("duplicates");
  MIEN_TRY_VOID(find_clusters());
  MIEN_TRY(own, own_columns());
  MIEN_TRY_VOID(check_stop());
  report("corpus");
  MIEN_TRY_VOID(write_corpus(own));
  MIEN_TRY_VOID(count());
  return summary_;
}

}  // namespace

TableSchema rejects_schema() {
  using enum ColumnType;
  return {
      "rejects",
      "row of the list that the corpus does not take",
      "Rows left out by ingest, each with its reason.",
      {{"line", kInt64, "Line of a text file (column names are line 1), row of a Parquet file."},
       {"video_id", kString, "The row's id, where it has one."},
       {"column", kString, "The corpus column that is wrong; null where the whole row is."},
       {"value", kString, "What stands there."},
       {"reason", kString,
        "bad_quotes, not_utf8, field_count, bad_json, no_id, duplicate_id, unknown_country, "
        "bad_date or unknown_language."},
       {"message", kString, "The reason in words."}}};
}

Result<IngestSummary> ingest(const IngestRequest& request, const CountryTable& countries,
                             const std::atomic<bool>& stop) {
  const auto begin = std::chrono::steady_clock::now();
  MIEN_TRY_VOID(make_folders(request.study));
  MIEN_TRY(lock, FileLock::acquire(request.study / ".lock"));
  MIEN_TRY_VOID(no_forgetting_undone(request.study));
  std::error_code ignored;
  if (!request.redo && fs::exists(request.study / "corpus.parquet", ignored)) {
    return Error{
        ErrorCode::kMismatch,
        request.study.string() +
            ": there is a corpus already; remedy: --redo replaces it, or name another --out"};
  }
  MIEN_TRY(workplace, Workplace::make(request.study / ".ingest"));
  DatabaseOptions options;
  options.threads = request.threads;
  options.memory_limit_mb = 1200;
  options.temporary_folder = workplace.path() / "spill";
  Result<IngestSummary> summary = [&]() -> Result<IngestSummary> {
    MIEN_TRY(database, Database::open(options));
    return Ingest(request, countries, database, workplace.path(), stop).run();
  }();
  if (!summary.ok() && summary.error().code == ErrorCode::kMismatch) {
    return std::move(summary).error().with_context(request.options.list.string());
  }
  if (summary.ok()) {
    summary->seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  return summary;
}

}  // namespace mien
