#include "pipeline/texts/text_pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <tuple>

#include "base/sha256.h"
#include "pipeline/texts/bulk_texts.h"
#include "stats/parallel.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using enum ColumnType;

constexpr std::int64_t kKeysAtOnce = 1'000'000;  // of which equal ones are looked for together
constexpr std::size_t kFirstsOfBatch = 65536;
constexpr std::size_t kRowsAtOnce = 128;  // prepared by one thread

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
  friend bool operator==(const Key&, const Key&) = default;
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
  MIEN_TRY(counted, database_.query("SELECT count(*) FROM " + sql_read_parquet(corpus)));
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
  MIEN_TRY_VOID(database_.scan(fmt::format("SELECT video_id, {}, {} FROM {}", text_column("title"),
                                           text_column("description"), sql_read_parquet(corpus)),
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
  report("duplicates", 0, 0, "videos");
  const std::int64_t parts = (videos_ + kKeysAtOnce - 1) / kKeysAtOnce;
  for (std::int64_t part = 0; part < parts; ++part) {
    firsts_.push_back(piece("firsts", static_cast<std::size_t>(part)));
    std::error_code ignored;
    if (!fs::exists(firsts_.back(), ignored)) MIEN_TRY_VOID(write_firsts(part, parts));
    MIEN_TRY_VOID(check_stop());
  }
  MIEN_TRY(counted, database_.query("SELECT count(*) FILTER (row = first) FROM " +
                                    sql_read_parquet(firsts_)));
  texts_ = counted.column(0).integers()[0];
  return Ok{};
}

// Of the keys of one part: where their texts stand first.
Status TextPieces::write_firsts(std::int64_t part, std::int64_t parts) {
  struct Row {
    Key key;
    std::int64_t row = 0;
    std::int64_t first = 0;
    bool is_repeated = false;
  };
  std::vector<Row> rows;
  MIEN_TRY_VOID(database_.scan(
      fmt::format(
          "SELECT row, key_high, key_low FROM {} WHERE reason IS NULL AND key_high % {} = {}",
          sql_read_parquet(tables("prepared")), parts, part),
      [&](const ScanBatch& batch) -> Status {
        for (std::size_t r = 0; r < batch.rows(); ++r)
          rows.push_back({{batch.integers(1)[r], batch.integers(2)[r]}, batch.integers(0)[r]});
        return Ok{};
      }));
  std::ranges::sort(rows, {},
                    [](const Row& row) { return std::tuple(row.key.high, row.key.low, row.row); });
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    while (end < rows.size() && rows[end].key == rows[begin].key) ++end;
    for (std::size_t r = begin; r < end; ++r) {
      rows[r].first = rows[begin].row;
      rows[r].is_repeated = end - begin > 1;
    }
    begin = end;
  }
  std::ranges::sort(rows, {}, &Row::row);
  const TableSchema schema = {
      "firsts", "text", "", {{"row", kInt64, ""}, {"first", kInt64, ""}, {"repeated", kBool, ""}}};
  std::size_t at = 0;
  const BulkSource source = [&](BulkBatch& batch) -> Result<bool> {
    const std::size_t end = std::min(rows.size(), at + kFirstsOfBatch);
    batch = {end - at, std::vector<BulkColumn>(schema.columns.size())};
    for (; at < end; ++at) {
      batch.columns[0].integers.push_back(rows[at].row);
      batch.columns[1].integers.push_back(rows[at].first);
      batch.columns[2].truths.push_back(rows[at].is_repeated ? 1 : 0);
    }
    return batch.rows > 0;
  };
  return database_.write_stream(schema, source, firsts_.back(), {});
}

}  // namespace mien
