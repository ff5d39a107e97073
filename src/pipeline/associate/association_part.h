// What some videos of a study give to its associations, so that parts which know nothing of each
// other add up to what all videos together give: equal counts, numbers equal to 1e-12.
//
// Sums add up (stats/association_sums.h). What a part cannot decide alone, it leaves open: whether
// a score that none of its videos has was measured in others (then its videos lack a score), and
// whether others have contexts of a source that it has not (then its videos lack that source).
// For either case the part tells how its videos would be counted.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/associate/association_input.h"
#include "pipeline/associate/association_scope.h"
#include "pipeline/associate/stored_sums.h"

namespace mien {

struct PartFacts {
  std::int64_t videos = 0;            // of the corpus
  std::vector<std::string> scores;    // columns of the tables of expressions that were asked for
  std::vector<std::string> measured;  // those that a video of the part has
  AssociationSums bare;               // names alone: no source, no contexts, no blocks
  std::vector<std::string> sources;   // that the tables have, those not asked for too
  Exclusions where_more_is_measured;  // instead of all sums
  Exclusions without_source;          // for a source that only other parts have
  std::vector<std::string> of_several_regions;  // groups
  AssociationRemarks remarks;
};

struct AssociationPart : PartFacts {
  std::map<std::string, AssociationSums> sums;  // by source
};

// The same with its sums in files.
struct StoredPart : PartFacts {
  std::map<std::string, StoredSums> sums;
};

// Reads the scope's tables and sums them. With `source` names in the options only those; a source
// that is not there is not an error. Gives up `database` before the last sums are made: room for
// them. `finished` is told the name of each stage.
Result<AssociationPart> reduce_association(std::optional<Database>& database,
                                           const AssociateOptions& options,
                                           const AssociationScope& scope,
                                           const std::function<void(const char*)>& finished);

// What the expressions' files say of themselves: models, options, whether a simulation made them.
Result<FileMetadata> origin_metadata(Database& database, const std::filesystem::path& study);

// As reading a study's tables needs it.
Result<Database> association_database(int threads);

// Puts a part's sums aside.
Result<StoredPart> store_part(AssociationPart part, const std::shared_ptr<ScratchFile>& scratch);

}  // namespace mien
