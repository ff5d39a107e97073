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

// kNotFound: no maps yet; kCorrupt: another schema, a cell twice, two kinds in one file.
Result<std::vector<StudyMaps>> read_study_maps(Database& database,
                                               const std::filesystem::path& study);

}  // namespace mien
