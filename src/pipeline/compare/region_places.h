// Where the regions lie and which border on each other: data/region_centroids.csv and
// data/region_adjacency.csv, or a user's own files of the same columns.
//
// Names are matched by their letters and digits alone, so that "CentralNorthernEurope" is
// "Central/Northern Europe".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "stats/context_maps.h"
#include "stats/geography.h"

namespace mien {

struct RegionPlaces {
  std::vector<std::string> unknown;  // regions that the files do not have; empty: all are known
  std::vector<PlaceOnEarth> places;  // as `regions` was given; 0, 0 where unknown
  Matrix adjacent;                   // 1 for neighbours, else 0
};

// kNotFound, kCorrupt: a file that is missing or does not hold, with file and row.
Result<RegionPlaces> find_region_places(const std::filesystem::path& data,
                                        const std::vector<std::string>& regions);

}  // namespace mien
