#include "pipeline/export/exported_video.h"

#include <algorithm>

#include "base/utf8.h"

namespace mien {

std::string_view label_name(std::string_view column) {
  const std::size_t end = column.find('_');
  return end == std::string_view::npos ? column : column.substr(end + 1);
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t valid = std::min(first_invalid_utf8(text), text.size());
    for (std::size_t i = 0; i < valid; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      // U+FFFE and U+FFFF are no characters of XML.
      const bool is_no_character = byte == 0xEF && text.substr(i + 1).starts_with("\xBF") &&
                                   i + 2 < valid && static_cast<unsigned char>(text[i + 2]) >= 0xBE;
      if (is_no_character) {
        out += "\xEF\xBF\xBD";
        i += 2;
      } else {
        out += byte < 0x20 || byte == 0x7F ? ' ' : text[i];
      }
    }
    text.remove_prefix(valid);
    if (text.empty()) break;
    out += "\xEF\xBF\xBD";
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace mien
