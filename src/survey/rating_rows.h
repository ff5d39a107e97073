// The answers of a study as they are read back: for tables, reliability and the researcher's page.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "rating/ratings.h"
#include "store/sqlite.h"
#include "survey/clip_list.h"
#include "survey/definition.h"
#include "table/table.h"

namespace mien {

enum class AnswerScope {
  kAnalysis,  // without catch clips and excluded raters
  kAll,
};

// One answer that stands (none that was revised).
struct GivenAnswer {
  std::string id, rater, group, clip, comment;
  std::string kind;     // "new", "repeat", "catch"
  std::string outcome;  // "rated", "none", "cannot_tell", "skipped"
  std::int64_t place = 0, repeat = 0, answered_ms = 0;
  std::optional<std::int64_t> response_ms, viewed_ms;
  std::optional<bool> viewed_fully;
  bool excluded = false;
  std::vector<std::pair<std::uint32_t, double>> values;  // by label of the definition
};

// By rater and place. Values of labels that the definition does not have are kMismatch.
Result<std::vector<GivenAnswer>> given_answers(SqliteDatabase& ratings,
                                               const SurveyDefinition& definition,
                                               AnswerScope scope);

// For measures of reliability: skipped clips and those that a rater could not tell are missing; in
// a study of choices every label offered and not chosen is 0. A label that nobody chose is there.
Result<Ratings> study_ratings(SqliteDatabase& ratings, const SurveyDefinition& definition);

// The long table (table/rating_schema.h), a piece at a time: false at the end.
class RatingTable {
 public:
  // `clips` tells what raters saw of which moment; nullptr: not known. It must outlive the table.
  static Result<RatingTable> open(SqliteDatabase& ratings, const SurveyDefinition& definition,
                                  const ClipList* clips, AnswerScope scope);
  // Leaves out answers about clips of another view (face, scene). kNotFound: none is left.
  Status keep_view(std::string_view view);
  bool next(Table& piece);

 private:
  RatingTable(const SurveyDefinition& definition, TableSchema schema)
      : definition_(&definition), schema_(std::move(schema)) {}
  void append(const GivenAnswer& answer, Table& piece) const;

  const SurveyDefinition* definition_;
  const ClipList* clips_ = nullptr;
  TableSchema schema_;
  std::vector<GivenAnswer> answers_;
  std::map<std::string, std::vector<std::int64_t>> positions_;  // of the labels, by rater; -1
  std::size_t at_ = 0;
};

// .csv or .parquet, by the name's ending; kUsage for another. `view`: face or scene, only answers
// about clips of that view; empty: all.
Status export_ratings(SqliteDatabase& ratings, const SurveyDefinition& definition,
                      const ClipList* clips, AnswerScope scope, const std::filesystem::path& path,
                      std::string_view view = {});

}  // namespace mien
