// Sums of parts to the files of maps, a group at a time: the sums of not more groups than threads
// lie in memory, whatever the number of videos.
//
// Groups are added and counted first, and put aside; what may be shown is decided from the counts
// of all; then every group is read again and estimated, while the file of sums is written.
#pragma once

#include <vector>

#include "pipeline/associate/associate.h"
#include "pipeline/associate/united_sums.h"

namespace mien {

// Writes maps.parquet, excluded.parquet and the files of sums into `folder`, in the place of those
// that are there. `sums`: a source each, at least one.
Result<AssociateSummary> write_maps(std::vector<UnitedSums> sums,
                                    const std::filesystem::path& folder, const MapOptions& options,
                                    const FileMetadata& metadata, Database& database);

}  // namespace mien
