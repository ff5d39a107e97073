// A vocabulary out of the row names of published maps.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace mien {

// CSV of id and name: names as the maps have them, ids made of their letters and digits; of names
// that come to the same id the later ones get a number ("cat_2"). Errors as of read_published_maps
// and parse_vocabulary.
Result<std::string> vocabulary_of_maps(const std::filesystem::path& folder, int experiment);

}  // namespace mien
