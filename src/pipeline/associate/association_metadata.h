// The options that maps are made with, as files record them and merging reads them back.
#pragma once

#include "base/result.h"
#include "stats/association_map.h"
#include "store/database.h"

namespace mien {

std::string_view to_string(Within within);  // "country", "none", "between"

FileMetadata map_metadata(const MapOptions& options);

// kCorrupt where something is missing or unknown.
Result<MapOptions> map_options(const FileMetadata& metadata, int threads);

// "kind is 'partial' in one and 'slope' in the other"; they differ.
std::string first_difference(const FileMetadata& a, const FileMetadata& b,
                             const std::string& in_a = "in one",
                             const std::string& in_b = "in the other");

// The number of videos and uploaders below which maps with this metadata hold counts back.
std::int64_t minimum_of(const FileMetadata& metadata);

}  // namespace mien
