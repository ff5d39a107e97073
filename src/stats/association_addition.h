// Adding parts of one study: names are united, then the sums of a group are added, block after
// block, so that neither the parts nor the whole need lie in memory.
//
// Sums are moved from a part's centres to those of the whole: sum of w (v - c) = sum of w (v - c')
// + (c' - c) sum of w, products alike. A part's finer slots fold into the whole's.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "stats/association_sums.h"

namespace mien {

// The names of both: groups, countries, contexts, levels of categories. A group that they put under
// different parents is put under none. kMismatch names what differs otherwise.
Result<AssociationLayout> united_layout(const AssociationLayout& a, const AssociationLayout& b);

// A part's centres as those of all columns of the whole; 0 for a level that nobody of it has.
std::vector<double> united_centres(const AssociationLayout& united, const AssociationLayout& part,
                                   std::span<const double> centres);

// How a part's names lie in the united layout, and how its columns are moved.
struct Placement {
  std::vector<std::uint32_t> groups, countries, contexts;
  std::vector<std::uint32_t> columns;
  std::vector<double> shift;     // united columns: the part's centre less the united centre
  bool has_same_columns = true;  // and in the same places
};

// `centres` of the whole, `own` of the part.
Placement placement_in(const AssociationLayout& united, std::span<const double> centres,
                       const AssociationLayout& part, std::span<const double> own);

// The sums of one group, as parts are added: those of the whole and one block lie in memory. The
// order of parts changes results by rounding only.
class GroupAddition {
 public:
  // `united` must outlive this. `slots`: a country in the whole's group (slots_for).
  GroupAddition(const AssociationLayout& united, std::uint32_t slots)
      : united_(&united), slots_(slots) {}

  // Part after part: each block that it has of the group, then what it counted, by its contexts.
  void add_block(const Placement& placement, const AssociationBlock& block);
  void add_presence(const Placement& placement, std::span<const PresenceSums> presence);

  // Appends what was added, as blocks of `group` and a place for every context of the layout.
  void take(std::uint32_t group, std::vector<AssociationBlock>& blocks,
            std::vector<PresenceSums>& presence);

 private:
  // Rows stand in chunks in the order of their arrival, so that none moves when one is added.
  struct Growing {
    AssociationBlock sums;              // without contexts and rows
    std::vector<std::uint32_t> places;  // a context: 1 + the place of its row; 0: it has none
    std::vector<std::uint32_t> contexts;
    std::vector<std::unique_ptr<double[]>> chunks;  // NOLINT(modernize-avoid-c-arrays)
  };
  double* row_of(Growing& block, std::uint32_t context) const;

  const AssociationLayout* united_;
  std::uint32_t slots_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Growing> blocks_;  // country, slot
  std::vector<PresenceSums> presence_;
  UploaderSketch earlier_;  // uploaders of the parts before
  UploaderSketch own_;      // of the part that is being added
  std::vector<double> sums_, products_;
};

}  // namespace mien
