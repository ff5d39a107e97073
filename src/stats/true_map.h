// What associations of a simulated study are in the population: the values that estimates from ever
// more videos tend to, in closed form from the model's parameters. Not a latent coefficient, but
// the very estimand of the association, on scores and contexts as they are written, with all
// covariates.
//
// With S the covariances within country (pooled with the countries' shares of videos), T those
// within the region, and z all covariates:
//   correlation         S_xy / sqrt(S_xx S_yy), no covariates
//   partial             S_xy.z / sqrt(S_xx.z S_yy.z)
//   semipartial         S_xy.z / sqrt(T_xx S_yy.z)
//   slope               S_xy.z / S_xx.z, in score units for x = 1
//   standardised_slope  slope / sqrt(T_yy)
// With Within::kNone, S is T. Derivation: docs/simulate.md.
#pragma once

#include <vector>

#include "stats/generative_model.h"

namespace mien {

enum class TrueContexts { kPresent, kScore };  // x is 0 or 1, or the score (0 without a row)
enum class TrueWithin { kCountry, kNone };
enum class TrueCountries {
  kAsGiven,
  kAsSample
};  // estimand of --cluster uploader, of --cluster country

struct TrueMapOptions {
  TrueContexts contexts = TrueContexts::kPresent;
  TrueWithin within = TrueWithin::kCountry;
  TrueCountries countries = TrueCountries::kAsGiven;
};

// Each [context * expressions + expression]; NaN where the context never occurs in the region.
struct TrueMap {
  std::vector<double> correlation, partial, semipartial, slope, standardised_slope;
};

// Countries without videos have no share. A sample of countries is meant within country only:
// Within::kNone with kAsSample is a caller's bug.
TrueMap true_map(const GenerativeModel& model, int region, const TrueMapOptions& options);

}  // namespace mien
