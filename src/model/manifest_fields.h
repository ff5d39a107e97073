// How manifests are read: fields of a JSON object, and the first thing that is wrong with them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace mien {

// Reads fields of one object. What is wrong goes into `problem`, "place.field must be ...", where
// nothing stands there yet; the value read is then empty.
class ManifestFields {
 public:
  ManifestFields(const nlohmann::json& object, std::string place, std::string& problem);

  std::string text(const char* key);  // not empty
  std::string text_or(const char* key, const std::string& otherwise);
  std::string sha256(const char* key);
  std::string file_name(const char* key);  // without folders
  float number(const char* key);
  std::int64_t integer(const char* key, std::int64_t least, std::int64_t most);
  std::vector<std::string> texts(const char* key);
  std::vector<float> numbers(const char* key);
  std::vector<std::int64_t> integers(const char* key);

  bool has(const char* key) const;
  const nlohmann::json* find(const char* key);  // null, and a problem, where it is missing
  void complain(const std::string& key, const std::string& what);

 private:
  template <typename T>
  std::vector<T> list(const char* key, bool (nlohmann::json::*is_kind)() const noexcept,
                      const char* what);

  const nlohmann::json& object_;
  std::string place_;
  std::string& problem_;
};

// The field `source`: where the weights come from.
ModelSource read_model_source(const nlohmann::json& object, std::string& problem);

// The object that a manifest's text holds; the text of a manifest's file; the manifests' files of a
// folder, in no order. Errors name the file.
Result<nlohmann::json> parse_manifest_object(std::string_view text,
                                             const std::filesystem::path& path);
Result<std::string> read_manifest_text(const std::filesystem::path& path);
Result<std::vector<std::filesystem::path>> manifest_paths(const std::filesystem::path& folder);

// A manifest of either kind out of its text, by the function that reads its fields.
template <typename M>
Result<M> manifest_of_text(std::string_view text, const std::filesystem::path& path,
                           M (*read_fields)(const nlohmann::json&, std::string& problem)) {
  MIEN_TRY(object, parse_manifest_object(text, path));
  std::string problem;
  M manifest = read_fields(object, problem);
  if (!problem.empty()) return Error{ErrorCode::kCorrupt, path.string() + ": " + problem};
  manifest.path = path;
  return manifest;
}

// All of a folder, sorted by id; two with one id are an error that names both.
template <typename M>
Result<std::vector<M>> manifests_of_folder(const std::filesystem::path& folder,
                                           Result<M> (*read)(const std::filesystem::path&)) {
  MIEN_TRY(paths, manifest_paths(folder));
  std::vector<M> manifests;
  for (const std::filesystem::path& path : paths) {
    MIEN_TRY(manifest, read(path));
    manifests.push_back(std::move(manifest));
  }
  std::ranges::sort(manifests, {}, &M::id);
  const auto twin = std::ranges::adjacent_find(manifests, {}, &M::id);
  if (twin != manifests.end()) {
    return Error{ErrorCode::kMismatch, "two manifests have the id '" + twin->id +
                                           "': " + twin->path.string() + " and " +
                                           std::next(twin)->path.string()};
  }
  return manifests;
}

}  // namespace mien
