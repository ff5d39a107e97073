#include "pipeline/text_pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/sha256.h"
#include "stats/parallel.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using enum ColumnType;

constexpr std::size_t kRowsOfPiece = 16384;  // of the corpus
constexpr std::size_t kTextsOfPiece = 4096;  // about 20 s of a core with a sentence encoder
constexpr std::size_t kTextsAtOnce = 256;    // by one thread
constexpr std::size_t kRowsAtOnce = 128;

TableSchema prepared_schema() {
  return {"prepared",
          "video",
          "",
          {{"row", kInt64, ""},
           {"video_id", kString, ""},
           {"key", kString, ""},
           {"title", kString, ""},
           {"description", kString, ""},
           {"language", kString, ""},
           {"language_prob", kDouble, ""},
           {"script", kString, ""},
           {"reason", kString, ""}}};
}

TableSchema scores_schema() {
  return {"scores",
          "text and context",
          "",
          {{"row", kInt64, ""},
           {"rank", kInt64, ""},
           {"context", kString, ""},
           {"score_prob", kDouble, ""},
           {"above_threshold", kBool, ""}}};
}

TableSchema status_schema() {
  return {"status",
          "text",
          "",
          {{"row", kInt64, ""}, {"reason", kString, ""}, {"none_prob", kDouble, ""}}};
}

// Texts with the same key are read once; 128 bits of SHA-256 do not meet by chance.
std::string key_of(const PreparedText& text) {
  constexpr std::size_t kKeyLength = 32;
  return sha256_of_bytes(fmt::format("{}\n{}\n{}\n{}\n{}", text.title, text.description,
                                     text.language.code, text.language.prob, text.language.script))
      .substr(0, kKeyLength);
}

std::string text_or_empty(const Column& column, std::size_t row) {
  return column.is_null(row) ? std::string() : column.strings()[row];
}

Cell text_cell(std::string_view text) {
  return text.empty() ? Cell() : Cell(std::string(text));
}

}  // namespace

fs::path TextPieces::piece(const char* kind, std::size_t number) const {
  return folder_ / fmt::format("{}-{:05}.parquet", kind, number);
}

std::string TextPieces::from(const char* kind, std::size_t pieces) const {
  std::vector<fs::path> files;
  for (std::size_t i = 0; i < pieces; ++i) files.push_back(piece(kind, i));
  return sql_read_parquet(files);
}

Status TextPieces::check_stop() const {
  if (!stop_) return Ok{};
  return Error{ErrorCode::kCancelled, "stopped as asked; the next run goes on here"};
}

void TextPieces::report(const char* stage, std::int64_t done, std::int64_t total,
                        const char* unit) const {
  if (progress_) progress_({stage, done, total, unit});
}

Status TextPieces::prepare(const fs::path& corpus) {
  MIEN_TRY(schema, database_.read_schema(corpus));
  const auto text_column = [&](const char* name) {
    const int at = schema.index_of(name);
    const bool is_text = at >= 0 && schema.columns[static_cast<std::size_t>(at)].type == kString;
    return is_text ? std::string(name) : fmt::format("CAST(NULL AS VARCHAR) AS {}", name);
  };
  MIEN_TRY(counted, database_.query("SELECT count(*) FROM " + sql_read_parquet({&corpus, 1})));
  const std::int64_t total = counted.column(0).integers()[0];
  const TableSchema rows_schema = {
      "rows",
      "video",
      "",
      {{"video_id", kString, ""}, {"title", kString, ""}, {"description", kString, ""}}};
  Table rows(rows_schema);
  const auto flush = [&]() -> Status {
    if (rows.rows() == 0) return Ok{};
    MIEN_TRY_VOID(write_prepared(rows, prepared_pieces_));
    ++prepared_pieces_;
    videos_ += static_cast<std::int64_t>(rows.rows());
    rows = Table(rows_schema);
    report("texts", videos_, total, "videos");
    return check_stop();
  };
  const auto take = [&](const Table& batch) -> Status {
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      const Cell cells[] = {batch.column(0).at(r), batch.column(1).at(r), batch.column(2).at(r)};
      rows.append(cells);
      if (rows.rows() == kRowsOfPiece) MIEN_TRY_VOID(flush());
    }
    return Ok{};
  };
  MIEN_TRY_VOID(
      database_.query(fmt::format("SELECT video_id, {}, {} FROM {}", text_column("title"),
                                  text_column("description"), sql_read_parquet({&corpus, 1})),
                      take));
  MIEN_TRY_VOID(flush());
  if (prepared_pieces_ == 0) {
    return Error{ErrorCode::kNotFound, corpus.string() + ": no videos"};
  }
  return find_distinct();
}

