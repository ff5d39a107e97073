#include "pipeline/ingest/ingest_checks.h"

#include <fmt/format.h>

#include "store/text_key.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

// Calls each(text) for every different text of a corpus column.
Status each_text(Database& database, const StagedList& list, const std::string& column,
                 const std::function<void(const std::string&)>& each) {
  if (!list.has(column)) return Ok{};
  return database.query(fmt::format("SELECT DISTINCT {} AS t FROM {} WHERE t IS NOT NULL",
                                    list.text_of(column), sql_read_parquet(list.file)),
                        [&](const Table& batch) -> Status {
                          for (const std::string& text : batch.column(0).strings()) each(text);
                          return Ok{};
                        });
}

// text -> country, region, note, for the texts that are countries.
Status write_countries(Database& database, const StagedList& list, const CountryTable& countries,
                       const fs::path& file) {
  using enum ColumnType;
  Table table(TableSchema{"countries",
                          "text",
                          "",
                          {{"t", kString, ""},
                           {"country", kString, ""},
                           {"region", kString, ""},
                           {"note", kString, ""}}});
  MIEN_TRY_VOID(each_text(database, list, "country", [&](const std::string& text) {
    const auto match = countries.find(text);
    if (!match.has_value()) return;
    const auto or_null = [](const std::string& value) {
      return value.empty() ? Cell{} : Cell{value};
    };
    const Cell row[] = {text, match->country->alpha2, or_null(match->country->region),
                        or_null(match->note)};
    table.append(row);
  }));
  return database.write_parquet(table, file, {});
}

Status write_languages(Database& database, const StagedList& list, const fs::path& file) {
  Table table(TableSchema{"languages",
                          "text",
                          "",
                          {{"t", ColumnType::kString, ""}, {"code", ColumnType::kString, ""}}});
  MIEN_TRY_VOID(each_text(database, list, "language", [&](const std::string& text) {
    const auto code = language_code(text);
    if (!code.has_value()) return;
    const Cell row[] = {text, *code};
    table.append(row);
  }));
  return database.write_parquet(table, file, {});
}

// A day between 1900 and 2100: ISO 8601 dates and times, 2020/01/31, 20200131.
constexpr const char* kDaySql =
    "coalesce(TRY_CAST(day_text AS DATE), CAST(TRY_CAST(day_text AS TIMESTAMP) AS DATE), "
    "CAST(try_strptime(day_text, '%Y%m%d') AS DATE))";

Status check_regions(Database& database, const fs::path& checked) {
  MIEN_TRY(two,
           database.query(fmt::format(
               "SELECT country, arg_min(region, line), min(line), arg_max(region, line), max(line) "
               "FROM {} WHERE reason IS NULL AND country IS NOT NULL AND region IS NOT NULL "
               "GROUP BY country HAVING count(DISTINCT region) > 1 ORDER BY country LIMIT 1",
               sql_read_parquet(checked))));
  if (two.rows() == 0) return Ok{};
  MIEN_TRY(lines,
           database.query(fmt::format(
               "SELECT region, min(line) AS l FROM {} WHERE reason IS NULL AND country = {} AND "
               "region IS NOT NULL GROUP BY region ORDER BY l LIMIT 2",
               sql_read_parquet(checked), sql_quote(two.column(0).strings()[0]))));
  return Error{ErrorCode::kMismatch,
               fmt::format("country {} belongs to region '{}' at line {} and to '{}' at line {}; "
                           "remedy: give every country one region",
                           two.column(0).strings()[0], lines.column(0).strings()[0],
                           lines.column(1).integers()[0], lines.column(0).strings()[1],
                           lines.column(1).integers()[1])};
}

}  // namespace

