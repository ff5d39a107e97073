#include "pipeline/rate/rating_list.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "base/ascii_case.h"
#include "store/list_rows.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr int kMostProblems = 20;
constexpr std::int64_t kMostRows = std::numeric_limits<std::int32_t>::max();

enum Column { kRater, kClip, kLabel, kValue, kGroup, kRepeat, kOrder, kColumns };
constexpr const char* kNames[kColumns] = {"rater", "clip",   "label", "value",
                                          "group", "repeat", "order"};

using Places = std::array<int, kColumns>;  // where each stands in the file; -1: it does not

Result<Places> find_columns(const std::vector<std::string>& columns, const fs::path& file) {
  Places places;
  places.fill(-1);
  std::string all;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    all += (i == 0 ? "" : ", ") + columns[i];
    for (int c = 0; c < kColumns; ++c) {
      if (ascii_lower_case(columns[i]) == kNames[c]) places[c] = static_cast<int>(i);
    }
  }
  for (const Column needed : {kRater, kClip, kLabel}) {
    if (places[needed] < 0) {
      return Error{ErrorCode::kUsage,
                   fmt::format("{}: there is no column '{}'; it has {}; remedy: rename the column "
                               "that holds it",
                               file.string(), kNames[needed], all)};
    }
  }
  return places;
}

// Rows as texts, checked one by one.
class Reading {
 public:
  Reading(const fs::path& file, const Places& places) : file_(file), places_(places) {}

  // `field(c)` gives the text of a column of the file, nullopt for an empty field.
  template <typename Field>
  void add(std::int64_t line, const Field& field) {
    line_ = line;
    bad_ = false;
    RatingsBuilder::Row row;
    row.rater = text(field, kRater);
    row.clip = text(field, kClip);
    row.label = text(field, kLabel);
    row.group = text(field, kGroup);
    if (row.rater.empty()) problem("no rater", "every rating is somebody's: give a pseudonym");
    if (row.clip.empty()) problem("no clip", "name the clip that was rated");
    const std::string_view value = text(field, kValue);
    if (places_[kValue] >= 0) {
      row.value = value.empty() ? std::nan("") : number(kValue, value);
      if (!value.empty() && row.value != 0 && row.value != 1) amounts_ = true;
    }
    if (row.label.empty()) no_label_ = no_label_ == 0 ? line : no_label_;
    const std::string_view repeat = text(field, kRepeat);
    if (!repeat.empty()) row.repeat = whole(kRepeat, repeat);
    const std::string_view order = text(field, kOrder);
    if (!order.empty()) row.order = number(kOrder, order);
    if (!order.empty() && row.order < 0) problem("order is below 0", "count from 0 or 1");
    if (builder_.rows() >= kMostRows) problem("too many rows", "split the file");
    if (!bad_) builder_.add(row);
  }

  void problem(std::string_view what, std::string_view remedy) {
    bad_ = true;
    ++problems_;
    if (problems_ > kMostProblems) return;
    message_ += fmt::format("{}{}: line {}: {}; remedy: {}", message_.empty() ? "" : "\n",
                            file_.string(), line_, what, remedy);
  }
  void problem_at(std::int64_t line, std::string_view what, std::string_view remedy) {
    line_ = line;
    problem(what, remedy);
  }

  Result<Ratings> finish(std::optional<RatingMode> mode) && {
    const RatingMode chosen = mode.value_or(amounts_ ? RatingMode::kValue : RatingMode::kChoice);
    if (chosen == RatingMode::kValue && no_label_ > 0) {
      problem_at(no_label_, "no label", "an amount is of something: name the label");
    }
    if (problems_ > kMostProblems) {
      message_ += fmt::format("\nand {} more", problems_ - kMostProblems);
    }
    if (problems_ > 0) return Error{ErrorCode::kCorrupt, message_};
    Result<Ratings> ratings = std::move(builder_).finish(chosen);
    if (!ratings.ok()) return std::move(ratings).error().with_context(file_.string());
    return ratings;
  }

 private:
  template <typename Field>
  std::string_view text(const Field& field, Column column) const {
    if (places_[column] < 0) return {};
    return field(places_[column]);
  }
  double number(Column column, std::string_view text) {
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
      problem(fmt::format("{} '{}' is not a number", kNames[column], text.substr(0, 40)),
              "write it as 3 or 0.5");
    }
    return value;
  }
  std::int64_t whole(Column column, std::string_view text) {
    const double value = number(column, text);
    if (!bad_ && (value < 0 || value > 1e6 || value != std::floor(value))) {
      problem(
          fmt::format("{} '{}' is not a whole number from 0", kNames[column], text.substr(0, 40)),
          "count 0 for the first");
      return 0;
    }
    return bad_ ? 0 : static_cast<std::int64_t>(value);
  }

  const fs::path& file_;
  const Places& places_;
  RatingsBuilder builder_;
  std::string message_;
  std::int64_t problems_ = 0;
  std::int64_t line_ = 0;
  std::int64_t no_label_ = 0;  // the first line without one
  bool bad_ = false;
  bool amounts_ = false;  // a value that is neither 0 nor 1
};

Result<Ratings> read_text(const fs::path& file, std::optional<RatingMode> mode) {
  MIEN_TRY(rows, ListRows::open(file));
  MIEN_TRY(places, find_columns(rows.columns(), file));
  Reading reading(file, places);
  BulkBatch batch;
  while (true) {
    MIEN_TRY(more, rows.next(batch));
    if (!more) break;
    for (std::size_t r = 0; r < batch.rows; ++r) {
      const auto word = [&](std::size_t column) -> std::string_view {
        const BulkColumn& words = batch.columns[column];
        return words.codes[r] == BulkColumn::kNull ? std::string_view()
                                                   : std::string_view(words.words[words.codes[r]]);
      };
      const std::int64_t line = batch.columns[0].integers[r];
      if (!word(1).empty()) {
        reading.problem_at(line, word(2), "correct the line");
        continue;
      }
      reading.add(line, [&](int place) { return word(static_cast<std::size_t>(place) + 3); });
    }
  }
  return std::move(reading).finish(mode);
}

Result<Ratings> read_parquet(Database& database, const fs::path& file,
                             std::optional<RatingMode> mode) {
  MIEN_TRY(schema, database.read_schema(file));
  std::vector<std::string> names;
  for (const auto& column : schema.columns) names.push_back(column.name);
  MIEN_TRY(places, find_columns(names, file));
  std::string select;
  for (const std::string& name : names) {
    select += (select.empty() ? "" : ", ") + ("CAST(" + sql_identifier(name) + " AS VARCHAR)");
  }
  Reading reading(file, places);
  std::int64_t line = 0;
  MIEN_TRY_VOID(database.scan("SELECT " + select + " FROM " + sql_read_parquet(file),
                              [&](const ScanBatch& batch) -> Status {
                                for (std::size_t r = 0; r < batch.rows(); ++r) {
                                  reading.add(++line, [&](int place) {
                                    const auto column = static_cast<std::size_t>(place);
                                    return batch.is_null(column, r) ? std::string_view()
                                                                    : batch.text(column, r);
                                  });
                                }
                                return Ok{};
                              }));
  return std::move(reading).finish(mode);
}

}  // namespace

Result<Ratings> read_ratings(Database& database, const fs::path& file,
                             std::optional<RatingMode> mode) {
  if (ascii_lower_case(file.extension().string()) == ".parquet") {
    return read_parquet(database, file, mode);
  }
  return read_text(file, mode);
}

}  // namespace mien
