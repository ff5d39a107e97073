// How alike the regions' maps are.
//
// Two regions: r_gh = corr(vec A_g, vec A_h) over all cells that both have; beside it Spearman's
// and r after winsorising each region's cells, since the tails of published maps are heavy; and the
// concordance, which asks for cells of one size where r asks for one pattern. A mean over pairs of
// regions is arithmetic. Noise in the maps makes all of these too small; corrected
// values are in reliability.h.
#pragma once

#include <cstddef>
#include <vector>

#include "stats/context_maps.h"

namespace mien {

struct RegionPair {
  std::size_t a = 0;  // a < b
  std::size_t b = 0;
  double r = 0;  // NaN: not estimable
  double spearman = 0;
  double r_winsorised = 0;
  double concordance = 0;  // concordance.h
  std::size_t cells = 0;   // that both regions have
};

struct PairwiseSimilarity {
  std::vector<RegionPair> pairs;  // (0,1), (0,2)... none where there is one region
  double mean_r = 0;
  double min = 0;
  double max = 0;
  double mean_spearman = 0;
  double mean_r_winsorised = 0;
  double mean_concordance = 0;
};
PairwiseSimilarity pairwise_similarity(const ContextMaps& maps);

// r alone: symmetric, 1 on the diagonal.
Matrix similarity_matrix(const ContextMaps& maps);

// One expression (over contexts) or one context (over expressions): correlation in each pair of
// regions, averaged over pairs after Fisher's transformation.
struct PartSimilarity {
  double similarity = 0;  // NaN: not estimable in any pair
  std::size_t pairs = 0;
};
std::vector<PartSimilarity> similarity_per_expression(const ContextMaps& maps);
std::vector<PartSimilarity> similarity_per_context(const ContextMaps& maps);

// A region against the mean of the m others (cell by cell, over those that have the cell).
// `expected` is what averaging alone gives: with mean similarity s to the others and mean
// similarity q among them, standardised maps have r = s sqrt(m) / sqrt(1 + (m - 1) q).
struct RegionAgainstRest {
  double r = 0;
  double expected = 0;
};
std::vector<RegionAgainstRest> region_against_rest(const ContextMaps& maps,
                                                   const Matrix& similarity);

// The same formula with one r for all pairs: r sqrt(m) / sqrt(1 + (m - 1) r).
double expected_against_mean(double r, std::size_t others);

}  // namespace mien
