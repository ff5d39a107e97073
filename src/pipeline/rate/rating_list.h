// Reads ratings made elsewhere: CSV, TSV, JSON lines or Parquet, a row for each rater, clip and
// label.
//
// Columns, in any order, others passed over: rater, clip, label; value (a number; without the
// column a row is a choice); group (of the rater); repeat (0 for the first judgement of a clip, 1
// for the second...); order (of the rater's judgements, a number). Names in any capitals.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "rating/ratings.h"
#include "store/database.h"

namespace mien {

// Without a mode: choice where there is no value column or all its values are 0 or 1, else value.
//
// kCorrupt names file, lines (the first 20; the names of columns are line 1, of Parquet the first
// row is 1) and remedy: no row is left out in silence. kNotFound, kIo; kUsage for columns not
// there.
Result<Ratings> read_ratings(Database& database, const std::filesystem::path& file,
                             std::optional<RatingMode> mode);

}  // namespace mien
