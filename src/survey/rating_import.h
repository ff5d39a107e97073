// Ratings made elsewhere, into a study's ratings.db: all of a file or, where anything in it is
// wrong, none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "store/sqlite.h"
#include "survey/definition.h"

namespace mien {

// What an absent row of a label that was offered means.
enum class AbsentLabel { kZero, kMissing };

struct ImportedAnswer {
  std::string rater, group, clip, comment;
  std::string outcome;  // "rated", "none", "cannot_tell", "skipped"; empty: as the values are
  std::int64_t repeat = 0;
  double order = 0;
  std::optional<std::int64_t> response_ms, viewed_ms;
  std::optional<bool> viewed_fully;
  std::vector<std::pair<std::string, double>> values;  // chosen ones, or amounts
  std::size_t line = 0;                                // where it begins in its file
};

// A long table (.csv, .tsv, .parquet): rater, clip, label, value, and of the other columns of
// ratings_schema() those that are there. kCorrupt names the first 20 lines that are wrong.
Result<std::vector<ImportedAnswer>> read_rating_table(Database& database,
                                                      const std::filesystem::path& file);

struct ImportCounts {
  std::int64_t stored = 0, known = 0, raters = 0;
};

// `is_clip` tells whether a clip is one of the study. Answers that are there already, and alike,
// are known; kMismatch where they differ, where a clip or label is none of the study's, or where
// values are off its scale, naming file and line.
Result<ImportCounts> import_answers(SqliteDatabase& ratings, const SurveyDefinition& definition,
                                    const std::function<bool(std::string_view)>& is_clip,
                                    std::vector<ImportedAnswer> answers, AbsentLabel absent,
                                    const std::string& file, std::int64_t now);

}  // namespace mien
