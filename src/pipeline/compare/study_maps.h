// A study's maps as `mien associate` wrote them, STUDY/maps/maps.parquet, ready to be compared.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "stats/context_maps.h"
#include "store/database.h"

namespace mien {

// Maps of one source and channel. Regions, contexts and expressions stand in the order in which the
// file first names them. Standard errors are there where at least one cell has one.
struct StudyMaps {
  std::string by;       // the corpus column that makes the regions
  std::string source;   // visual, text...
  std::string channel;  // label, action, basic7...
  std::string kind;     // partial...
  std::string cluster;  // uploader, country
  ContextMaps maps;
  std::map<std::string, std::size_t> missing_cells;  // reason -> cells without an estimate
};

// Cells of one source and channel that are read at most: 200 countries, 2,500 contexts and 60
// expressions. A short file can name many more, one a row.
inline constexpr std::size_t kMostMapCells = 30'000'000;
// kUnsupported where they would be more.
Status check_cell_count(const std::filesystem::path& file, std::size_t regions,
                        std::size_t contexts, std::size_t expressions);

// kNotFound: no maps yet; kCorrupt: another schema, a cell twice, two kinds in one file;
// kUnsupported: more cells than kMostMapCells.
Result<std::vector<StudyMaps>> read_study_maps(Database& database,
                                               const std::filesystem::path& study);

}  // namespace mien
