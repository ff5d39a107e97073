// Where regions differ: one cell of the maps over all regions.
//
// Random effects: y_g = mu + u_g + e_g, Var(u) = tau^2, Var(e_g) = se_g^2 known (DerSimonian and
// Laird 1986). tau^2 is Paule and Mandel's (1982): the value at which the generalised Q equals its
// expectation. Cochran's Q (1954) tests tau^2 = 0; I^2 = max(0, (Q - df) / Q) (Higgins and
// Thompson 2002). The mean's standard error is Knapp and Hartung's (2003), never below the plain
// one, with t on k - 1. The prediction interval for a new region has t on k - 2 (Higgins, Thompson
// and Spiegelhalter 2009). Shrunken deviations are the best linear unbiased predictions.
//
// Alike: every region's value lies within a stated margin of the mean of the other regions, each by
// two one-sided tests (Schuirmann 1987); the largest p of the regions tests them all at once
// (intersection-union, Berger 1982). Different: Q. A cell that is both (differences that are there
// and too small to matter) is alike; one that is neither is undecided. Not significant is never
// alike. Over cells, p-values are adjusted by Benjamini and Hochberg.
//
// Assumes that regions' errors are independent and se is that of the region. With few videos se is
// itself uncertain and Q rejects too often; see docs/heterogeneity.md.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "stats/context_maps.h"

namespace mien {

struct RegionDeviation {
  double deviation = 0;  // from the mean
  double shrunken = 0;
  double lower = 0;  // 95% interval of the shrunken deviation
  double upper = 0;
};

struct RandomEffects {
  std::size_t regions = 0;  // with estimate and standard error; the rest NaN below 2
  double mean = 0;
  double se = 0;
  double lower = 0;
  double upper = 0;
  double tau2 = 0;
  double i2 = 0;
  double q = 0;
  double q_p = 0;
  double predicted_lower = 0;  // NaN below 3 regions
  double predicted_upper = 0;
  double equivalence_p = 0;
  std::vector<RegionDeviation> deviations;  // one a region; NaN where it has no value
};

// NaN in either list, or a standard error that is not positive, leaves the region out.
RandomEffects random_effects(std::span<const double> estimates, std::span<const double> se,
                             double margin);

enum class CellVerdict { kAlike, kDifferent, kUndecided, kNotEstimable };
std::string_view to_string(CellVerdict verdict);  // "alike", "not estimable"

struct CellHeterogeneity {
  RandomEffects effects;
  double q_p_bh = 0;
  double equivalence_p_bh = 0;
  CellVerdict verdict = CellVerdict::kNotEstimable;
};

struct Heterogeneity {
  double margin = 0;
  std::vector<CellHeterogeneity> cells;  // contexts x expressions
  std::size_t alike = 0;
  std::size_t different = 0;
  std::size_t undecided = 0;
  std::size_t not_estimable = 0;
};

// `maps` has standard errors. `margin` is in the units of the cells.
Heterogeneity heterogeneity(const ContextMaps& maps, double margin, double alpha);

}  // namespace mien