Status TextPieces::write_prepared(const Table& rows, std::size_t number) {
  std::error_code ignored;
  if (fs::exists(piece("prepared", number), ignored)) return Ok{};
  std::vector<PreparedText> texts(rows.rows());
  std::vector<std::string> keys(rows.rows());
  for_each_piece((rows.rows() + kRowsAtOnce - 1) / kRowsAtOnce, threads_, [&](std::size_t part) {
    const std::size_t end = std::min(rows.rows(), (part + 1) * kRowsAtOnce);
    for (std::size_t r = part * kRowsAtOnce; r < end; ++r) {
      texts[r] = prepare_text(text_or_empty(rows.column(1), r), text_or_empty(rows.column(2), r));
      keys[r] = key_of(texts[r]);
    }
  });
  const TableSchema schema = prepared_schema();
  Table prepared(schema);
  RowBuilder row(schema);
  for (std::size_t r = 0; r < texts.size(); ++r) {
    const PreparedText& text = texts[r];
    const bool has_language = !text.language.code.empty();
    row.set("row", videos_ + static_cast<std::int64_t>(r));
    row.set("video_id", rows.column(0).at(r));
    row.set("key", keys[r]);
    row.set("title", text_cell(text.title));
    row.set("description", text_cell(text.description));
    row.set("language", text_cell(text.language.code));
    row.set("language_prob", has_language ? Cell(text.language.prob) : Cell());
    row.set("script", text_cell(text.language.script));
    row.set("reason", text_cell(unreadable(text)));
    prepared.append(row.finish());
  }
  return database_.write_parquet(prepared, piece("prepared", number), {});
}

Status TextPieces::find_distinct() {
  const fs::path file = folder_ / "distinct.parquet";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    report("duplicates", 0, 0, "videos");
    const std::string prepared = from("prepared", prepared_pieces_);
    MIEN_TRY_VOID(database_.write_query_parquet(
        fmt::format("SELECT p.row, title, description, language, language_prob, script FROM {} p "
                    "JOIN (SELECT min(row) AS row FROM {} WHERE reason IS NULL GROUP BY key) d ON "
                    "p.row = d.row ORDER BY p.row",
                    prepared, prepared),
        file, {}));
  }
  MIEN_TRY(counted, database_.query("SELECT count(*) FROM " + sql_read_parquet({&file, 1})));
  texts_ = counted.column(0).integers()[0];
  return check_stop();
}

Status TextPieces::score() {
  const fs::path file = folder_ / "distinct.parquet";
  std::vector<DistinctText> texts;
  std::int64_t done = 0;
  const auto flush = [&]() -> Status {
    if (texts.empty() && score_pieces_ > 0) return Ok{};
    std::error_code ignored;
    if (fs::exists(piece("status", score_pieces_), ignored)) {
      resumed_ += static_cast<std::int64_t>(texts.size());
    } else {
      MIEN_TRY_VOID(score_piece(texts, score_pieces_));
    }
    ++score_pieces_;
    done += static_cast<std::int64_t>(texts.size());
    texts.clear();
    report("contexts", done, texts_, "texts");
    return check_stop();
  };
  const auto take = [&](const Table& batch) -> Status {
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      DistinctText text;
      text.row = batch.column(0).integers()[r];
      text.text.title = text_or_empty(batch.column(1), r);
      text.text.description = text_or_empty(batch.column(2), r);
      text.text.language = {text_or_empty(batch.column(3), r),
                            batch.column(4).is_null(r) ? 0 : batch.column(4).doubles()[r],
                            text_or_empty(batch.column(5), r)};
      text.text.given = true;
      texts.push_back(std::move(text));
      if (texts.size() == kTextsOfPiece) MIEN_TRY_VOID(flush());
    }
    return Ok{};
  };
  MIEN_TRY_VOID(
      database_.query("SELECT row, title, description, language, language_prob, script FROM " +
                          sql_read_parquet({&file, 1}),
                      take));
  return flush();
}

