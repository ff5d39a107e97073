// The sums of one source of contexts over all parts of a study, added when they are wanted, a group
// at a time: what lies in memory are names, places in files, and the groups that were asked for.
//
// Parts know nothing of each other's names: groups, countries, contexts and levels of categories
// are united by name. Centres are those of the first part that has videos. Equal to adding the
// parts in memory (add_sums), up to rounding.
#pragma once

#include "pipeline/associate/stored_sums.h"
#include "stats/association_addition.h"

namespace mien {

class UnitedSums {
 public:
  // Names what does not agree: kMismatch.
  Status add(StoredSums part);

  // After the last part. `parents`: a group; none at all: as the parts say.
  void finish(std::vector<std::string> parents = {});

  const AssociationLayout& layout() const { return layout_; }
  const std::vector<double>& centres() const { return centres_; }
  const std::vector<std::uint32_t>& slots() const { return slots_; }
  const Exclusions& exclusions() const { return exclusions_; }
  bool has_videos() const;

  // The sums of one group alone: the layout has no other. Any number of threads.
  Result<AssociationSums> group(std::uint32_t group) const;

 private:
  AssociationLayout layout_;
  std::vector<double> centres_;
  std::vector<std::uint32_t> slots_;
  Exclusions exclusions_;
  bool is_fresh_ = true;
  std::vector<StoredSums> parts_;  // those with sums; without names once placed
  std::vector<Placement> placements_;
};

}  // namespace mien
