// The pictures of a folder, in order.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mien {

// Regular files with a picture's ending (.jpg .jpeg .jpe .png .webp .bmp .gif .tif .tiff .ppm .pgm
// .pnm .jp2 .jxl .avif, in any case), not hidden, not in folders below; sorted by name with runs
// of digits compared by value (frame2 before frame10). Errors: missing, unreadable, empty.
Result<std::vector<std::filesystem::path>> pictures_of(const std::filesystem::path& folder);

// The order: runs of digits by value, everything else by byte; a total order.
bool name_before(std::string_view a, std::string_view b);

}  // namespace mien