Result<fs::path> check_list(Database& database, const StagedList& list,
                            const CountryTable& countries, const fs::path& folder) {
  const fs::path country_file = folder / "countries.parquet";
  const fs::path language_file = folder / "languages.parquet";
  const fs::path first_file = folder / "repeated.parquet";
  const fs::path checked = folder / "checked.parquet";
  MIEN_TRY_VOID(write_countries(database, list, countries, country_file));
  MIEN_TRY_VOID(write_languages(database, list, language_file));
  MIEN_TRY_VOID(database.write_query_parquet(
      fmt::format(
          "SELECT id, min(line) AS first_line FROM (SELECT {} AS id, line FROM {}) WHERE id IS "
          "NOT NULL GROUP BY id HAVING count(*) > 1",
          list.text_of("video_id"), sql_read_parquet(list.file)),
      first_file, {}));
  const std::string region = list.has("region") ? "region_text" : "c.region";
  const std::string sql = fmt::format(
      R"(WITH given AS (
  SELECT line, problem, message, {id} AS video_id, {country} AS country_text, {region} AS region_text,
    {language} AS language_text, {day} AS day_text, {uploader} AS uploader, {title} AS title
  FROM {staged}),
judged AS (
  SELECT given.*, {day_sql} AS day, r.first_line, c.country, {region_sql} AS region, c.note, l.code,
    CASE WHEN problem IS NOT NULL THEN problem
      WHEN video_id IS NULL THEN 'no_id'
      WHEN r.first_line IS NOT NULL AND r.first_line <> line THEN 'duplicate_id'
      WHEN country_text IS NOT NULL AND c.country IS NULL THEN 'unknown_country'
      WHEN day_text IS NOT NULL AND (day IS NULL OR day NOT BETWEEN DATE '1900-01-01' AND DATE
        '2100-12-31') THEN 'bad_date'
      WHEN language_text IS NOT NULL AND l.code IS NULL THEN 'unknown_language' END AS reason
  FROM given LEFT JOIN {repeated} r ON video_id = r.id
    LEFT JOIN {countries} c ON country_text = c.t
    LEFT JOIN {languages} l ON language_text = l.t)
SELECT line, reason,
  CASE reason WHEN 'duplicate_id' THEN 'video_id' WHEN 'unknown_country' THEN 'country'
    WHEN 'bad_date' THEN 'uploaded_on' WHEN 'unknown_language' THEN 'language'
    WHEN 'no_id' THEN 'video_id' END AS "column",
  CASE reason WHEN 'duplicate_id' THEN video_id WHEN 'unknown_country' THEN country_text
    WHEN 'bad_date' THEN day_text WHEN 'unknown_language' THEN language_text END AS value,
  CASE reason WHEN 'duplicate_id' THEN 'the id stands at line ' || first_line || ' already'
    WHEN 'unknown_country' THEN 'no ISO 3166-1 code or English name of a country'
    WHEN 'bad_date' THEN 'no day of the form YYYY-MM-DD between 1900 and 2100'
    WHEN 'unknown_language' THEN 'no ISO 639 code or English name of a language'
    WHEN 'no_id' THEN 'the row has no video_id' ELSE message END AS message,
  video_id, country, region, note AS country_note, code AS language, strftime(day, '%Y-%m-%d') AS
  uploaded_on, uploader, CASE WHEN reason IS NULL THEN mien_title_hash(title) END AS title_hash
FROM judged ORDER BY line)",
      fmt::arg("id", list.text_of("video_id")), fmt::arg("country", list.text_of("country")),
      fmt::arg("region", list.text_of("region")), fmt::arg("language", list.text_of("language")),
      fmt::arg("day", list.text_of("uploaded_on")), fmt::arg("uploader", list.text_of("uploader")),
      fmt::arg("title", list.text_of("title")), fmt::arg("staged", sql_read_parquet(list.file)),
      fmt::arg("day_sql", kDaySql), fmt::arg("region_sql", region),
      fmt::arg("repeated", sql_read_parquet(first_file)),
      fmt::arg("countries", sql_read_parquet(country_file)),
      fmt::arg("languages", sql_read_parquet(language_file)));
  MIEN_TRY_VOID(database.write_query_parquet(sql, checked, {}));
  MIEN_TRY_VOID(check_regions(database, checked));
  return checked;
}

}  // namespace mien
