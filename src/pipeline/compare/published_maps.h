// The official release of the published maps: one CSV file a region, `Exp1_Africa.csv`: the first
// column names the context (its header is empty), the others an expression each; a cell is an
// association, NaN or empty where there is none.
//
// Regions are called as their files and sorted by name. Contexts are known by their row: names may
// repeat, and files of one experiment must have the same contexts in the same order.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stats/context_maps.h"

namespace mien {

struct PublishedMaps {
  ContextMaps maps;
  std::vector<std::string> repeated_contexts;  // names that more than one row has, in row order
};

// kNotFound: no such folder, or no file of the experiment (those there are named); kCorrupt: a file
// that is not CSV in UTF-8, or a cell that is no finite number, with file, row and column;
// kMismatch: files that differ in contexts or expressions, with the first difference.
Result<PublishedMaps> read_published_maps(const std::filesystem::path& folder, int experiment);

// Which experiments the folder has files of, rising.
std::vector<int> published_experiments(const std::filesystem::path& folder);

}  // namespace mien
