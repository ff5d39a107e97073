// What a simulated study is to be: every number that a user may choose, with its meaning. The model
// itself is docs/simulate.md and generative_model.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct SimulatedRegion {
  std::string name;
  double latitude_deg = 0;  // of its centroid; only used for geographic similarity
  double longitude_deg = 0;
  std::vector<std::string> countries;  // at least one
};

struct SimulationDesign {
  std::int64_t videos = 100000;
  int contexts = 653;
  int expressions = 16;
  int covariates = 8;
  std::uint64_t seed = 1;
  std::vector<SimulatedRegion> regions;

  // The true maps. A region's standardised effects are a sum of three parts whose shares of
  // variance are shared, (1 - shared) geography and (1 - shared)(1 - geography).
  double shared = 0.7;  // one map for all regions, of rank `preserved`
  double geography =
      0.3;  // of the rest: alike in regions that lie near, within the same expression space
  double distance_km = 4000;  // where that likeness has fallen to 1/e
  int preserved = -1;         // dimensions of the shared part; -1: as many as expressions
  double effect = 0.2;  // SD of effects: residual SDs of a score that a context's presence adds
  double zero_contexts = 0.1;  // share of contexts without any effect, in all regions
  double zero_cells =
      0;  // share of further cells without effect; breaks the rank of the shared part

  // Covariates, countries, uploaders.
  double covariate_effect = 0.15;  // SD of a covariate's effect on a score, in residual SDs
  double confounding = 0.5;        // how far covariates move contexts' prevalence, in [0, 1]
  double country_level = 0.3;      // SD of a country's mean score, in residual SDs
  double country_slopes =
      0.2;  // SD of a country's effects about its region's, in units of `effect`
  double country_prevalence = 0.1;  // SD of a context's prevalence over countries, relative
  double uploader_scores = 0.2;     // intraclass correlation of scores' residuals within uploader
  double uploader_contexts = 0.3;   // how far uploaders keep to contexts of their own, in [0, 1)
  double uploader_tail = 1.3;       // exponent of the Pareto distribution of videos an uploader

  // Contexts.
  double contexts_per_video =
      -1;                   // mean number present; -1: 10, and at most a tenth of all contexts
  double rarity = 1.5;      // SD of the logarithm of contexts' prevalence
  double absent_cells = 0;  // share of region-context pairs in which the context never occurs

  // Measurement.
  double rater_noise =
      0.3;  // SD added to a score by the raters it was learned from, in residual SDs
  double annotation_noise = 0.2;    // SD added to a score by the network, in residual SDs
  double context_misses = 0.1;      // probability that a present context is not named
  double context_false = 0.05;      // rate of wrongly named contexts, relative to their prevalence
  double context_background = 0.3;  // rate of rows under the threshold, relative to prevalence
  double missing = 0;  // share of covariate cells, of videos without a scored face, and of
                       // videos whose contexts could not be named, each on its own
};

// kUsage naming the option (as the command line spells it), its value and what it may be. Fills in
// what is -1.
Status complete_design(SimulationDesign& design);

}  // namespace mien
