// The tables of STUDY/compare: what `mien compare` finds in maps, row by row.
#pragma once

#include "table/schema.h"

namespace mien {

TableSchema compare_pairs_schema();       // regions two by two
TableSchema compare_cells_schema();       // a cell over all regions
TableSchema compare_deviations_schema();  // a cell in one region
TableSchema compare_contexts_schema();    // a context over all regions

}  // namespace mien
