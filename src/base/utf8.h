// Whether bytes are text. Everything that goes into a table must be well-formed UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mien {

// Offset of the first byte that does not belong to a well-formed UTF-8 sequence (no surrogates, no
// overlong forms, nothing above U+10FFFF; Unicode 15, table 3-7), or npos where all bytes do.
std::size_t first_invalid_utf8(std::string_view bytes);

// The bytes as text: what is well-formed as it is, every other byte as "\xe9" (two lower-case
// hexadecimal digits). Text is given back unchanged; so "\xe9" that stands in a text looks the
// same.
std::string escape_invalid_utf8(std::string_view bytes);

}  // namespace mien
