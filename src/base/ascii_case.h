// Names compared without regard to capitals, where only A to Z count: endings of files, names of
// columns.
#pragma once

#include <string>

namespace mien {

// A to Z become a to z whatever the locale; every other byte stays.
std::string ascii_lower_case(std::string text);

}  // namespace mien
