// How sure the estimates of a group are: standard errors by resampling its blocks, intervals and p.
// See association_map.h for the methods. For the .cc files of this room.
#pragma once

#include <string>

#include "stats/association_estimator.h"
#include "stats/association_map.h"

namespace mien {

// Fills se, lower, upper, df and p of the cells whose reason is kNone; where there is none, a
// reason. `group`, the name, chooses the random numbers. The contexts are shared by
// options.threads.
void add_uncertainty(const AssociationEstimator& estimator, const std::string& group,
                     const MapOptions& options, GroupMap& map);

}  // namespace mien
