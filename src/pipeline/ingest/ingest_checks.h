// The second stage of ingest: every staged row judged, and what it says put into the corpus's own
// terms.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "pipeline/ingest/ingest.h"
#include "pipeline/ingest/ingest_list.h"
#include "pipeline/study/country_table.h"
#include "store/database.h"

namespace mien {

// Writes folder/checked.parquet: one row a row of the list, in its order, with
//   line, reason (null: accepted), column, value, message,
//   video_id, country, region, country_note, language, uploaded_on, uploader, title_hash.
// kMismatch where the list gives one country two regions.
Result<std::filesystem::path> check_list(Database& database, const StagedList& list,
                                         const CountryTable& countries,
                                         const std::filesystem::path& folder);

}  // namespace mien
