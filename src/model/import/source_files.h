// The files of packages that models are made from, and the files that are made.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace mien {

// A whole file. kNotFound, with the remedy, where it cannot be opened.
Result<std::string> read_bytes(const std::filesystem::path& path, const std::string& remedy);

// The bytes of the source's files, in its order, from PACKAGES/NAME. A file that is missing is
// kNotFound; one with another SHA-256 than the manifest's is kMismatch and names package, file,
// both hashes. Both say `remedy`.
Result<std::vector<std::string>> read_source_files(const std::string& model_id,
                                                   const ModelSource& source,
                                                   const std::filesystem::path& packages,
                                                   const std::string& remedy);

// kMismatch where `bytes`, made for the model, do not have the SHA-256 that the manifest names.
Status check_made_file(const std::string& model_id, const std::string& what,
                       const std::string& bytes, const std::string& sha256);

// Under a temporary name that is renamed at the end: the file is there whole or not at all. Makes
// the folder where it is missing.
Status write_renamed(const std::filesystem::path& path, const std::string& bytes);

}  // namespace mien
