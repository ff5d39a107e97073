// The part of an association on disk: statistics-SOURCE.sums for every source of contexts, and two
// files of names and counts without sums, which say how its videos are counted where other parts
// measured more (more.sums) or have sources that it has not (less.sums).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/associate/association_part.h"

namespace mien {

// Into a folder that is there. Returns the files' names.
Result<std::vector<std::string>> write_part(const AssociationPart& part,
                                            const std::filesystem::path& folder,
                                            const FileMetadata& metadata);

// Its sums are checked and stay where they are.
Result<StoredPart> read_part(const std::filesystem::path& folder);

}  // namespace mien
