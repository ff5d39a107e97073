// Files that manifests name, read whole and held against their SHA-256.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace mien {

// The bytes of a model's file; kNotFound with the remedy where it is missing.
Result<std::string> read_model_file(const std::filesystem::path& path, const std::string& id);

// The same, refused (kMismatch) where they are not those that the manifest names.
Result<std::string> read_checked_model_file(const std::filesystem::path& path,
                                            const std::string& id, const std::string& sha256);

}  // namespace mien
