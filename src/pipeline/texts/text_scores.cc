// TextPieces: from prepared texts to the rows of the study's tables.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include "pipeline/texts/bulk_texts.h"
#include "pipeline/texts/text_pieces.h"
#include "stats/parallel.h"
#include "table/schema.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPiecesOfWindow = 256;
constexpr std::size_t kTextsAtOnce = 256;  // scored by one thread

// Scores as a line of text and back; the numbers come back bit for bit.
std::string packed(const std::vector<ContextScore>& scores) {
  std::string text;
  for (const ContextScore& score : scores) {
    fmt::format_to(std::back_inserter(text), "{} {} ", score.context, score.prob);
  }
  return text;
}

std::optional<std::vector<ContextScore>> unpacked(std::string_view text, std::size_t contexts) {
  std::vector<ContextScore> scores;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    ContextScore score;
    const auto context = std::from_chars(at, end, score.context);
    if (context.ec != std::errc() || context.ptr == end || score.context >= contexts) return {};
    const auto prob = std::from_chars(context.ptr + 1, end, score.prob);
    if (prob.ec != std::errc() || prob.ptr == end) return {};
    scores.push_back(score);
    at = prob.ptr + 1;
  }
  return scores;
}

}  // namespace

struct TextPieces::Rows {
  std::int64_t begin = 0;  // row of the corpus
  std::vector<std::string> ids, reasons;
  std::vector<PreparedText> texts;
};

Status TextPieces::load_firsts(std::int64_t from) {
  const std::int64_t end = std::min(videos_, from + kPiecesOfWindow * kRowsOfPiece);
  window_ = from;
  first_.assign(static_cast<std::size_t>(end - from), -1);
  is_repeated_.assign(first_.size(), 0);
  return database_.scan(
      fmt::format("SELECT row, first, repeated FROM {} WHERE row >= {} AND row < {}",
                  sql_read_parquet(firsts_), from, end),
      [&](const ScanBatch& batch) -> Status {
        for (std::size_t r = 0; r < batch.rows(); ++r) {
          const auto at = static_cast<std::size_t>(batch.integers(0)[r] - from);
          first_[at] = batch.integers(1)[r];
          is_repeated_[at] = batch.truths(2)[r] ? 1 : 0;
        }
        return Ok{};
      });
}

Status TextPieces::score() {
  MIEN_TRY(repeated,
           SqliteDatabase::open(folder_ / "repeated.sqlite", SqliteDatabase::Access::kCreate));
  repeated_ = std::move(repeated);
  MIEN_TRY_VOID(
      repeated_->run("CREATE TABLE IF NOT EXISTS repeated (first INTEGER PRIMARY KEY, "
                     "reason TEXT NOT NULL, none_prob REAL, scores TEXT NOT NULL)"));
  std::int64_t done = 0;
  for (std::size_t number = 0; number < pieces_; ++number) {
    const std::int64_t begin = static_cast<std::int64_t>(number) * kRowsOfPiece;
    if (number % kPiecesOfWindow == 0) MIEN_TRY_VOID(load_firsts(begin));
    std::int64_t texts = 0;
    for (std::int64_t row = begin; row < std::min(videos_, begin + kRowsOfPiece); ++row)
      texts += first_[static_cast<std::size_t>(row - window_)] == row ? 1 : 0;
    std::error_code ignored;
    if (fs::exists(piece("context_status", number), ignored)) {
      resumed_ += texts;
    } else {
      MIEN_TRY_VOID(score_piece(number));
    }
    done += texts;
    report("contexts", done, texts_, "texts");
    MIEN_TRY_VOID(check_stop());
  }
  return Ok{};
}

