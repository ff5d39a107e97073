// Which videos of a study are copies of one another: the same title (the corpus's column
// `duplicate_cluster`, made by ingest), the same pictures (frame_hashes of `media`), or both.
//
//   STUDY/duplicates.parquet   duplicates_schema(), in the order of the corpus; no row of a video
//                              that has no other beside it
//
// Clusters are what such pairs connect, whoever uploaded them and wherever they lie. `mien
// annotate` writes the file when it ends.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "store/database.h"
#include "table/schema.h"

namespace mien {

struct DuplicateSummary {
  std::int64_t clusters = 0;
  std::int64_t videos = 0;       // in clusters
  std::int64_t by_pictures = 0;  // of these, the videos that have another's pictures
  std::int64_t across_regions = 0;
  std::int64_t across_uploaders = 0;
};

// Does nothing where the file says that it was made of this corpus and these shards (mien.sources,
// a hash of theirs); the summary is of what lies there then. Memory: about 130 bytes a video beside
// the ids. kNotFound: no corpus; kCorrupt: a duplicate_cluster or frame_hashes of another kind.
Result<DuplicateSummary> find_duplicates(Database& database, const std::filesystem::path& study);

// The id of each duplicate's cluster, which is the id of its first video; of duplicates.parquet, or
// where there is none of the corpus alone. The first of a cluster is among them.
Result<std::map<std::string, std::string, std::less<>>> read_duplicates(
    Database& database, const std::filesystem::path& study);

}  // namespace mien
