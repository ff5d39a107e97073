#include "survey/rating_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>

#include "base/sha256.h"
#include "base/utf8.h"
#include "store/csv_import.h"
#include "survey/rating_database.h"

namespace mien {

namespace {

constexpr int kMostProblems = 20;
constexpr std::size_t kLongestName = 200;

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}
  void add(std::size_t line, std::string_view what, std::string_view remedy) {
    if (++count_ > kMostProblems) return;
    text_ += fmt::format("{}{}: line {}: {}; remedy: {}", text_.empty() ? "" : "\n", file_, line,
                         what, remedy);
  }
  Status status(ErrorCode code) const {
    if (count_ == 0) return Ok{};
    std::string text = text_;
    if (count_ > kMostProblems) text += fmt::format("\nand {} more", count_ - kMostProblems);
    return Error{code, std::move(text)};
  }

 private:
  std::string file_, text_;
  int count_ = 0;
};

// A cell of a text file or a typed one as text; nullopt: empty.
std::optional<std::string> text_at(const Table& table, std::size_t row, const char* name) {
  if (!table.has(name)) return std::nullopt;
  const Cell cell = table.at(row, name);
  if (const auto* text = std::get_if<std::string>(&cell)) {
    return text->empty() ? std::nullopt : std::optional(*text);
  }
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&cell)) return fmt::format("{}", *number);
  if (const auto* truth = std::get_if<bool>(&cell)) return *truth ? "true" : "false";
  return std::nullopt;
}

class TableReader {
 public:
  TableReader(const Table& table, const std::string& file) : table_(table), problems_(file) {}

  Result<std::vector<ImportedAnswer>> read() {
    for (std::size_t row = 0; row < table_.rows(); ++row) add(row);
    MIEN_TRY_VOID(problems_.status(ErrorCode::kCorrupt));
    std::vector<ImportedAnswer> answers;
    for (auto& [key, answer] : answers_) answers.push_back(std::move(answer));
    return answers;
  }

 private:
  void add(std::size_t row) {
    line_ = row + 2;  // the first holds the names of columns
    const std::string rater = text_at(table_, row, "rater").value_or("");
    const std::string clip = text_at(table_, row, "clip").value_or("");
    const std::string label = text_at(table_, row, "label").value_or("");
    if (rater.empty())
      return problems_.add(line_, "no rater", "every rating is somebody's: give a pseudonym");
    if (clip.empty()) return problems_.add(line_, "no clip", "name the clip that was rated");
    if (rater.size() > kLongestName || label.size() > kLongestName) {
      return problems_.add(line_, "a name of over 200 bytes", "shorten it");
    }
    const auto repeat = whole(row, "repeat");
    ImportedAnswer& answer = answers_[{rater, clip, repeat.value_or(0)}];
    if (answer.rater.empty()) {
      answer.rater = rater;
      answer.clip = clip;
      answer.repeat = repeat.value_or(0);
      answer.line = line_;
      answer.group = text_at(table_, row, "group").value_or("");
      answer.comment = text_at(table_, row, "comment").value_or("");
      answer.response_ms = whole(row, "response_ms");
      answer.viewed_ms = whole(row, "viewed_ms");
      answer.viewed_fully = truth(row, "viewed_fully");
      answer.order = number(row, "order").value_or(static_cast<double>(row));
    }
    if (const auto reason = text_at(table_, row, "reason")) {
      if (*reason == "cannot_tell" || *reason == "skipped")
        answer.outcome = *reason;
      else if (*reason != "not_rated")
        problems_.add(line_, "reason '" + *reason + "' is not known",
                      "cannot_tell, skipped, not_rated or nothing");
      return;
    }
    const bool has_values = table_.has("value");
    const auto value = has_values ? number(row, "value") : std::optional(1.0);
    if (label.empty() || !value.has_value()) return;  // nothing chosen, or missing
    if (seen_.insert({rater, clip, label, answer.repeat}).second) {
      answer.values.emplace_back(label, *value);
    } else {
      problems_.add(line_, "a second value of the same rater, clip and label",
                    "number judgements in the column 'repeat', 0 for the first");
    }
  }

  std::optional<double> number(std::size_t row, const char* column) {
    const auto text = text_at(table_, row, column);
    if (!text.has_value()) return std::nullopt;
    double value = 0;
    const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (code != std::errc() || end != text->data() + text->size() || !std::isfinite(value)) {
      problems_.add(line_, fmt::format("{} '{}' is not a number", column, text->substr(0, 40)),
                    "write it as 3 or 0.5");
      return std::nullopt;
    }
    return value;
  }
  std::optional<std::int64_t> whole(std::size_t row, const char* column) {
    const auto value = number(row, column);
    if (!value.has_value()) return std::nullopt;
    if (*value < 0 || *value > 1e15 || *value != std::floor(*value)) {
      problems_.add(line_, fmt::format("{} is not a whole number from 0", column), "correct it");
      return std::nullopt;
    }
    return static_cast<std::int64_t>(*value);
  }
  std::optional<bool> truth(std::size_t row, const char* column) {
    const auto text = text_at(table_, row, column);
    if (!text.has_value()) return std::nullopt;
    if (*text != "true" && *text != "false") {
      problems_.add(line_, fmt::format("{} '{}' is no truth value", column, text->substr(0, 40)),
                    "true, false or nothing");
      return std::nullopt;
    }
    return *text == "true";
  }

