// Texts -> vectors with a network that a manifest describes (model/sentence_manifest.h).
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "context/text_encoder.h"
#include "model/sentence_manifest.h"

namespace mien {

// At most so many bytes of a text are read, and so many pieces of as many tokens as the network
// takes are averaged.
constexpr std::size_t kMaxEncodedBytes = 1 << 16;
constexpr std::size_t kMaxTextPieces = 8;

// `model_folder` holds the network and the tokenizer's file. kNotFound, with the remedy, where
// either is missing; kMismatch where they are not those that the manifest names.
Result<std::unique_ptr<TextEncoder>> open_sentence_encoder(
    const SentenceManifest& manifest, const std::filesystem::path& model_folder);

// The same from a manifest's file.
Result<std::unique_ptr<TextEncoder>> open_sentence_encoder(
    const std::filesystem::path& manifest, const std::filesystem::path& model_folder);

}  // namespace mien
