// "did you mean": the known word nearest to a mistyped one.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mien {

// The word with the smallest edit distance (Levenshtein 1966), at most a third of its length away.
std::optional<std::string> nearest_word(const std::string& typed,
                                        const std::vector<std::string>& known);

}  // namespace mien
