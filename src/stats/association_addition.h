// Adding many parts to one whole: as add_sums(), but blocks of the whole that stay as they are do
// not lie in memory twice meanwhile.
#pragma once

#include "stats/association_sums.h"

namespace mien {

// After an error `into` is as before.
Status add_sums_to(AssociationSums& into, const AssociationSums& from);

}  // namespace mien
