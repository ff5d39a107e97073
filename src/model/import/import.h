// Turns the weights that packages ship into ONNX files, once, at set-up.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace mien {

struct ImportedModel {
  std::filesystem::path onnx_path;
  std::string onnx_sha256;
  bool was_current = false;  // the file was there already, with the right hash
};

// Checks the source files' SHA-256, converts, checks the result's against the manifest, and puts it
// into `model_folder` under a temporary name that is renamed at the end. `source_root` is the
// folder that holds the packages (node_modules). A wrong checksum names package, file, both hashes
// and the remedy; an operator that the converter does not know is an error that names the node.
Result<ImportedModel> import_model(const Manifest& manifest,
                                   const std::filesystem::path& source_root,
                                   const std::filesystem::path& model_folder);

// The conversion alone, from bytes: `description` is model.json (tfjs-graph) or the weights
// manifest (face-api-weights), `weights` the concatenated shards. Deterministic.
Result<std::string> convert_model(const Manifest& manifest, std::string_view description,
                                  std::string_view weights);

// The same of a network in TensorFlow Lite's format (tflite).
Result<std::string> convert_tflite(const Manifest& manifest, std::string_view bytes);

// The networks of a task bundle (a user's own FILE.task), converted and put into `model_folder`,
// each with its manifest beside it, which marks it as installed: those of `manifests` whose file
// the bundle has, all or none of them. Returns their ids. kMismatch where it has none, and where a
// file's SHA-256 is another than the manifest's (another version of the bundle).
Result<std::vector<std::string>> import_task_bundle(const std::filesystem::path& bundle,
                                                    const std::vector<Manifest>& manifests,
                                                    const std::filesystem::path& model_folder);

// A model whose package the set-up does not install by itself (models/optional): false where it is
// not there. Its manifest is put beside the network, which marks it as installed.
Result<bool> import_optional_model(const Manifest& manifest, const std::filesystem::path& packages,
                                   const std::filesystem::path& model_folder);

}  // namespace mien