Result<TextPieces::Rows> TextPieces::read_prepared(std::size_t number) {
  Rows rows;
  rows.begin = static_cast<std::int64_t>(number) * kRowsOfPiece;
  const fs::path file = piece("prepared", number);
  MIEN_TRY_VOID(database_.scan(
      "SELECT video_id, title, description, language, language_prob, script, reason FROM " +
          sql_read_parquet(file),
      [&](const ScanBatch& batch) -> Status {
        for (std::size_t r = 0; r < batch.rows(); ++r) {
          rows.ids.push_back(text_of(batch, 0, r));
          PreparedText text;
          text.title = text_of(batch, 1, r);
          text.description = text_of(batch, 2, r);
          text.language = {text_of(batch, 3, r), batch.is_null(4, r) ? 0 : batch.doubles(4)[r],
                           text_of(batch, 5, r)};
          rows.reasons.push_back(text_of(batch, 6, r));
          text.given = true;
          rows.texts.push_back(std::move(text));
        }
        return Ok{};
      }));
  return rows;
}

Status TextPieces::score_piece(std::size_t number) {
  MIEN_TRY(rows, read_prepared(number));
  std::vector<TextScores> own;
  MIEN_TRY_VOID(score_own(rows, own));
  MIEN_TRY_VOID(keep_repeated(rows, own));
  std::map<std::int64_t, TextScores> recalled;
  MIEN_TRY_VOID(recall_repeated(rows, recalled));
  std::vector<const TextScores*> scores(rows.ids.size(), nullptr);
  for (std::size_t r = 0; r < scores.size(); ++r) {
    const std::int64_t first = first_of(rows, r);
    if (first < 0) continue;
    scores[r] = first >= rows.begin ? &own[static_cast<std::size_t>(first - rows.begin)]
                                    : &recalled.at(first);
  }
  return write_tables(rows, scores, number);
}

std::int64_t TextPieces::first_of(const Rows& rows, std::size_t row) const {
  return first_[static_cast<std::size_t>(rows.begin - window_) + row];
}

// Scores of the texts that stand first here, at their rows.
Status TextPieces::score_own(const Rows& rows, std::vector<TextScores>& scores) {
  scores.resize(rows.ids.size());
  std::vector<std::size_t> wanted;
  for (std::size_t r = 0; r < rows.ids.size(); ++r) {
    if (first_of(rows, r) == rows.begin + static_cast<std::int64_t>(r)) wanted.push_back(r);
  }
  const std::size_t parts = (wanted.size() + kTextsAtOnce - 1) / kTextsAtOnce;
  std::vector<Status> statuses(parts, Ok{});
  for_each_piece(parts, threads_, [&](std::size_t part) {
    if (stop_) return;
    const std::size_t begin = part * kTextsAtOnce;
    const std::size_t end = std::min(wanted.size(), begin + kTextsAtOnce);
    std::vector<PreparedText> texts;
    for (std::size_t i = begin; i < end; ++i) texts.push_back(rows.texts[wanted[i]]);
    auto made = scorer_.score(texts);
    if (!made.ok()) {
      statuses[part] = made.error();
      return;
    }
    for (std::size_t i = begin; i < end; ++i) scores[wanted[i]] = std::move((*made)[i - begin]);
  });
  MIEN_TRY_VOID(check_stop());
  for (const Status& status : statuses) MIEN_TRY_VOID(status);
  return Ok{};
}

Status TextPieces::keep_repeated(const Rows& rows, const std::vector<TextScores>& scores) {
  MIEN_TRY(transaction, SqlTransaction::begin(*repeated_));
  for (std::size_t r = 0; r < scores.size(); ++r) {
    const std::int64_t row = rows.begin + static_cast<std::int64_t>(r);
    if (first_of(rows, r) != row || is_repeated_[static_cast<std::size_t>(row - window_)] == 0)
      continue;
    const std::string text = packed(scores[r].scores);
    const SqlValue none = std::isnan(scores[r].none_prob) ? SqlValue() : scores[r].none_prob;
    MIEN_TRY_VOID(repeated_->run("INSERT OR REPLACE INTO repeated VALUES (?, ?, ?, ?)",
                                 {row, scores[r].reason, none, text}));
  }
  return transaction.commit();
}

