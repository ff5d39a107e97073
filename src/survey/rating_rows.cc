#include "survey/rating_rows.h"

#include <fmt/format.h>

#include <cmath>

#include "store/database.h"
#include "store/durable_file.h"
#include "store/text_export.h"
#include "table/rating_schema.h"

namespace mien {

namespace {

constexpr std::size_t kRowsOfPiece = 4096;

std::optional<std::int64_t> whole_or_none(const SqlRow& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.integer(column));
}

Cell cell_of(const std::optional<std::int64_t>& value) {
  return value.has_value() ? Cell(*value) : Cell();
}

Cell text_or_null(const std::string& text) {
  return text.empty() ? Cell() : Cell(text);
}

GivenAnswer answer_of(const SqlRow& row) {
  GivenAnswer answer;
  answer.id = row.text(0);
  answer.rater = row.text(1);
  answer.group = row.text(2);
  answer.clip = row.text(3);
  answer.kind = row.text(4);
  answer.repeat = row.integer(5);
  answer.place = row.integer(6);
  answer.outcome = row.text(7);
  answer.comment = row.text(8);
  answer.response_ms = whole_or_none(row, 9);
  answer.viewed_ms = whole_or_none(row, 10);
  if (!row.is_null(11)) answer.viewed_fully = row.integer(11) != 0;
  answer.answered_ms = row.integer(12);
  answer.excluded = row.integer(13) != 0;
  return answer;
}

// Rows of a piece of the table as a batch for Parquet.
void to_batch(const Table& piece, BulkBatch& batch) {
  batch = {};
  batch.rows = piece.rows();
  for (std::size_t c = 0; c < piece.schema().columns.size(); ++c) {
    const Column& from = piece.column(c);
    BulkColumn to;
    for (std::size_t r = 0; r < batch.rows; ++r) {
      const bool null = from.is_null(r);
      switch (from.type()) {
        case ColumnType::kDouble:
          to.doubles.push_back(null ? std::nan("") : from.doubles()[r]);
          break;
        case ColumnType::kString:
          to.codes.push_back(null ? BulkColumn::kNull
                                  : static_cast<std::uint32_t>(to.words.size()));
          if (!null) to.words.push_back(from.strings()[r]);
          break;
        case ColumnType::kInt64:
          to.integers.push_back(null ? 0 : from.integers()[r]);
          to.valid.push_back(!null);
          break;
        case ColumnType::kBool:
          to.truths.push_back(!null && from.integers()[r] != 0);
          to.valid.push_back(!null);
          break;
      }
    }
    batch.columns.push_back(std::move(to));
  }
}

}  // namespace

Result<std::vector<GivenAnswer>> given_answers(SqliteDatabase& ratings,
                                               const SurveyDefinition& definition,
                                               AnswerScope scope) {
  std::vector<GivenAnswer> answers;
  MIEN_TRY_VOID(ratings.each(
      "SELECT b.id, a.rater, r.group_name, a.clip, a.kind, a.repeat, a.place, b.kind, "
      "coalesce(b.comment, ''), b.response_ms, b.viewed_ms, b.viewed_fully, b.answered_ms, "
      "EXISTS(SELECT 1 FROM exclusions e WHERE e.rater = a.rater AND e.lifted_ms IS NULL) FROM "
      "assignments a JOIN raters r ON r.id = a.rater JOIN answers b ON b.id = a.answer ORDER BY "
      "a.rater, a.place",
      {}, [&](const SqlRow& row) -> Status {
        GivenAnswer answer = answer_of(row);
        if (scope == AnswerScope::kAll || (!answer.excluded && answer.kind != "catch")) {
          answers.push_back(std::move(answer));
        }
        return Ok{};
      }));
  std::map<std::string, GivenAnswer*, std::less<>> by_id;
  for (GivenAnswer& answer : answers) by_id[answer.id] = &answer;
  MIEN_TRY_VOID(ratings.each(
      "SELECT answer, label, value FROM answer_values", {}, [&](const SqlRow& row) -> Status {
        const auto answer = by_id.find(row.text(0));
        if (answer == by_id.end()) return Ok{};
        const int label = definition.label_at(row.text(1));
        if (label < 0) {
          return Error{
              ErrorCode::kMismatch,
              fmt::format("the label '{}' was given and is none of rating.toml; remedy: put "
                          "it back under [[labels]]",
                          row.text(1))};
        }
        answer->second->values.emplace_back(static_cast<std::uint32_t>(label), row.real(2));
        return Ok{};
      }));
  return answers;
}

Result<Ratings> study_ratings(SqliteDatabase& ratings, const SurveyDefinition& definition) {
  MIEN_TRY(answers, given_answers(ratings, definition, AnswerScope::kAnalysis));
  const bool amounts = definition.kind == AnswerKind::kIntensity;
  RatingsBuilder builder;
  std::vector<bool> met(definition.labels.size(), false);
  const GivenAnswer* first = nullptr;
  const auto add = [&](const GivenAnswer& answer, std::string_view label, double value) {
    RatingsBuilder::Row row;
    row.rater = answer.rater;
    row.clip = answer.clip;
    row.group = answer.group;
    row.label = label;
    row.value = value;
    row.repeat = answer.repeat;
    row.order = static_cast<double>(answer.place);
    builder.add(row);
  };
  for (const GivenAnswer& answer : answers) {
    if (answer.outcome == "none") {
      if (!amounts) add(answer, "", 1);
      for (const SurveyLabel& label : definition.labels) {
        if (amounts) add(answer, label.id, 0);
      }
    } else if (answer.outcome == "rated") {
      for (const auto& [label, value] : answer.values) {
        add(answer, definition.labels[label].id, value);
        met[label] = true;
      }
    } else {
      continue;
    }
    if (first == nullptr) first = &answer;
  }
  for (std::size_t label = 0; label < met.size() && first != nullptr && !amounts; ++label) {
    if (!met[label]) add(*first, definition.labels[label].id, 0);
  }
  return std::move(builder).finish(amounts ? RatingMode::kValue : RatingMode::kChoice);
}

