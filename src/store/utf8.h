// Whether bytes are text. Everything that goes into a table must be well-formed UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace mien {

// Offset of the first byte that does not belong to a well-formed UTF-8 sequence (no surrogates, no
// overlong forms, nothing above U+10FFFF; Unicode 15, table 3-7), or npos where all bytes do.
std::size_t first_invalid_utf8(std::string_view bytes);

}  // namespace mien
