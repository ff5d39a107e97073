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
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/associate/association_input.h"
#include "pipeline/associate/association_scope.h"

namespace mien {

struct AssociationPart {
  std::int64_t videos = 0;            // of the corpus
  std::vector<std::string> scores;    // columns of the tables of expressions that were asked for
  std::vector<std::string> measured;  // those that a video of the part has
  AssociationSums bare;               // names alone: no source, no contexts, no blocks
  std::map<std::string, AssociationSums> sums;  // by source
  std::vector<std::string> sources;             // that the tables have, those not asked for too
  Exclusions where_more_is_measured;            // instead of all sums
  Exclusions without_source;                    // for a source that only other parts have
  std::vector<std::string> of_several_regions;  // groups
  AssociationRemarks remarks;
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

// Adds parts up, in any order; those whose tables are alike at once, so that no more than the sums
// of a few kinds of parts are held.
class AssociationUnion {
 public:
  // kMismatch: made with other options, with what differs.
  Status add(AssociationPart part);

  const AssociationRemarks& remarks() const { return remarks_; }
  void add_remarks(const AssociationRemarks& remarks) { remarks_.add(remarks); }

  struct Whole {
    std::int64_t videos = 0;
    std::vector<AssociationSums> sums;  // by source
    std::vector<std::string> notes;
  };
  // kNotFound: nothing is left to be analysed, with the commonest reasons; kUsage: a source of the
  // options that nobody has.
  Result<Whole> finish(const AssociateOptions& options);

 private:
  struct Alike {
    AssociationSums bare;
    std::map<std::string, AssociationSums> sums;
    Exclusions where_more_is_measured, without_source;
  };
  Result<AssociationSums> take_source(const std::string& source,
                                      const std::vector<std::string>& measured);

  std::int64_t videos_ = 0;
  std::vector<std::string> scores_;
  // Measured scores and sources, and what parts with just these give.
  std::map<std::pair<std::vector<std::string>, std::vector<std::string>>, Alike> parts_;
  std::map<std::string, std::set<std::string>> parents_;  // of groups
  std::set<std::string> of_several_regions_;
  std::set<std::string> sources_;  // that the tables have
  AssociationRemarks remarks_;
};

}  // namespace mien
