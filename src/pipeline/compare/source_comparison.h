// Two maps of the same regions whose contexts come from different sources: what pictures show
// against what words tell.
//
// Cells are compared for contexts in both vocabularies alone (same name, once in each); the rest is
// compared by the two region-by-region similarity matrices (Mantel) and by the expression-side
// loadings of the preserved components (Procrustes).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/compare/compare.h"

namespace mien {

struct SourceComparison {
  std::string not_possible;  // why there is nothing here
  std::string a;             // names of the two
  std::string b;
  std::vector<std::string> regions;
  PermutationTest similarity;  // Mantel, upper tail
  PermutationTest loadings;    // Procrustes disparity, lower tail
  std::size_t components = 0;  // leading ones compared
  std::size_t expressions = 0;
  std::vector<std::string> shared_contexts;
  std::vector<double> shared_r;  // a region: r over the shared contexts' cells; NaN: not estimable
};

SourceComparison compare_sources(const Comparison& a, const Comparison& b);

nlohmann::ordered_json to_json(const SourceComparison& comparison);

}  // namespace mien