Status TextPieces::score_piece(const std::vector<DistinctText>& texts, std::size_t number) {
  const std::size_t parts = (texts.size() + kTextsAtOnce - 1) / kTextsAtOnce;
  std::vector<Result<std::vector<TextScores>>> results(parts, std::vector<TextScores>());
  for_each_piece(parts, threads_, [&](std::size_t part) {
    if (stop_) return;
    std::vector<PreparedText> own;
    const std::size_t end = std::min(texts.size(), (part + 1) * kTextsAtOnce);
    for (std::size_t t = part * kTextsAtOnce; t < end; ++t) own.push_back(texts[t].text);
    results[part] = scorer_.score(own);
  });
  MIEN_TRY_VOID(check_stop());
  const TableSchema scores_table = scores_schema();
  const TableSchema status_table = status_schema();
  Table scores(scores_table);
  Table status(status_table);
  RowBuilder score_row(scores_table);
  RowBuilder status_row(status_table);
  for (std::size_t part = 0; part < parts; ++part) {
    MIEN_TRY(made, std::move(results[part]));
    for (std::size_t i = 0; i < made.size(); ++i) {
      const std::int64_t row = texts[part * kTextsAtOnce + i].row;
      std::int64_t rank = 0;
      for (const ContextScore& score : made[i].scores) {
        score_row.set("row", row).set("rank", rank++);
        score_row.set("context", scorer_.contexts()[score.context]);
        score_row.set("score_prob", score.prob);
        score_row.set("above_threshold", score.prob >= scorer_.thresholds()[score.context]);
        scores.append(score_row.finish());
      }
      status_row.set("row", row).set("reason", text_cell(made[i].reason));
      status_row.set("none_prob", cell_from(made[i].none_prob));
      status.append(status_row.finish());
    }
  }
  MIEN_TRY_VOID(database_.write_parquet(scores, piece("scores", number), {}));
  return database_.write_parquet(status, piece("status", number), {});
}

// Rows of the corpus with the row at which their text stands first.
std::string TextPieces::keyed_rows(const char* columns) const {
  const std::string prepared = from("prepared", prepared_pieces_);
  return fmt::format(
      "(SELECT {}, k.first FROM {} r LEFT JOIN (SELECT key, min(row) AS first FROM {} WHERE reason "
      "IS NULL GROUP BY key) k ON r.key = k.key)",
      columns, prepared, prepared);
}

std::string TextPieces::contexts_sql() const {
  return fmt::format(
      "SELECT p.video_id, 'text' AS source, s.context, s.score_prob, s.above_threshold FROM {} p "
      "JOIN {} s ON s.row = p.first ORDER BY p.row, s.rank",
      keyed_rows("r.row, r.video_id"), from("scores", score_pieces_));
}

std::string TextPieces::status_sql(const std::string& vocabulary) const {
  return fmt::format(
      "SELECT p.video_id, 'text' AS source, {} AS vocabulary, CASE WHEN coalesce(p.reason, "
      "s.reason) IS NULL THEN 'ok' ELSE 'skipped' END AS status, coalesce(p.reason, s.reason) AS "
      "reason, p.language, p.language_prob, s.none_prob FROM {} p LEFT JOIN {} s ON s.row = "
      "p.first ORDER BY p.row",
      sql_quote(vocabulary), keyed_rows("r.row, r.video_id, r.reason, r.language, r.language_prob"),
      from("status", score_pieces_));
}

}  // namespace mien
