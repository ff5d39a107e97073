#include "model/sentence_manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/manifest_fields.h"

namespace mien {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// Far above any encoder's; keeps a manifest from asking for gigabytes.
constexpr std::int64_t kMaxTokens = 8192;
constexpr std::int64_t kMaxBatch = 64;
constexpr std::int64_t kMaxDimensions = 1 << 16;
constexpr std::int64_t kMaxId = 1 << 24;

TokenizerSpec read_tokenizer(const json& object, std::string& problem) {
  ManifestFields fields(object, "tokenizer", problem);
  TokenizerSpec spec;
  const std::string kind = fields.text("kind");
  if (kind != "unigram-json") fields.complain("kind", "must be unigram-json");
  spec.file = fields.file_name("file");
  spec.sha256 = fields.sha256("sha256");
  return spec;
}

std::vector<std::int64_t> read_ids(ManifestFields& fields, const char* key) {
  if (!fields.has(key)) return {};
  std::vector<std::int64_t> ids = fields.integers(key);
  if (ids.size() > 8) fields.complain(key, "must be at most 8 ids");
  if (std::any_of(ids.begin(), ids.end(), [](std::int64_t id) { return id < 0 || id > kMaxId; }))
    fields.complain(key, "has an impossible id");
  return ids;
}

std::vector<SentenceManifest::Input> read_inputs(const json& list, std::string& problem) {
  std::vector<SentenceManifest::Input> inputs;
  const json whole = json::object();
  ManifestFields all(whole, "inputs", problem);
  if (!list.is_array() || list.empty() || list.size() > 3) {
    all.complain("", "must be a list of 1 to 3 tensors");
    return inputs;
  }
  for (const json& item : list) {
    ManifestFields fields(item, "inputs", problem);
    SentenceManifest::Input input{fields.text("name"), SentenceInput::kIds};
    const std::string holds = fields.text("holds");
    if (holds == "mask") {
      input.holds = SentenceInput::kMask;
    } else if (holds == "types") {
      input.holds = SentenceInput::kTypes;
    } else if (holds != "ids") {
      fields.complain("holds", "must be ids, mask or types");
    }
    for (const SentenceManifest::Input& other : inputs) {
      if (other.holds == input.holds) fields.complain("holds", "is '" + holds + "' twice");
    }
    inputs.push_back(std::move(input));
  }
  if (std::none_of(inputs.begin(), inputs.end(), [](const SentenceManifest::Input& input) {
        return input.holds == SentenceInput::kIds;
      }))
    all.complain("", "must have one that holds ids");
  return inputs;
}

void check_languages(ManifestFields& fields, const std::vector<std::string>& languages) {
  if (languages.empty()) fields.complain("languages", "must not be empty");
  for (const std::string& language : languages) {
    const bool is_code =
        (language.size() == 2 || language.size() == 3) &&
        std::all_of(language.begin(), language.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (!is_code) fields.complain("languages", "must be ISO 639 codes; '" + language + "' is not");
  }
}

SentenceManifest read_sentence_fields(const json& object, std::string& problem) {
  ManifestFields fields(object, "manifest", problem);
  SentenceManifest manifest;
  manifest.id = fields.text("id");
  manifest.version = fields.text("version");
  manifest.licence = fields.text("licence");
  if (const json* source = fields.find("source"))
    manifest.source = read_model_source(*source, problem);
  manifest.onnx_file = fields.file_name("onnx_file");
  manifest.onnx_sha256 = fields.sha256("onnx_sha256");
  if (const json* tokenizer = fields.find("tokenizer"))
    manifest.tokenizer = read_tokenizer(*tokenizer, problem);
  manifest.prefix = fields.text_or("prefix", "");
  if (manifest.prefix.size() > 200) fields.complain("prefix", "must be at most 200 bytes");
  manifest.begin_ids = read_ids(fields, "begin_ids");
  manifest.end_ids = read_ids(fields, "end_ids");
  manifest.max_tokens = fields.integer("max_tokens", 32, kMaxTokens);
  if (fields.has("batch")) manifest.batch = fields.integer("batch", 1, kMaxBatch);
  if (const json* inputs = fields.find("inputs")) manifest.inputs = read_inputs(*inputs, problem);
  manifest.output = fields.text("output");
  const std::string pooling = fields.text("pooling");
  if (pooling == "mean") {
    manifest.pooling = Pooling::kMean;
  } else if (pooling != "none") {
    fields.complain("pooling", "must be none or mean");
  }
  manifest.dimensions = fields.integer("dimensions", 1, kMaxDimensions);
  manifest.languages = fields.texts("languages");
  check_languages(fields, manifest.languages);
  manifest.intended_use = fields.text("intended_use");
  manifest.known_limits = fields.texts("known_limits");
  return manifest;
}

}  // namespace

Result<SentenceManifest> parse_sentence_manifest(std::string_view text, const fs::path& path) {
  return manifest_of_text(text, path, &read_sentence_fields);
}

Result<SentenceManifest> read_sentence_manifest(const fs::path& path) {
  MIEN_TRY(text, read_manifest_text(path));
  return parse_sentence_manifest(text, path);
}

Result<std::vector<SentenceManifest>> read_sentence_manifests(const fs::path& folder) {
  return manifests_of_folder(folder, &read_sentence_manifest);
}

}  // namespace mien
