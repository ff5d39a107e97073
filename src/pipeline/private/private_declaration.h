// What a differentially private release may know beforehand: a TOML file of the study's people,
// none of it read off the videos.
//
//   sources = ["visual"]
//   regions = ["Africa", "Brazil"]           # values of --by
//   expressions = ["label_awe", "label_joy"] # columns of expressions
//   contexts = ["beach", "wedding"]          # or contexts_file = "contexts.txt", one a line
//   [countries]                              # for --within country
//   Africa = ["KE", "NG"]
//   [covariates]
//   covariate_year = { low = 2008, high = 2021 }   # values beyond are drawn in
//   language = { levels = ["en", "sw"] }           # other values count as none of these
//   [budget]                                 # of all releases of the study together
//   epsilon = 4.0
//   delta = 1e-7
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "stats/private_sums.h"

namespace mien {

struct DeclaredCovariate {
  std::string column;
  double low = 0, high = 0;
  std::vector<std::string> levels;  // of a category; empty: a number
};

struct DeclaredBudget {
  double epsilon = 0;
  double delta = 0;
};

struct PrivateDeclaration {
  std::vector<std::string> sources, regions, expressions, contexts;
  std::vector<std::vector<std::string>> countries;  // a region; empty: none declared
  std::vector<DeclaredCovariate> covariates;        // numbers first
  DeclaredBudget budget;
};

// kUsage names the line and what it may be; kNotFound, kIo.
Result<PrivateDeclaration> read_private_declaration(const std::filesystem::path& file);

}  // namespace mien
