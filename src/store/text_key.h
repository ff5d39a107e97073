// Texts made comparable, with ICU: the only file that names it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mien {

// Well-formed UTF-8 in normal form KC, case folded (Unicode's NFKC_Casefold, UAX 31), runs of white
// space made one space and cut off at both ends: two titles that a reader would take for the same
// one have the same key.
std::string title_key(std::string_view text);

// title_key without accents, and without all that is neither a letter nor a digit; "&" reads "and",
// a leading "the" is left out: "Côte d'Ivoire" and "cote divoire" are one name.
std::string name_key(std::string_view text);

// The ISO 639 code (two letters where there is one, else three) of a language code, of a BCP 47 tag
// such as pt-BR, or of an English name; nothing where ICU knows no such language.
std::optional<std::string> language_code(const std::string& text);

}  // namespace mien
