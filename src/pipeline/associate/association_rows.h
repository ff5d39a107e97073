// Maps as rows of their table. `sources` must outlive what is given.
#pragma once

#include <vector>

#include "stats/association_map.h"
#include "stats/association_sums.h"
#include "store/bulk_batch.h"
#include "table/table.h"

namespace mien {

struct MappedSource {
  AssociationLayout layout;
  Exclusions exclusions;
  AssociationMap map;
};

// Rows of maps_schema() by source, group, context, expression; a batch a group.
BulkSource map_rows(const std::vector<MappedSource>& sources, const MapOptions& options);

// source, region, language, reason, videos, as shown_exclusions() gives them.
Table excluded_rows(const std::vector<MappedSource>& sources, std::int64_t minimum);

}  // namespace mien
