// What a study's stored statistics (STUDY/maps/statistics-SOURCE.sums) add to its maps: maps
// without one group of uploader blocks, maps of halves, maps without one country.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/compare/study_maps.h"

namespace mien {

struct ReplicateOptions {
  std::size_t groups =
      64;  // of blocks, deleted one at a time; fewer where a region has fewer blocks
  std::size_t splits = 20;  // into halves
  std::uint64_t seed = 1;
  int threads = 1;
};

// A region's map without one of its countries.
struct WithoutCountry {
  std::size_t region = 0;
  std::string country;
  double r_with_whole = 0;          // the map without the country against the region's map
  double mean_similarity = 0;       // of the region to the others, as it is
  double mean_similarity_left = 0;  // and without the country
};

struct StudyReplicates {
  std::vector<std::size_t> blocks;              // a region
  std::vector<double> split_half_reliability;   // a region; NaN where it has fewer than 4 blocks
  std::vector<WithoutCountry> without_country;  // regions of at least 2 countries
};

// Fills maps.maps.replicates (delete-a-group; whole countries for maps by country) and gives the
// rest. A cell that a replicate cannot estimate keeps its estimate there. kNotFound where the study
// has no statistics of the source; kMismatch where they are of other maps. Memory: groups x the
// maps.
Result<StudyReplicates> add_replicates(const std::filesystem::path& study, StudyMaps& maps,
                                       const ReplicateOptions& options);

}  // namespace mien
