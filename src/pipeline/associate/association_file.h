// Association sums as a file, STUDY/maps/statistics-SOURCE.sums.
//
//   bytes 0-7    "MIENSUM3"
//   bytes 8-15   length of the header, little-endian
//   header       JSON: program, layout, slots, exclusions, metadata, sizes
//   body         numbers, little-endian: centres; presence a group and context (videos, weight,
//                sums, squares, uploaders); then the blocks (see sums_bytes.h)
//   last 64      SHA-256 of all before, in hexadecimal
//
// Errors: kCorrupt (not such a file, cut off, checksum), kNotFound, kIo.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "pipeline/associate/stored_sums.h"
#include "stats/association_sums.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien {

struct AssociationFile {
  AssociationSums sums;
  FileMetadata metadata;  // the options of the maps beside it
};

Status write_association_file(const std::filesystem::path& path, const AssociationSums& sums,
                              const FileMetadata& metadata);
Status write_association_file(const std::filesystem::path& path, const StoredSums& sums,
                              const FileMetadata& metadata);
Result<AssociationFile> read_association_file(const std::filesystem::path& path);

// The same, read and checked from beginning to end, but no more than a block held.
struct OpenedSums {
  StoredSums sums;
  FileMetadata metadata;
};
Result<OpenedSums> open_association_file(const std::filesystem::path& path);

// FOLDER/statistics-SOURCE.sums, and whether a path is named so.
std::filesystem::path association_file_path(const std::filesystem::path& folder,
                                            const std::string& source);
bool is_association_file(const std::filesystem::path& path);

// The same from and to bytes. In pieces of about 1 MB, so that a gigabyte is never held twice.
Status association_pieces(const AssociationSums& sums, const FileMetadata& metadata,
                          const ByteSink& sink);
std::string association_bytes(const AssociationSums& sums, const FileMetadata& metadata);
Result<AssociationFile> parse_association_bytes(std::string_view bytes);

}  // namespace mien
