// A study's corpus taken in pieces of so many rows, so that no more of its videos lie in memory at
// once, however many there are; each piece becomes sums, which add up (association_part.h).
#pragma once

#include <functional>
#include <optional>

#include "pipeline/associate/association_part.h"

namespace mien {

// The columns of the corpus that an association may read, for SELECT.
Result<std::string> corpus_columns(Database& database, const AssociateOptions& options);

// Adds all videos of the study to `into`; gives up `database`. A study of at most
// options.videos_at_once videos is one piece. Every piece looks through the tables for its rows,
// and passes over row groups that hold ids before or after its own; a corpus in the tables' order
// is read once, whatever the number of pieces. kCorrupt: an id is in the corpus twice. `finished`
// as for reduce_association().
Status reduce_whole(std::optional<Database>& database, const AssociateOptions& options,
                    AssociationUnion& into, const std::function<void(const char*)>& finished);

}  // namespace mien
