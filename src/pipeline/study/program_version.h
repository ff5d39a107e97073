// The version of Mien, as tables and pages record it.
#pragma once

#include <string_view>

namespace mien {

inline constexpr std::string_view kProgramVersion = MIEN_VERSION;

}  // namespace mien
