// Which columns of a study's corpus and expressions an association reads: decided, and refused with
// a reason, before millions of rows are.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/associate/associate.h"
#include "pipeline/associate/association_scope.h"
#include "store/database.h"

namespace mien {

struct PlannedCovariate {
  std::string column;
  bool from_expressions = false;    // else from the corpus
  std::vector<std::string> levels;  // of a category; empty: a number

  // Columns of values: one, or one a level.
  std::size_t width() const { return levels.empty() ? 1 : levels.size(); }
};

struct AssociationPlan {
  std::filesystem::path corpus;
  std::vector<std::string> scores;  // none where the scope has no table of expressions
  std::vector<PlannedCovariate> covariates;
  std::size_t videos = 0;  // of the scope
  bool has_country = true;
};

// Levels of categories, and whether there are countries, are those of the whole corpus, whatever
// the scope. kUsage: no such column or channel, a covariate that cannot be one; kCorrupt: not the
// table it should be; kNotFound: no expressions.
Result<AssociationPlan> plan_association(Database& database, const AssociateOptions& options,
                                         const AssociationScope& scope);

}  // namespace mien
