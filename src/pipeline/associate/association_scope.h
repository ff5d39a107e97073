// Which of a study's videos an association looks at, and the files that hold their tables.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct AssociationScope {
  std::filesystem::path corpus;  // a row for each of the videos, with the columns that are read
  std::vector<std::filesystem::path> expressions, contexts, context_status;
  // None of a kind: nobody has rows there.
  bool is_part = false;  // those files hold rows of other videos too, which are then passed over

  // For FROM: the rows of these files that are in the scope, and `condition` (none: empty).
  std::string rows_of(const std::vector<std::filesystem::path>& files,
                      const std::string& condition = "") const;
};

// All videos of the study. kNotFound names the table that is not there.
Result<AssociationScope> whole_scope(const std::filesystem::path& study);

}  // namespace mien
