// A map for the eye: points that are close in many dimensions, close on a plane. t-SNE (van der
// Maaten and Hinton 2008), exact, started from the first two principal components (Kobak and Berens
// 2019) and therefore without random numbers; learning rate n / 12, at least 50 (Belkina et al.
// 2019).
//
// Distances between far groups, sizes of groups and their places mean nothing; only neighbourhoods
// do. Never compute with the coordinates.
#pragma once

#include "stats/context_maps.h"

namespace mien {

inline constexpr double kPerplexity = 30;

// `points` is items x dimensions, no NaN. Gives items x 2; fewer than 4 items: their first two
// coordinates. Perplexity is at most (items - 1) / 3. Cost: items^2 for 1000 steps (653 items:
// about 1 s; 2000: about 8 s), memory 12 bytes items^2.
Matrix embed(const Matrix& points, double perplexity = kPerplexity);

}  // namespace mien
