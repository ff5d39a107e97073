#include "context/fasttext_similarity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/sha256.h"
#include "context/vocabulary.h"
#include "context/word_overlap.h"

namespace mien {

namespace {

using Json = nlohmann::json;

Error wrong_manifest(const std::string& name, const std::string& what) {
  return {ErrorCode::kCorrupt,
          name + ": " + what + "; remedy: train it anew with 'mien train context-text'"};
}

}  // namespace

bool is_fasttext_manifest(std::string_view bytes) {
  const Json json = Json::parse(bytes, nullptr, false);
  return json.is_object() && json.contains("kind") && json["kind"] == kFastTextKind;
}

Result<FastTextManifest> parse_fasttext_manifest(std::string_view bytes, const std::string& name) {
  const Json json = Json::parse(bytes, nullptr, false);
  if (!json.is_object()) return wrong_manifest(name, "not JSON");
  FastTextManifest manifest;
  const std::pair<const char*, std::string*> texts[] = {
      {"id", &manifest.id}, {"file", &manifest.file}, {"sha256", &manifest.sha256}};
  for (const auto& [key, to] : texts) {
    if (!json.contains(key) || !json[key].is_string() || json[key].get<std::string>().empty())
      return wrong_manifest(name, std::string("no text '") + key + "'");
    *to = json[key].get<std::string>();
  }
  if (manifest.file.find('/') != std::string::npos) {
    return wrong_manifest(name, "'file' must lie beside the manifest");
  }
  const Json contexts = json.value("contexts", Json());
  if (!contexts.is_array() || contexts.size() < 2 || contexts.size() > kMaxContexts) {
    return wrong_manifest(name, "'contexts' is no list of at least two ids");
  }
  std::set<std::string> seen;
  for (const Json& id : contexts) {
    if (!id.is_string() || !seen.insert(id.get<std::string>()).second) {
      return wrong_manifest(name, "'contexts' holds something else than ids, or one of them twice");
    }
    manifest.contexts.push_back(id.get<std::string>());
  }
  MIEN_TRY(calibration, parse_calibration(json.value("calibration", Json()).dump(), name));
  manifest.calibration = std::move(calibration);
  return manifest;
}

Result<std::unique_ptr<FastTextSimilarity>> FastTextSimilarity::open(
    const FastTextManifest& manifest, const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / manifest.file;
  MIEN_TRY(hash, sha256_of_file(file));
  if (hash != manifest.sha256) {
    return Error{ErrorCode::kMismatch,
                 file.string() + ": not the file that its manifest was made for (SHA-256 " + hash +
                     "); remedy: bring back the one that was trained, or train anew"};
  }
  MIEN_TRY(model, FastTextModel::open(file));
  if (model.labels() != manifest.contexts.size() + 1) {
    return Error{ErrorCode::kMismatch,
                 file.string() + ": " + std::to_string(model.labels()) +
                     " labels where the manifest has " + std::to_string(manifest.contexts.size()) +
                     " contexts and none; remedy: train it anew with 'mien train context-text'"};
  }
  return std::make_unique<FastTextSimilarity>(std::move(model), manifest.contexts,
                                              "fasttext " + manifest.sha256);
}

Result<Similarities> FastTextSimilarity::compare(std::span<const PreparedText> texts) const {
  Similarities result;
  const std::size_t width = contexts_.size();
  result.values.assign(texts.size() * width, std::numeric_limits<float>::quiet_NaN());
  std::vector<float> logits(model_.labels());
  for (std::size_t t = 0; t < texts.size(); ++t) {
    std::string& reason = result.reasons.emplace_back(unreadable(texts[t]));
    if (!reason.empty()) continue;
    if (!model_.predict(fasttext_words(texts[t]), logits)) {
      reason = kNoKnownWords;
      continue;
    }
    std::copy_n(logits.begin(), width,
                result.values.begin() + static_cast<std::ptrdiff_t>(t * width));
  }
  return result;
}

std::string fasttext_words(const PreparedText& text) {
  std::string line;
  for (const std::string* part : {&text.title, &text.description}) {
    for (const std::string& word : words_of(*part)) {
      if (!line.empty()) line += ' ';
      line += word;
    }
  }
  return line;
}

}  // namespace mien