  const Table& table_;
  Problems problems_;
  std::map<std::tuple<std::string, std::string, std::int64_t>, ImportedAnswer> answers_;
  std::set<std::tuple<std::string, std::string, std::string, std::int64_t>> seen_;
  std::size_t line_ = 0;
};

// Every label at 0 is the same as "none of these".
void none_for_zeros(const SurveyDefinition& definition, std::string& outcome,
                    std::vector<std::pair<std::string, double>>& values) {
  const bool zeros = std::ranges::all_of(values, [](const auto& one) { return one.second == 0; });
  if (outcome != "rated" || !zeros || values.size() != definition.labels.size()) return;
  outcome = "none";
  values.clear();
}

// What an answer says in the study's own terms, or what is wrong with it.
void settle_values(const SurveyDefinition& definition, AbsentLabel absent, ImportedAnswer& answer,
                   Problems& problems) {
  const bool amounts = definition.kind == AnswerKind::kIntensity;
  for (const auto& [label, value] : answer.values) {
    if (definition.label_at(label) < 0) {
      return problems.add(answer.line, "the label '" + label + "' is none of the study's",
                          "add it under [[labels]], or correct it");
    }
    const double most = amounts ? static_cast<double>(definition.steps) : 1;
    if (value < 0 || value > most || value != std::floor(value)) {
      return problems.add(answer.line,
                          fmt::format("the value {} is off the scale 0 to {}", value, most),
                          "correct it, or the study's scale");
    }
  }
  if (!answer.outcome.empty()) {
    if (!answer.values.empty() && answer.outcome != "rated") {
      problems.add(answer.line, "values beside the reason " + answer.outcome, "one of both");
    }
    return;
  }
  if (!amounts) std::erase_if(answer.values, [](const auto& given) { return given.second == 0; });
  if (amounts && absent == AbsentLabel::kZero) {
    for (const SurveyLabel& label : definition.labels) {
      if (std::ranges::find(answer.values, label.id, &std::pair<std::string, double>::first) ==
          answer.values.end()) {
        answer.values.emplace_back(label.id, 0);
      }
    }
  }
  if (definition.kind == AnswerKind::kSingle && answer.values.size() > 1) {
    return problems.add(answer.line, "two labels chosen in a study of single choice",
                        "choice = \"multiple\", or correct it");
  }
  answer.outcome = answer.values.empty() ? (amounts ? "cannot_tell" : "none") : "rated";
  if (amounts) none_for_zeros(definition, answer.outcome, answer.values);
}

class Importer {
 public:
  Importer(SqliteDatabase& ratings, const SurveyDefinition& definition, const std::string& file,
           std::int64_t now)
      : ratings_(ratings), definition_(definition), problems_(file), now_(now) {}

  Status add(const ImportedAnswer& answer) {
    MIEN_TRY_VOID(add_rater(answer));
    std::optional<std::string> before;
    MIEN_TRY_VOID(ratings_.each(
        "SELECT coalesce(answer, '') FROM assignments WHERE rater = ? AND clip = ? AND repeat = ?",
        {answer.rater, answer.clip, answer.repeat}, [&](const SqlRow& row) -> Status {
          before = std::string(row.text(0));
          return Ok{};
        }));
    if (before.has_value()) return compare(*before, answer);
    MIEN_TRY(place, ratings_.integer("SELECT coalesce(max(place) + 1, 0) FROM assignments WHERE "
                                     "rater = ?",
                                     {answer.rater}));
    const std::string id = "import-" + sha256_of_bytes(fmt::format("{}\n{}\n{}", answer.rater,
                                                                   answer.clip, answer.repeat))
                                           .substr(0, 40);
    MIEN_TRY_VOID(ratings_.run("INSERT INTO assignments VALUES (?, ?, ?, 'new', ?, 0, 0, ?)",
                               {answer.rater, place.value_or(0), answer.clip, answer.repeat, id}));
    MIEN_TRY_VOID(
        ratings_.run("INSERT INTO answers(id, rater, place, kind, comment, response_ms, viewed_ms, "
                     "viewed_fully, "
                     "answered_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
                     {id, answer.rater, place.value_or(0), answer.outcome,
                      answer.comment.empty() ? SqlValue{} : SqlValue{answer.comment},
                      whole(answer.response_ms), whole(answer.viewed_ms),
                      answer.viewed_fully.has_value() ? SqlValue{std::int64_t{*answer.viewed_fully}}
                                                      : SqlValue{}}));
    for (const auto& [label, value] : answer.values) {
      MIEN_TRY_VOID(ratings_.run("INSERT INTO answer_values VALUES (?, ?, ?)", {id, label, value}));
    }
    ++counts_.stored;
    return Ok{};
  }

