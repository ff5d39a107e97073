// Whether regions are alike in each cell, as `mien compare` wrote it, for the pages.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "report/study_pages.h"
#include "store/database.h"

namespace mien {

// Fills `verdicts` of the sets that STUDY/compare/cells.parquet speaks of; nothing where there is
// no such file. A cell that it does not name is not estimable. kCorrupt: other columns.
Status read_cell_verdicts(Database& database, const std::filesystem::path& study,
                          std::vector<MapSet>& sets);

}  // namespace mien
