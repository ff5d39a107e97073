// Whose face a clip shows, where the file of ratings has a column `person`.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "store/database.h"

namespace mien {

// Clip -> person; empty without that column. kCorrupt: two persons of one clip.
Result<std::map<std::string, std::string>> read_rated_persons(Database& database,
                                                              const std::filesystem::path& ratings);

}  // namespace mien
