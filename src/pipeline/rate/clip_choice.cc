#include "pipeline/rate/clip_choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/csv_records.h"
#include "pipeline/study/duplicates.h"
#include "pipeline/study/study_tables.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kLeast_us = 1'000'000;
constexpr std::int64_t kMost_us = 3'100'000;  // windows are of 3 s at most, and a frame's length
constexpr std::size_t kAtOnce = 2000;         // clips whose boxes one query asks for

// The rows of the list, or an error with its line.
Result<std::string> sensitive_values(const fs::path& file) {
  MIEN_TRY(bytes, read_whole_file(file));
  CsvRecords records(bytes, file.string(), ',');
  std::string values;
  for (bool is_first = true; !records.at_end(); is_first = false) {
    MIEN_TRY(record, records.next());
    if (is_first || record.blank()) continue;
    if (record.fields.size() != 2 || record.fields[0].text.empty()) {
      return Error{ErrorCode::kCorrupt,
                   fmt::format("{}: line {}: not a context and a warning; remedy: two fields",
                               file.string(), record.line)};
    }
    values += fmt::format("{}({}, {})", values.empty() ? "" : ", ",
                          sql_quote(record.fields[0].text), sql_quote(record.fields[1].text));
  }
  if (values.empty()) {
    return Error{ErrorCode::kCorrupt, file.string() + ": names no context; remedy: install anew"};
  }
  return values;
}

std::string texts(const std::set<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + sql_quote(word);
  return list;
}

// The name of the greatest of the columns of one channel; SQL.
std::string leading(const TableSchema& windows) {
  for (const std::string prefix : {"basic7_", "label_"}) {
    std::string names;
    std::string values;
    for (const ColumnSpec& column : windows.columns) {
      if (!column.name.starts_with(prefix)) continue;
      const char* comma = names.empty() ? "" : ", ";
      names += comma + sql_quote(column.name);
      values += fmt::format("{}coalesce({}, -1)", comma, sql_identifier(column.name));
    }
    if (names.empty()) continue;
    return fmt::format(
        "CASE WHEN list_max([{0}]) < 0 THEN 'none' ELSE "
        "list_extract([{1}], list_position([{0}], list_max([{0}]))) END",
        values, names);
  }
  return "'none'";
}

std::string as_column(const TableSchema& schema, const std::string& name) {
  return schema.index_of(name) >= 0 ? "CAST(" + sql_identifier(name) + " AS VARCHAR)"
                                    : "CAST(NULL AS VARCHAR)";
}

Error nothing_annotated(const fs::path& study, const std::string& what) {
  return {ErrorCode::kNotFound, fmt::format("{}: {}; remedy: mien annotate VIDEOS --out {}",
                                            study.string(), what, study.string())};
}

std::string text_at(const Table& table, std::size_t row, std::string_view column) {
  const Cell cell = table.at(row, column);
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? std::string() : *text;
}

std::int64_t whole_at(const Table& table, std::size_t row, std::string_view column) {
  const Cell cell = table.at(row, column);
  const auto* whole = std::get_if<std::int64_t>(&cell);
  return whole == nullptr ? 0 : *whole;
}

float number_at(const Table& table, std::size_t row, std::string_view column) {
  const Cell cell = table.at(row, column);
  const auto* number = std::get_if<double>(&cell);
  return number == nullptr ? 0 : static_cast<float>(*number);
}

Box box_at(const Table& table, std::size_t row) {
  return {number_at(table, row, "box_x_px"), number_at(table, row, "box_y_px"),
          number_at(table, row, "box_w_px"), number_at(table, row, "box_h_px")};
}

}  // namespace

Result<ClipChooser> ClipChooser::open(Database& database, const fs::path& study,
                                      const ClipOptions& options, const fs::path& sensitive,
                                      const std::set<std::string>& excluded) {
  ClipChooser chooser(database, study, options);
  MIEN_TRY_VOID(chooser.describe(sensitive, excluded));
  return chooser;
}

