// A study's corpus taken in pieces of so many rows, so that no more of its videos lie in memory at
// once, however many there are; each piece becomes sums, which add up (association_part.h) and are
// put aside beside the maps until they do.
#pragma once

#include <functional>
#include <optional>

#include "pipeline/associate/association_union.h"

namespace mien {

// The columns of the corpus that an association may read, for SELECT.
Result<std::string> corpus_columns(Database& database, const AssociateOptions& options);

// What is put aside while an association runs: temporary names of FOLDER/pieces and of what else is
// written beside the maps for a while. Takes away what a kill left of it; nobody else may be
// writing there.
Status clear_pieces(const std::filesystem::path& folder);
// Makes the folder where it is missing. The file goes with the last sums that lie in it.
Result<std::shared_ptr<ScratchFile>> open_pieces(const std::filesystem::path& folder);

// Adds all videos of the study to `into`; gives up `database`. A study of at most
// options.videos_at_once videos is one piece. Every piece looks through the tables for its rows,
// and passes over row groups that hold ids before or after its own; a corpus in the tables' order
// is read once, whatever the number of pieces. kCorrupt: an id is in the corpus twice. `finished`
// as for reduce_association().
Status reduce_whole(std::optional<Database>& database, const AssociateOptions& options,
                    AssociationUnion& into, const std::function<void(const char*)>& finished);

}  // namespace mien