  Result<ImportCounts> finish() const {
    MIEN_TRY_VOID(problems_.status(ErrorCode::kMismatch));
    return counts_;
  }

 private:
  static SqlValue whole(const std::optional<std::int64_t>& value) {
    return value.has_value() ? SqlValue{*value} : SqlValue{};
  }

  Status add_rater(const ImportedAnswer& answer) {
    MIEN_TRY(group, ratings_.text("SELECT group_name FROM raters WHERE id = ?", {answer.rater}));
    if (!group.has_value()) {
      ++counts_.raters;
      return ratings_.run(
          "INSERT INTO raters(id, group_name, language, seed, joined_ms, consented_ms, state) "
          "VALUES "
          "(?, ?, '', 0, ?, NULL, 'imported')",
          {answer.rater, answer.group, now_});
    }
    if (!answer.group.empty() && *group != answer.group) {
      problems_.add(answer.line, "rater '" + answer.rater + "' is of the group '" + *group + "'",
                    "one group a rater, or two names for two people");
    }
    return Ok{};
  }

  Status compare(const std::string& before, const ImportedAnswer& answer) {
    std::vector<std::pair<std::string, double>> given;
    MIEN_TRY_VOID(ratings_.each("SELECT label, value FROM answer_values WHERE answer = ?", {before},
                                [&](const SqlRow& row) -> Status {
                                  given.emplace_back(row.text(0), row.real(1));
                                  return Ok{};
                                }));
    MIEN_TRY(kind, ratings_.text("SELECT kind FROM answers WHERE id = ?", {before}));
    std::string outcome = kind.value_or("");
    none_for_zeros(definition_, outcome, given);
    auto values = answer.values;
    std::ranges::sort(values);
    std::ranges::sort(given);
    if (values == given && outcome == answer.outcome) {
      ++counts_.known;
    } else {
      problems_.add(answer.line,
                    fmt::format("rater '{}' answered clip '{}' otherwise in the study",
                                answer.rater, answer.clip),
                    "give repeated judgements their number in the column 'repeat'");
    }
    return Ok{};
  }

  SqliteDatabase& ratings_;
  const SurveyDefinition& definition_;
  Problems problems_;
  std::int64_t now_;
  ImportCounts counts_;
};

}  // namespace

Result<std::vector<ImportedAnswer>> read_rating_table(Database& database,
                                                      const std::filesystem::path& file) {
  MIEN_TRY(table, read_list(database, file));
  for (const char* needed : {"rater", "clip", "label"}) {
    if (!table.has(needed)) {
      return Error{
          ErrorCode::kUsage,
          fmt::format("{}: there is no column '{}'; remedy: rename the column that holds it",
                      file.string(), needed)};
    }
  }
  return TableReader(table, file.string()).read();
}

Result<ImportCounts> import_answers(SqliteDatabase& ratings, const SurveyDefinition& definition,
                                    const std::function<bool(std::string_view)>& is_clip,
                                    std::vector<ImportedAnswer> answers, AbsentLabel absent,
                                    const std::string& file, std::int64_t now) {
  if (definition.kind != AnswerKind::kIntensity && absent == AbsentLabel::kMissing) {
    return Error{ErrorCode::kUsage,
                 file +
                     ": in a study of choices a label that was not chosen is 0; remedy: --mode "
                     "choice, or choice = \"intensity\" in rating.toml"};
  }
  Problems problems(file);
  for (ImportedAnswer& answer : answers) {
    if (!is_clip(answer.clip)) {
      problems.add(answer.line, "'" + answer.clip + "' is no clip and no video of the study",
                   "use ids of clips.json or video_ids of corpus.parquet");
      continue;
    }
    settle_values(definition, absent, answer, problems);
  }
  MIEN_TRY_VOID(problems.status(ErrorCode::kMismatch));
  std::ranges::stable_sort(answers, {}, [](const ImportedAnswer& answer) {
    return std::tie(answer.rater, answer.order);
  });
  MIEN_TRY(transaction, SqlTransaction::begin(ratings));
  Importer importer(ratings, definition, file, now);
  for (const ImportedAnswer& answer : answers) MIEN_TRY_VOID(importer.add(answer));
  MIEN_TRY(counts, importer.finish());
  MIEN_TRY_VOID(add_event(ratings, now, "", "imported", fmt::format("{} answers", counts.stored)));
  MIEN_TRY_VOID(transaction.commit());
  return counts;
}

}  // namespace mien
