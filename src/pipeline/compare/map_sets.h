// Maps as pages show them: from a study's maps.parquet, or from published files.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "report/study_pages.h"
#include "stats/context_maps.h"
#include "store/database.h"

namespace mien {

// Sets by source and channel, the label channel first; regions by name, contexts and expressions in
// the order in which the file first names them, which is that of `mien compare`. kNotFound: no maps
// yet; kCorrupt: a column that is not there, more than 255 reasons.
Result<std::vector<MapSet>> read_map_sets(Database& database, const std::filesystem::path& study);

// Published maps have estimates alone.
MapSet map_set_of(const ContextMaps& maps);

}  // namespace mien
