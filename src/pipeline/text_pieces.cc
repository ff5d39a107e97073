#include "pipeline/text_pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/sha256.h"
#include "pipeline/bulk_texts.h"
#include "stats/parallel.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using enum ColumnType;

constexpr std::int64_t kKeysAtOnce = 1'000'000;  // of which equal ones are looked for together
constexpr std::size_t kRowsAtOnce = 128;         // prepared by one thread

TableSchema prepared_schema() {
  return {"prepared",
          "video",
          "",
          {{"row", kInt64, ""},
           {"video_id", kString, ""},
           {"key_high", kInt64, ""},
           {"key_low", kInt64, ""},
           {"title", kString, ""},
           {"description", kString, ""},
           {"language", kString, ""},
           {"language_prob", kDouble, ""},
           {"script", kString, ""},
           {"reason", kString, ""}}};
}

// Texts with the same key are read once; 127 bits of SHA-256 do not meet by chance.
struct Key {
  std::int64_t high = 0;  // not negative
  std::int64_t low = 0;
};

Key key_of(const PreparedText& text) {
  constexpr std::size_t kDigits = 16;
  const std::string hash =
      sha256_of_bytes(fmt::format("{}\n{}\n{}\n{}\n{}", text.title, text.description,
                                  text.language.code, text.language.prob, text.language.script));
  std::uint64_t halves[2] = {0, 0};
  for (std::size_t i = 0; i < 2; ++i) {
    const char* const begin = hash.data() + i * kDigits;
    std::from_chars(begin, begin + kDigits, halves[i], 16);
  }
  return {static_cast<std::int64_t>(halves[0] >> 1), static_cast<std::int64_t>(halves[1])};
}

}  // namespace

fs::path TextPieces::piece(const char* kind, std::size_t number) const {
  return folder_ / fmt::format("{}-{:06}.parquet", kind, number);
}

std::vector<fs::path> TextPieces::tables(const char* name) const {
  std::vector<fs::path> files;
  for (std::size_t i = 0; i < pieces_; ++i) files.push_back(piece(name, i));
  return files;
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
  std::vector<std::string> ids, titles, descriptions;
  std::vector<PreparedText> texts;
  const auto flush = [&]() -> Status {
    if (ids.empty()) return Ok{};
    std::error_code ignored;
    if (!fs::exists(piece("prepared", pieces_), ignored)) {
      texts.assign(ids.size(), {});
      for_each_piece((ids.size() + kRowsAtOnce - 1) / kRowsAtOnce, threads_, [&](std::size_t part) {
        const std::size_t end = std::min(ids.size(), (part + 1) * kRowsAtOnce);
        for (std::size_t r = part * kRowsAtOnce; r < end; ++r)
          texts[r] = prepare_text(titles[r], descriptions[r]);
      });
      MIEN_TRY_VOID(write_prepared(ids, texts, pieces_));
    }
    ++pieces_;
    videos_ += static_cast<std::int64_t>(ids.size());
    ids.clear();
    titles.clear();
    descriptions.clear();
    report("texts", videos_, total, "videos");
    return check_stop();
  };
  const auto take = [&](const ScanBatch& batch) -> Status {
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      ids.push_back(text_of(batch, 0, r));
      titles.push_back(text_of(batch, 1, r));
      descriptions.push_back(text_of(batch, 2, r));
      if (ids.size() == static_cast<std::size_t>(kRowsOfPiece)) MIEN_TRY_VOID(flush());
    }
    return Ok{};
  };
  MIEN_TRY_VOID(
      database_.scan(fmt::format("SELECT video_id, {}, {} FROM {}", text_column("title"),
                                 text_column("description"), sql_read_parquet({&corpus, 1})),
                     take));
  MIEN_TRY_VOID(flush());
  if (pieces_ == 0) return Error{ErrorCode::kNotFound, corpus.string() + ": no videos"};
  return find_firsts();
}

Status TextPieces::write_prepared(const std::vector<std::string>& ids,
                                  const std::vector<PreparedText>& texts, std::size_t number) {
  const TableSchema schema = prepared_schema();
  std::vector<Key> keys(texts.size());
  for_each_piece((texts.size() + kRowsAtOnce - 1) / kRowsAtOnce, threads_, [&](std::size_t part) {
    const std::size_t end = std::min(texts.size(), (part + 1) * kRowsAtOnce);
    for (std::size_t r = part * kRowsAtOnce; r < end; ++r) keys[r] = key_of(texts[r]);
  });
  BulkBatch batch;
  batch.rows = texts.size();
  batch.columns.resize(schema.columns.size());
  for (std::size_t r = 0; r < texts.size(); ++r) {
    const PreparedText& text = texts[r];
    auto column = batch.columns.begin();
    (column++)->integers.push_back(videos_ + static_cast<std::int64_t>(r));
    add_text(*column++, ids[r]);
    (column++)->integers.push_back(keys[r].high);
    (column++)->integers.push_back(keys[r].low);
    add_text(*column++, text.title);
    add_text(*column++, text.description);
    add_text(*column++, text.language.code);
    (column++)->doubles.push_back(text.language.code.empty() ? NAN : text.language.prob);
    add_text(*column++, text.language.script);
    add_text(*column++, unreadable(text));
  }
  return database_.write_stream(schema, once(batch), piece("prepared", number), {});
}

Status TextPieces::find_firsts() {
  const fs::path file = folder_ / "firsts.parquet";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    report("duplicates", 0, 0, "videos");
    const std::string prepared = sql_read_parquet(tables("prepared"));
    const std::int64_t parts = (videos_ + kKeysAtOnce - 1) / kKeysAtOnce;
    std::vector<fs::path> files;
    for (std::int64_t part = 0; part < parts; ++part) {
      const std::string own = fmt::format(
          "(SELECT row, key_high, key_low FROM {} WHERE reason IS NULL AND "
          "key_high % {} = {})",
          prepared, parts, part);
      files.push_back(piece("firsts", static_cast<std::size_t>(part)));
      MIEN_TRY_VOID(database_.write_query_parquet(
          fmt::format(
              "SELECT p.row, d.first, d.rows > 1 AS repeated FROM {} p JOIN (SELECT "
              "key_high, key_low, min(row) AS first, count(*) AS rows FROM {} GROUP BY ALL) "
              "d USING (key_high, key_low) ORDER BY p.row",
              own, own),
          files.back(), {}));
      MIEN_TRY_VOID(check_stop());
    }
    MIEN_TRY_VOID(database_.write_query_parquet(
        "SELECT row, first, repeated FROM " + sql_read_parquet(files) + " ORDER BY row", file, {}));
  }
  MIEN_TRY(counted, database_.query("SELECT count(*) FILTER (row = first) FROM " +
                                    sql_read_parquet({&file, 1})));
  texts_ = counted.column(0).integers()[0];
  return check_stop();
}

}  // namespace mien