Result<RatingTable> RatingTable::open(SqliteDatabase& ratings, const SurveyDefinition& definition,
                                      const ClipList* clips, AnswerScope scope) {
  RatingTable table(definition, ratings_schema());
  table.clips_ = clips;
  MIEN_TRY(answers, given_answers(ratings, definition, scope));
  table.answers_ = std::move(answers);
  MIEN_TRY_VOID(ratings.each("SELECT rater, position, label FROM label_orders", {},
                             [&](const SqlRow& row) -> Status {
                               auto& positions = table.positions_[std::string(row.text(0))];
                               positions.resize(definition.labels.size(), -1);
                               const int label = definition.label_at(row.text(2));
                               if (label >= 0)
                                 positions[static_cast<std::size_t>(label)] = row.integer(1);
                               return Ok{};
                             }));
  return table;
}

Status RatingTable::keep_view(std::string_view view) {
  std::erase_if(answers_, [&](const GivenAnswer& answer) {
    const int clip = clips_ == nullptr ? -1 : clips_->index_of(answer.clip);
    return clip < 0 || clips_->clips()[static_cast<std::size_t>(clip)].view != view;
  });
  if (!answers_.empty()) return Ok{};
  return Error{
      ErrorCode::kNotFound,
      fmt::format("no answer is about a clip of view '{}'; remedy: leave the view away, or "
                  "prepare clips with view = \"both\"",
                  view)};
}

bool RatingTable::next(Table& piece) {
  if (at_ == answers_.size()) return false;
  piece = Table(schema_);
  while (at_ < answers_.size() && piece.rows() < kRowsOfPiece) append(answers_[at_++], piece);
  return true;
}

void RatingTable::append(const GivenAnswer& answer, Table& piece) const {
  const auto positions = positions_.find(answer.rater);
  const bool seen = answer.outcome == "rated" || answer.outcome == "none";
  const int clip = clips_ == nullptr ? -1 : clips_->index_of(answer.clip);
  const SurveyClip* shown = clip < 0 ? nullptr : &clips_->clips()[static_cast<std::size_t>(clip)];
  const bool whole = definition_->kind != AnswerKind::kIntensity || answer.outcome == "none";
  for (std::uint32_t label = 0; label < definition_->labels.size(); ++label) {
    const auto given = std::find_if(answer.values.begin(), answer.values.end(),
                                    [&](const auto& value) { return value.first == label; });
    Cell value;
    std::string reason;
    if (given != answer.values.end())
      value = given->second;
    else if (!seen)
      reason = answer.outcome;
    else if (whole)
      value = 0.0;
    else
      reason = "not_rated";
    const bool has_position = positions != positions_.end() && positions->second[label] >= 0;
    RowBuilder row(schema_);
    row.set("rater", answer.rater)
        .set("clip", answer.clip)
        .set("label", definition_->labels[label].id)
        .set("value", value)
        .set("reason", text_or_null(reason))
        .set("order", answer.place)
        .set("response_ms", cell_of(answer.response_ms))
        .set("viewed_fully", answer.viewed_fully.has_value() ? Cell(*answer.viewed_fully) : Cell())
        .set("group", text_or_null(answer.group))
        .set("repeat", answer.repeat)
        .set("label_position", has_position ? Cell(positions->second[label]) : Cell())
        .set("viewed_ms", cell_of(answer.viewed_ms))
        .set("kind", answer.kind)
        .set("excluded", answer.excluded)
        .set("comment", text_or_null(answer.comment))
        .set("answered_ms", answer.answered_ms > 0 ? Cell(answer.answered_ms) : Cell())
        .set("answer", answer.id)
        .set("simulated", definition_->simulated)
        .set("view", shown == nullptr ? Cell() : text_or_null(shown->view))
        .set("pair", shown == nullptr ? Cell() : text_or_null(shown->pair));
    piece.append(row.finish());
  }
}

Status export_ratings(SqliteDatabase& ratings, const SurveyDefinition& definition,
                      const ClipList* clips, AnswerScope scope, const std::filesystem::path& path,
                      std::string_view view) {
  MIEN_TRY(table, RatingTable::open(ratings, definition, clips, scope));
  if (!view.empty()) MIEN_TRY_VOID(table.keep_view(view));
  const std::string ending = path.extension().string();
  if (ending == ".csv") {
    return write_file_durably(path, [&](const ByteSink& sink) -> Status {
      MIEN_TRY_VOID(sink(csv_header(ratings_schema())));
      for (Table piece; table.next(piece);) {
        std::string lines;
        append_csv(piece, lines);
        MIEN_TRY_VOID(sink(lines));
      }
      return Ok{};
    });
  }
  if (ending != ".parquet") {
    return Error{ErrorCode::kUsage,
                 fmt::format("{}: ratings are written as .csv, .parquet or .json "
                             "(Label Studio)",
                             path.string())};
  }
  MIEN_TRY(database, Database::open());
  const BulkSource source = [&](BulkBatch& batch) -> Result<bool> {
    Table piece;
    if (!table.next(piece)) return false;
    to_batch(piece, batch);
    return true;
  };
  return database.write_stream(ratings_schema(), source, path,
                               {{"simulated", definition.simulated ? "true" : "false"}});
}

}  // namespace mien
