#include "pipeline/associate/united_sums.h"

#include <algorithm>
#include <set>

namespace mien {

Status UnitedSums::add(StoredSums part) {
  if (is_fresh_) {
    layout_ = part.layout;
    is_fresh_ = false;
  } else {
    MIEN_TRY(united, united_layout(layout_, part.layout));
    layout_ = std::move(united);
  }
  add_exclusions(part.exclusions, exclusions_);
  part.exclusions.clear();
  if (part.block_count() > 0) parts_.push_back(std::move(part));
  return Ok{};
}

void UnitedSums::finish(std::vector<std::string> parents) {
  if (!parents.empty()) layout_.parents = std::move(parents);
  centres_.assign(layout_.columns(), 0.0);
  if (!parts_.empty()) {
    centres_ = united_centres(layout_, parts_.front().layout, parts_.front().centres);
  }
  std::vector<std::set<std::uint32_t>> countries(layout_.groups.size());
  for (StoredSums& part : parts_) {
    placements_.push_back(placement_in(layout_, centres_, part.layout, part.centres));
    const Placement& placement = placements_.back();
    for (std::size_t g = 0; g < part.groups.size(); ++g) {
      for (const std::uint32_t country : part.groups[g].countries) {
        countries[placement.groups[g]].insert(placement.countries[country]);
      }
    }
    part.layout = {};
  }
  for (const auto& of_group : countries) slots_.push_back(slots_for(of_group.size()));
}

bool UnitedSums::has_videos() const {
  return !parts_.empty();
}

Result<AssociationSums> UnitedSums::group(std::uint32_t group) const {
  GroupAddition addition(layout_, slots_[group]);
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    const Placement& placement = placements_[p];
    const auto own = std::find(placement.groups.begin(), placement.groups.end(), group);
    if (own == placement.groups.end()) continue;
    MIEN_TRY(presence,
             read_group(parts_[p], static_cast<std::size_t>(own - placement.groups.begin()),
                        [&](AssociationBlock&& block) { addition.add_block(placement, block); }));
    addition.add_presence(placement, presence);
  }
  AssociationSums sums;
  sums.layout = layout_of_group(layout_, group);
  sums.centres = centres_;
  sums.slots = {slots_[group]};
  addition.take(0, sums.blocks, sums.presence);
  return sums;
}

}  // namespace mien
