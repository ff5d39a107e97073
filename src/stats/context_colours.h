// Colours of contexts for maps for the eye: the mean of the leading components' colours, weighted
// by the context's squared positive scores on them. Components have the eight colours of Okabe and
// Ito (2008), which people with colour-vision deficiencies tell apart.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "stats/context_maps.h"

namespace mien {

// "#e69f00" for component 0; components from 8 on have none.
std::string component_colour(std::size_t component);

// One a row of `scores` (contexts x components); grey where no leading score is positive.
std::vector<std::string> context_colours(const Matrix& scores);

}  // namespace mien
