// How alike the regions' maps are, in one go: everything that the maps at hand allow, and why the
// rest is not possible.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "stats/clustering.h"
#include "stats/context_maps.h"
#include "stats/generalised_correlations.h"
#include "stats/geography.h"
#include "stats/heterogeneity.h"
#include "stats/noise_correction.h"
#include "stats/preserved_components.h"
#include "stats/rotation.h"
#include "stats/similarity.h"

namespace mien {

struct CompareOptions {
  std::uint64_t seed = 1;
  double alpha = 0.05;
  double margin = 0.01;      // within which cells of regions count as alike, in units of the cells
  int permutations = 9999;   // of each permutation test
  double ridge = 0.01;       // of the generalised canonical correlations
  bool embed = false;        // also a map for the eye (seconds)
  std::string group;         // of a study: the corpus column that names groups of people
  bool video_panels = true;  // of a study: the panels that read its videos again
  int threads = 1;           // of what is computed from a study's statistics; changes no number
  std::filesystem::path data;  // region_centroids.csv and region_adjacency.csv; empty: no geography
};

// What the maps are; carried to every output.
struct MapsOrigin {
  std::string name;                // "published maps, experiment 1"
  std::string source;              // visual, text
  std::string kind;                // semipartial, correlation...
  std::vector<std::string> notes;  // caveats that hold for every number made of them
};

struct GeographyComparison {
  std::string not_possible;  // why there is nothing here; empty where there is
  PermutationTest distance;
  PermutationTest adjacency;
  WorldOrNeighbours world;
  std::vector<NeighbourComparison> neighbours;  // one a region
  bool corrected = false;                       // whether similarities are corrected for noise
};

struct Comparison {
  MapsOrigin origin;
  CompareOptions options;
  ContextMaps maps;
  std::vector<std::string> repeated_contexts;
  std::vector<DroppedRow> dropped_rows;
  PairwiseSimilarity pairwise;
  Matrix similarity;
  std::vector<PartSimilarity> per_expression;
  std::vector<PartSimilarity> per_context;
  std::vector<RegionAgainstRest> against_rest;
  double mean_against_rest = 0;
  double expected_against_rest = 0;  // from the mean similarity alone
  NoiseCorrection noise;
  std::optional<Heterogeneity> heterogeneity;  // where there are standard errors
  std::optional<ClusterTree> tree;             // of 1 - r; where every pair has an r
  GeographyComparison geography;
  PreservedComponents preserved;  // of winsorised maps
  Varimax
      rotated;  // of the preserved components' loadings, weights x sqrt(eigenvalue); may be empty
  GeneralisedCorrelations generalised;     // of winsorised maps
  std::vector<std::size_t> context_order;  // similar ones together; those complete in all regions
  Matrix embedding;                        // preserved.kept_contexts x 2, or empty
  std::vector<std::string> colours;        // of the embedded contexts
};

// `maps` must hold (check_maps). Deterministic. Published maps: below 2 s. Errors are those of the
// files of regions.
Result<Comparison> compare_maps(ContextMaps maps, MapsOrigin origin, const CompareOptions& options);

// The folder of the published maps; experiment 1 has visual contexts, 2 those of the words.
Result<Comparison> compare_published(const std::filesystem::path& folder, int experiment,
                                     const CompareOptions& options);

// What cannot be estimated is null. Numbers read back exactly.
nlohmann::ordered_json to_json(const Comparison& comparison);

// Tables for people.
std::string to_text(const Comparison& comparison);

}  // namespace mien
