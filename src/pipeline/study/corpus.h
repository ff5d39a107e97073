// STUDY/corpus.parquet: the videos of a study as the scientist lists them, with columns of their
// own after those of table/schema.h's corpus_schema().
#pragma once

#include <filesystem>

#include "base/result.h"
#include "store/database.h"
#include "table/table.h"

namespace mien {

// Takes `rows` into the corpus of the study at `folder`, which is made where it is missing.
//
// `rows` has at least video_id; corpus columns that it lacks are null, columns beyond those are the
// user's own and keep their kind. New ids are appended in order. For an id that is there already,
// cells that are not null replace the old ones, so that a corrected list corrects the corpus and
// naming a file directly takes nothing away. Rows without own columns fit every corpus; otherwise
// their own columns must be the corpus's: kMismatch names those too many and missing. The file is
// replaced whole or not at all, and only where something changed. Memory: the whole corpus.
Status update_corpus(Database& database, const std::filesystem::path& folder, const Table& rows);

}  // namespace mien
