// Where the tables of a study folder lie, for those that read them.
//
//   STUDY/NAME.parquet                     corpus, rejects, duplicates, and all tables of a study
//                                          that is simulated
//   STUDY/annotations/shard-*/NAME.parquet what was measured; goes before STUDY/NAME.parquet
//   STUDY/texts/NAME.parquet               contexts named from words, beside those from pictures
//   STUDY/coded/SOURCE/NAME.parquet        contexts that a table of somebody's gave, by source
//   STUDY/maps/NAME.parquet  STUDY/compare/NAME.parquet
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

inline constexpr const char* kTextsFolder = "texts";
inline constexpr const char* kCodedFolder = "coded";

// The published shards' folders in their order; none where there are none.
std::vector<std::filesystem::path> shard_folders(const std::filesystem::path& study);

// Where the contexts of a source lie that a table gave (coded_contexts.h).
std::filesystem::path coded_folder(const std::filesystem::path& study, const std::string& source);

// The files of a table in such folders, by source; none where there are none.
std::vector<std::filesystem::path> coded_table_files(const std::filesystem::path& study,
                                                     const std::string& table);

// The files of a table that perception makes, in the order of the shards; without any in shards,
// STUDY/TABLE.parquet; then STUDY/texts/TABLE.parquet and those of coded sources. kNotFound where
// there is none. Does not look into them.
Result<std::vector<std::filesystem::path>> study_table_files(const std::filesystem::path& study,
                                                             const std::string& table);

// The tables that lie in one file, by name; of two of a name the second is "compare/contexts".
std::map<std::string, std::filesystem::path> whole_tables(const std::filesystem::path& study);

// Holds every shard against its manifest and the study's settings: kCorrupt or kMismatch names the
// shard or file and the remedy, for a manifest or file that is missing, a size or checksum that
// differs, or a Parquet file that the manifest does not list. About 1 s per GB.
Status verify_shards(const std::filesystem::path& study);

// The same for one of its shards; kNotFound where it is not there.
Status verify_study_shard(const std::filesystem::path& study, const std::filesystem::path& shard);

// What is directly in a folder, by path; nothing where it cannot be read.
std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder);

}  // namespace mien