Status ClipChooser::describe(const fs::path& sensitive, const std::set<std::string>& excluded) {
  const auto windows = study_table_files(study_, "windows");
  const auto tracks = study_table_files(study_, "tracks");
  if (shard_folders(study_).empty() || !windows.ok() || !tracks.ok()) {
    return nothing_annotated(study_, "there are no annotated videos to cut clips from");
  }
  const fs::path corpus = study_ / "corpus.parquet";
  const fs::path duplicates = study_ / "duplicates.parquet";
  MIEN_TRY(columns, database_->read_schema(corpus));
  MIEN_TRY(channels, database_->read_schema(windows->front()));
  MIEN_TRY(warnings, sensitive_values(sensitive));
  const auto contexts = study_table_files(study_, "contexts");
  has_contexts_ = contexts.ok();
  excluded_ = static_cast<std::int64_t>(excluded.size());
  std::error_code ignored;
  const bool has_duplicates = fs::is_regular_file(duplicates, ignored);

  const std::string named =
      has_contexts_
          ? sql_read_parquet(*contexts)
          : "(SELECT '' AS video_id, '' AS source, '' AS context, 0.0 AS score_prob, false "
            "AS above_threshold WHERE false)";
  // min() and the order of names decide between equals.
  with_ = fmt::format(
      "WITH corpus AS (SELECT video_id, region, uploader, {warning} AS own_warning, "
      "lower(coalesce({exclude}, 'false')) AS own_exclude FROM {corpus}), "
      "sensitive(context, warning) AS (VALUES {sensitive}), "
      "warned AS (SELECT video_id, string_agg(DISTINCT warning, ' ' ORDER BY warning) AS warning "
      "FROM {contexts} JOIN sensitive USING (context) WHERE above_threshold GROUP BY video_id), "
      "best AS (SELECT video_id, context FROM (SELECT video_id, context, row_number() OVER "
      "(PARTITION BY video_id ORDER BY score_prob DESC, context, source) AS place FROM {contexts}) "
      "WHERE place = 1), "
      "flags AS (SELECT video_id, concat_ws(' ', own_warning, warned.warning) AS warning FROM "
      "corpus LEFT JOIN warned USING (video_id)), ",
      fmt::arg("warning", as_column(columns, "rating_warning")),
      fmt::arg("exclude", as_column(columns, "rating_exclude")),
      fmt::arg("corpus", sql_read_parquet(corpus)), fmt::arg("sensitive", warnings),
      fmt::arg("contexts", named));
  flags_ = with_ + "one AS (SELECT 1) SELECT count(*) AS flagged FROM flags WHERE warning <> ''";

  const std::map<std::string, std::string> parts = {
      {"region", "coalesce(corpus.region, 'none')"},
      {"context", "coalesce(best.context, 'none')"},
      {"channel", "w.channel"},
      {"face_size",
       "CASE WHEN t.size_px < 64 THEN 'below_64_px' WHEN t.size_px < 128 THEN '64_to_128_px' ELSE "
       "'from_128_px' END"},
      {"pose",
       "CASE WHEN t.turned_deg IS NULL THEN 'none' WHEN t.turned_deg <= 15 THEN 'frontal' WHEN "
       "t.turned_deg <= 30 THEN 'turned' ELSE 'averted' END"}};
  std::string strata;
  for (const std::string& name : options_.strata) {
    strata += (strata.empty() ? "" : ", ") + parts.at(name);
  }
  const std::string key = "concat_ws(chr(10), w.video_id, w.track_id, w.start_us, w.end_us)";
  with_ += fmt::format(
      "w AS (SELECT video_id, track_id, start_us, end_us, {channel} AS channel FROM {windows} "
      "WHERE "
      "NOT short AND frames > 0 AND end_us - start_us BETWEEN {least} AND {most}), "
      "t AS (SELECT video_id, track_id, box_x_px, box_y_px, box_w_px, box_h_px, sqrt(box_w_px * "
      "box_h_px) AS size_px, greatest(abs(yaw_deg), abs(pitch_deg)) AS turned_deg FROM {tracks} "
      "WHERE reason IS NULL AND sqrt(box_w_px * box_h_px) >= {least_px}), "
      "fit AS (SELECT 'c' || left(md5({key}), 16) AS id, md5(concat_ws(chr(10), {seed}, {key})) AS "
      "draw, w.video_id, w.track_id, w.start_us, w.end_us, t.box_x_px, t.box_y_px, t.box_w_px, "
      "t.box_h_px, w.video_id || '#' || w.track_id AS person, coalesce(corpus.uploader, "
      "w.video_id) "
      "AS source, flags.warning, [{strata}]::VARCHAR[] AS strata FROM w JOIN t USING (video_id, "
      "track_id) JOIN corpus USING (video_id) JOIN flags USING (video_id) LEFT JOIN best USING "
      "(video_id) {duplicates} WHERE own_exclude NOT IN ('true', 'yes', '1') {flagged} {excluded})",
      fmt::arg("channel", leading(channels)), fmt::arg("windows", sql_read_parquet(*windows)),
      fmt::arg("least", kLeast_us), fmt::arg("most", kMost_us),
      fmt::arg("tracks", sql_read_parquet(*tracks)), fmt::arg("least_px", options_.min_face_px),
      fmt::arg("key", key), fmt::arg("seed", options_.seed), fmt::arg("strata", strata),
      fmt::arg("duplicates",
               has_duplicates ? "ANTI JOIN (SELECT video_id FROM " + sql_read_parquet(duplicates) +
                                    " WHERE cluster <> video_id) AS copies USING (video_id)"
                              : ""),
      fmt::arg("flagged", options_.flagged == "keep" ? "" : "AND flags.warning = ''"),
      fmt::arg("excluded",
               excluded.empty() ? "" : "AND video_id NOT IN (" + texts(excluded) + ")"));
  return Ok{};
}