Status TextPieces::recall_repeated(const Rows& rows, std::map<std::int64_t, TextScores>& recalled) {
  for (std::size_t r = 0; r < rows.ids.size(); ++r) {
    const std::int64_t first = first_of(rows, r);
    if (first < 0 || first >= rows.begin || recalled.contains(first)) continue;
    MIEN_TRY_VOID(repeated_->each("SELECT reason, none_prob, scores FROM repeated WHERE first = ?",
                                  {first}, [&](const SqlRow& row) -> Status {
                                    auto scores = unpacked(row.text(2), scorer_.contexts().size());
                                    if (!scores.has_value()) return Ok{};
                                    recalled[first] = {std::string(row.text(0)), std::move(*scores),
                                                       row.is_null(1) ? NAN : row.real(1)};
                                    return Ok{};
                                  }));
    if (!recalled.contains(first)) {
      return Error{ErrorCode::kCorrupt, (folder_ / "repeated.sqlite").string() +
                                            ": scores of an earlier row are gone; remedy: remove " +
                                            folder_.string() + " and run again"};
    }
  }
  return Ok{};
}

Status TextPieces::write_tables(const Rows& rows, const std::vector<const TextScores*>& scores,
                                std::size_t number) {
  enum ContextColumn : std::size_t { kVideo, kSource, kContext, kProb, kAbove, kContextColumns };
  enum StatusColumn : std::size_t {
    kVocabulary = 2,
    kStatus,
    kReason,
    kLanguage,
    kLanguageProb,
    kNoneProb,
    kStatusColumns
  };
  BulkBatch contexts{0, std::vector<BulkColumn>(kContextColumns)};
  BulkBatch status{rows.ids.size(), std::vector<BulkColumn>(kStatusColumns)};
  contexts.columns[kVideo].words = rows.ids;
  contexts.columns[kSource].words = status.columns[kSource].words = {"text"};
  contexts.columns[kContext].words.assign(scorer_.contexts().begin(), scorer_.contexts().end());
  status.columns[kVideo].words = rows.ids;
  status.columns[kVocabulary].words = {vocabulary_};
  status.columns[kStatus].words = {"ok", "skipped"};
  for (std::size_t r = 0; r < rows.ids.size(); ++r) {
    const std::string& reason =
        !rows.reasons[r].empty() || scores[r] == nullptr ? rows.reasons[r] : scores[r]->reason;
    const LanguageGuess& language = rows.texts[r].language;
    const auto video = static_cast<std::uint32_t>(r);
    status.columns[kVideo].codes.push_back(video);
    status.columns[kSource].codes.push_back(0);
    status.columns[kVocabulary].codes.push_back(0);
    status.columns[kStatus].codes.push_back(reason.empty() ? 0 : 1);
    add_text(status.columns[kReason], reason);
    add_text(status.columns[kLanguage], language.code);
    status.columns[kLanguageProb].doubles.push_back(language.code.empty() ? NAN : language.prob);
    status.columns[kNoneProb].doubles.push_back(scores[r] == nullptr ? NAN : scores[r]->none_prob);
    if (scores[r] == nullptr) continue;
    for (const ContextScore& score : scores[r]->scores) {
      ++contexts.rows;
      contexts.columns[kVideo].codes.push_back(video);
      contexts.columns[kSource].codes.push_back(0);
      contexts.columns[kContext].codes.push_back(score.context);
      contexts.columns[kProb].doubles.push_back(score.prob);
      contexts.columns[kAbove].truths.push_back(
          score.prob >= scorer_.thresholds()[score.context] ? 1 : 0);
    }
  }
  MIEN_TRY_VOID(
      database_.write_stream(contexts_schema(), once(contexts), piece("contexts", number), {}));
  return database_.write_stream(context_status_schema(), once(status),
                                piece("context_status", number), {});
}

}  // namespace mien
