#include "pipeline/texts/vocabulary_import.h"

#include <set>

#include "base/ascii_case.h"
#include "context/vocabulary.h"
#include "pipeline/compare/published_maps.h"

namespace mien {

namespace {

std::string id_of(const std::string& name) {
  std::string id;
  for (const char c : ascii_lower_case(name)) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (is_plain) {
      id += c;
    } else if (!id.empty() && id.back() != '_') {
      id += '_';
    }
  }
  while (!id.empty() && id.back() == '_') id.pop_back();
  return id.empty() ? "context" : id;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace

Result<std::string> vocabulary_of_maps(const std::filesystem::path& folder, int experiment) {
  MIEN_TRY(published, read_published_maps(folder, experiment));
  std::string csv = "id,name\n";
  std::set<std::string> taken;
  for (const std::string& name : published.maps.contexts) {
    const std::string plain = id_of(name);
    std::string id = plain;
    for (int number = 2; !taken.insert(id).second; ++number) {
      id = plain + "_" + std::to_string(number);
    }
    csv += id + "," + quoted(name) + "\n";
  }
  MIEN_TRY(checked, parse_vocabulary(csv, folder.string()));
  return csv;
}

}  // namespace mien