Result<ClipCandidates> ClipChooser::candidates() {
  ClipCandidates all;
  MIEN_TRY(counted,
           database_->query(with_ + " SELECT count(*) AS windows, count(DISTINCT strata) AS "
                                    "strata FROM fit"));
  MIEN_TRY(flagged, database_->query(flags_));
  all.windows = whole_at(counted, 0, "windows");
  all.strata = whole_at(counted, 0, "strata");
  all.flagged = whole_at(flagged, 0, "flagged");
  all.excluded = excluded_;
  all.has_contexts = has_contexts_;
  return all;
}

Result<std::vector<ClipChoice>> ClipChooser::choose(const std::set<std::string>& refused_clips,
                                                    const std::set<std::string>& refused_videos) {
  std::string left = " WHERE true";
  if (!refused_clips.empty()) left += " AND id NOT IN (" + texts(refused_clips) + ")";
  if (!refused_videos.empty()) left += " AND video_id NOT IN (" + texts(refused_videos) + ")";
  const auto kept = [](const std::string& from, const std::string& of, std::int64_t most) {
    return fmt::format(
        "SELECT * EXCLUDE (place) FROM (SELECT *, row_number() OVER (PARTITION BY {} "
        "ORDER BY draw) AS place FROM ({})) WHERE place <= {}",
        of, from, most);
  };
  std::string drawn = kept("SELECT * FROM fit" + left, "person", options_.per_person);
  drawn = kept(drawn, "video_id", options_.per_video);
  if (options_.per_source > 0) drawn = kept(drawn, "source", options_.per_source);
  const std::string sql = fmt::format(
      "{} SELECT id, video_id, track_id, start_us, end_us, box_x_px, box_y_px, box_w_px, box_h_px, "
      "person, source, warning, array_to_string(strata, chr(10)) AS strata FROM (SELECT *, "
      "row_number() OVER (PARTITION BY strata ORDER BY draw) AS turn FROM ({})) ORDER BY turn, "
      "draw "
      "LIMIT {}",
      with_, drawn, options_.count);
  std::vector<ClipChoice> chosen;
  MIEN_TRY_VOID(database_->query(sql, [&](const Table& batch) -> Status {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      ClipChoice& clip = chosen.emplace_back();
      clip.id = text_at(batch, row, "id");
      clip.video_id = text_at(batch, row, "video_id");
      clip.track_id = whole_at(batch, row, "track_id");
      clip.start_us = whole_at(batch, row, "start_us");
      clip.end_us = whole_at(batch, row, "end_us");
      clip.box = box_at(batch, row);
      clip.person = text_at(batch, row, "person");
      clip.source = text_at(batch, row, "source");
      clip.warning = text_at(batch, row, "warning");
      const std::string strata = text_at(batch, row, "strata");
      for (std::size_t from = 0; from <= strata.size() && !options_.strata.empty();) {
        const std::size_t to = std::min(strata.find('\n', from), strata.size());
        clip.strata.push_back(strata.substr(from, to - from));
        from = to + 1;
      }
    }
    return Ok{};
  }));
  return chosen;
}

Result<std::map<std::string, std::vector<std::pair<std::int64_t, Box>>>> ClipChooser::seen(
    const std::vector<ClipChoice>& clips) {
  std::map<std::string, std::vector<std::pair<std::int64_t, Box>>> boxes;
  const auto frames = study_table_files(study_, "frames");
  if (!frames.ok()) return boxes;
  for (std::size_t from = 0; from < clips.size(); from += kAtOnce) {
    std::string wanted;
    for (std::size_t i = from; i < std::min(from + kAtOnce, clips.size()); ++i) {
      wanted += fmt::format("{}({}, {}, {}, {}, {})", wanted.empty() ? "" : ", ",
                            sql_quote(clips[i].id), sql_quote(clips[i].video_id), clips[i].track_id,
                            clips[i].start_us, clips[i].end_us);
    }
    MIEN_TRY_VOID(database_->query(
        fmt::format(
            "WITH wanted(id, video_id, track_id, start_us, end_us) AS (VALUES {}) SELECT id, "
            "pts_us, box_x_px, box_y_px, box_w_px, box_h_px FROM {} AS f JOIN wanted USING "
            "(video_id, track_id) WHERE pts_us >= start_us AND pts_us < wanted.end_us ORDER "
            "BY id, pts_us",
            wanted, sql_read_parquet(*frames)),
        [&](const Table& batch) -> Status {
          for (std::size_t row = 0; row < batch.rows(); ++row) {
            boxes[text_at(batch, row, "id")].emplace_back(whole_at(batch, row, "pts_us"),
                                                          box_at(batch, row));
          }
          return Ok{};
        }));
  }
  return boxes;
}

Result<std::set<std::string>> read_excluded(const fs::path& file) {
  MIEN_TRY(bytes, read_whole_file(file));
  std::set<std::string> ids;
  for (std::size_t from = 0; from < bytes.size();) {
    const std::size_t to = std::min(bytes.find('\n', from), bytes.size());
    std::string line = bytes.substr(from, to - from);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty() && !line.starts_with('#')) ids.insert(std::move(line));
    from = to + 1;
  }
  return ids;
}

}  // namespace mien
