#include "model/manifest_fields.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

namespace mien {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t kMaxManifestBytes = 1 << 20;

// A number that float32 can hold: beyond, the conversion is not defined.
bool is_float(const json& value) {
  return value.is_number() &&
         std::abs(value.get<double>()) <= static_cast<double>(std::numeric_limits<float>::max());
}

}  // namespace

ManifestFields::ManifestFields(const json& object, std::string place, std::string& problem)
    : object_(object), place_(std::move(place)), problem_(problem) {
  if (!object_.is_object()) complain("", "is not an object");
}

std::string ManifestFields::text(const char* key) {
  const json* value = find(key);
  if (value == nullptr) return {};
  if (!value->is_string() || value->get_ref<const std::string&>().empty()) {
    complain(key, "must be a text");
    return {};
  }
  return value->get<std::string>();
}

std::string ManifestFields::text_or(const char* key, const std::string& otherwise) {
  return has(key) ? text(key) : otherwise;
}

std::string ManifestFields::sha256(const char* key) {
  std::string hash = text(key);
  const bool is_hex = hash.size() == 64 && std::all_of(hash.begin(), hash.end(), [](char c) {
                        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                      });
  if (!is_hex) complain(key, "must be 64 lower-case hexadecimal digits");
  return hash;
}

std::string ManifestFields::file_name(const char* key) {
  std::string name = text(key);
  if (fs::path(name).filename() != name) complain(key, "must be a file name");
  return name;
}

float ManifestFields::number(const char* key) {
  const json* value = find(key);
  if (value == nullptr) return 0;
  if (!is_float(*value)) {
    complain(key, "must be a number");
    return 0;
  }
  return value->get<float>();
}

std::int64_t ManifestFields::integer(const char* key, std::int64_t least, std::int64_t most) {
  const json* value = find(key);
  if (value == nullptr) return least;
  const bool is_held = value->is_number_integer() &&
                       (!value->is_number_unsigned() ||
                        value->get<std::uint64_t>() <=
                            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  const std::int64_t integer = is_held ? value->get<std::int64_t>() : least;
  if (is_held && integer >= least && integer <= most) return integer;
  complain(key, "must be an integer from " + std::to_string(least) + " to " + std::to_string(most));
  return least;
}

template <typename T>
std::vector<T> ManifestFields::list(const char* key, bool (json::*is_kind)() const noexcept,
                                    const char* what) {
  const json* value = find(key);
  std::vector<T> items;
  if (value == nullptr) return items;
  if (!value->is_array() || value->size() > 100000) {
    complain(key, std::string("must be a list of ") + what);
    return items;
  }
  for (const json& item : *value) {
    if (!(item.*is_kind)()) {
      complain(key, std::string("must be a list of ") + what);
      return items;
    }
    items.push_back(item.get<T>());
  }
  return items;
}

std::vector<std::string> ManifestFields::texts(const char* key) {
  return list<std::string>(key, &json::is_string, "texts");
}

std::vector<float> ManifestFields::numbers(const char* key) {
  const json* value = find(key);
  if (value != nullptr && value->is_array() &&
      !std::all_of(value->begin(), value->end(), is_float)) {
    complain(key, "must be a list of numbers");
    return {};
  }
  return list<float>(key, &json::is_number, "numbers");
}

std::vector<std::int64_t> ManifestFields::integers(const char* key) {
  return list<std::int64_t>(key, &json::is_number_integer, "integers");
}

bool ManifestFields::has(const char* key) const {
  return object_.is_object() && object_.contains(key);
}

const json* ManifestFields::find(const char* key) {
  if (!object_.is_object()) return nullptr;
  const auto it = object_.find(key);
  if (it == object_.end()) {
    complain(key, "is missing");
    return nullptr;
  }
  return &*it;
}

void ManifestFields::complain(const std::string& key, const std::string& what) {
  if (problem_.empty()) problem_ = place_ + (key.empty() ? "" : "." + key) + " " + what;
}

ModelSource read_model_source(const json& object, std::string& problem) {
  ManifestFields fields(object, "source", problem);
  ModelSource source;
  source.format = fields.text("format");
  if (source.format == "onnx") return source;
  source.package = fields.text("package");
  const std::size_t colon = source.package.find(':');
  const std::string registry = source.package.substr(0, colon);
  if (source.package.find("..") != std::string::npos || colon == std::string::npos ||
      (registry != "npm" && registry != "pypi" && registry != "bundle") ||
      source.package.substr(colon + 1, 1) == "/") {
    fields.complain("package", "must be npm:NAME@VERSION, pypi:NAME@VERSION or bundle:FILE");
  }
  const json* files = fields.find("files");
  if (files == nullptr || !files->is_array()) {
    fields.complain("files", "must be a list");
    return source;
  }
  for (const json& file : *files) {
    ManifestFields entry(file, "source.files", problem);
    source.files.push_back({entry.text("path"), entry.sha256("sha256")});
    const fs::path path = source.files.back().path;
    if (path.is_absolute() || path.string().find("..") != std::string::npos) {
      entry.complain("path", "must lie inside the package");
    }
  }
  return source;
}

Result<json> parse_manifest_object(std::string_view text, const fs::path& path) {
  if (text.size() > kMaxManifestBytes)
    return Error{ErrorCode::kCorrupt, path.string() + ": larger than a manifest can be"};
  json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) return Error{ErrorCode::kCorrupt, path.string() + ": not JSON"};
  return object;
}

Result<std::string> read_manifest_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, path.string() + ": cannot be opened"};
  std::string text(kMaxManifestBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Result<std::vector<fs::path>> manifest_paths(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".json") paths.push_back(it->path());
  }
  if (error)
    return Error{ErrorCode::kNotFound,
                 folder.string() + ": no folder of model manifests (" + error.message() + ")"};
  return paths;
}

}  // namespace mien
