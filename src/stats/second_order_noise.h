// What products of the noise of two blocks of uploaders add to the variance of a map's moments.
//
// A map is a mean of blocks, so a covariance of two maps, and a map's variance less its noise, hold
// products of two blocks. Their variance has a part that is linear in the noise and a part from
// such products, the second order of Hoeffding's decomposition (1948). Deleting one block at a time
// estimates the first part plus twice the second (Efron and Stein 1981); this is the second, once.
#pragma once

#include "stats/context_maps.h"

namespace mien {

// Regions x regions, symmetric; needs replicates. (g, h): of the covariance of maps g and h over
// their shared cells; (g, g): of map g's variance less its noise, over its own cells. NaN where a
// region has fewer than 4 blocks or the cells are too few.
//
// With d_gb the replicate without block b less the mean of the replicates, over C cells:
// (g, h) = (B_g - 1)(B_h - 1) / (B_g B_h) sum_bb' (d_gb . d_hb' / (C - 1))^2.
// (g, g) = 4 (B - 1)^3 / (B^2 (B - 3)) sum_{b<b'} q_bb'^2, where q is d_gb . d_gb' / (C - 1) less
// what is additive in b and b' (centring makes that much of it).
// Cost: regions^2 / 2 products of blocks x cells and cells x blocks matrices.
Matrix second_order_noise(const ContextMaps& maps);

}  // namespace mien
