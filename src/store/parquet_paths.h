// Paths of files that DuckDB is to read or write. For the .cc files of this room only.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace mien {

// A path inside DuckDB's file patterns, with its special characters made plain ones, absolute so
// that nothing looks like an address or a home folder.
std::string literal_pattern(const std::filesystem::path& path);

// The path itself where the system cannot say.
std::filesystem::path absolute_path(const std::filesystem::path& path);

// kUnsupported: a name that is not UTF-8, which SQL cannot hold.
Status check_name(const std::filesystem::path& path);

// kNotFound, kCorrupt (not a file) or kIo (may not be read).
Status check_readable(const std::filesystem::path& path);

}  // namespace mien
