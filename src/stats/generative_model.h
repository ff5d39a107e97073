// The model that a simulated study is drawn from, with all its parameters known. docs/simulate.md
// states it in full; in short, for a video of uploader u in country j of region g:
//
//   z_k  = sqrt(r) Z_uk + sqrt(1 - r) Z_ik, uniform with mean 0 and variance 1 each, r =
//   kCovariateIcc x_c ~ Bernoulli(w_uc (p_jc + b_gc . z)),  w_uc one of two values, mean 1 y_e  =
//   c_je + sum_c beta_jce x_c + gamma_e . z + sqrt(i) U_ue + sqrt(1 - i) E_ie + noise
//
// Every conditional mean is linear and every draw independent, so that all covariances, and with
// them the population values of the associations, are closed forms (true_map.h).
//
// Scores are in residual standard deviations here; a written score is kScoreMean + kScoreUnit y.
// Deterministic in the design; immutable, any thread may read it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "stats/simulation_design.h"
#include "stats/sparse_draws.h"

namespace mien {

inline constexpr double kScoreMean = 0.4;
inline constexpr double kScoreUnit = 0.04;
inline constexpr double kCovariateIcc = 0.3;  // variance of a covariate that lies between uploaders
inline constexpr int kConfounders = 3;        // covariates that move one context, at most

// How a context's prevalence moves with covariates: p times these, one term a covariate.
struct Confounder {
  int covariate = 0;
  double weight = 0;
};

struct SimulatedCountry {
  int region = 0;
  double share = 0;  // of the region's videos, as given
  std::int64_t videos = 0;
};

struct GenerativeModel {
  SimulationDesign design;
  int regions = 0, contexts = 0, expressions = 0, covariates = 0;
  double most_z = 0;  // largest absolute value of a covariate

  std::vector<SimulatedCountry> countries;  // by region, in the design's order

  // By context.
  std::vector<std::vector<Confounder>> confounders;
  std::vector<double> special_prob;    // that an uploader keeps to the context
  std::vector<double> special_factor;  // w of such uploaders; 1 - uploader_contexts for all others

  // By region and context: [region * contexts + context].
  std::vector<double> prevalence;

  // By country and context.
  std::vector<double> country_prevalence;

  // Effects: [(region * contexts + context) * expressions + expression], the same by country.
  std::vector<double> effects;
  std::vector<double> country_effects;
  std::vector<std::uint8_t> is_zero;  // [context * expressions + expression]: no effect anywhere
  std::vector<double> strength;       // by context: effects are `effect * strength * unit map`

  std::vector<double> covariate_effects;  // [expression * covariates + covariate]
  std::vector<double> country_levels;     // [country * expressions + expression]
  std::vector<double> country_shifts;     // of covariates: [country * covariates + covariate]

  // Draws of contexts, see simulated_videos.cc.
  std::vector<SparseDraws> present;  // by country
  SparseDraws special;
  std::vector<SparseDraws> extra;  // by region: wrongly named and background

  double residual_variance() const;  // of a score given contexts, covariates and country
};

// `design` is complete (complete_design).
GenerativeModel make_generative_model(const SimulationDesign& design);

// `total` cut by `shares` (any positive scale) into whole numbers that add up: largest remainders,
// the earlier first where they are equal.
// A uniform draw of mean 0 and variance 1.
double uniform_unit(Random& random);

std::vector<std::int64_t> whole_shares(std::int64_t total, const std::vector<double>& shares);

}  // namespace mien
