// Parts of a study's associations, put together: what each could not decide alone is decided, and
// their sums are ready to be added.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/associate/association_part.h"
#include "pipeline/associate/united_sums.h"

namespace mien {

class AssociationUnion {
 public:
  // In any order. kMismatch: made with other options, with what differs.
  Status add(StoredPart part);

  const AssociationRemarks& remarks() const { return remarks_; }
  void add_remarks(const AssociationRemarks& remarks) { remarks_.add(remarks); }

  struct Whole {
    std::int64_t videos = 0;
    std::vector<UnitedSums> sums;  // by source
    std::vector<std::string> notes;
  };
  // kNotFound: nothing is left to be analysed, with the commonest reasons; kUsage: a source of the
  // options that nobody has. Gives the parts up.
  Result<Whole> finish(const AssociateOptions& options);

 private:
  struct Alike {
    AssociationLayout bare;
    std::map<std::string, std::vector<StoredSums>> sums;
    Exclusions where_more_is_measured, without_source;
  };
  Result<UnitedSums> take_source(const std::string& source,
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
