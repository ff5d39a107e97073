// Contexts as vectors of the space that an image-text model (CLIP, SigLIP) shares between pictures
// and texts.
//
// A file of them is JSON, written where the text tower runs:
//   {"contexts": ["wedding", "haircut"], "vectors": [[0.1, ...], [0.2, ...]]}
// ids of the vocabulary, one vector each, of the image tower's length. Vectors are made length 1.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "context/text_encoder.h"
#include "context/vocabulary.h"
#include "model/manifest.h"

namespace mien {

struct TextVectors {
  std::vector<std::size_t> contexts;  // positions in the vocabulary, no two alike
  std::vector<float> vectors;         // contexts x dimensions, each of length 1
};

// kCorrupt, kMismatch: name file, place and remedy where the counts of contexts and vectors differ,
// a vector has another length than `dimensions`, holds no number or only zeros, a context is not in
// the vocabulary or stands there twice.
Result<TextVectors> parse_text_vectors(std::string_view bytes, const std::string& name,
                                       std::size_t dimensions, const ContextVocabulary& vocabulary);

// All contexts of the vocabulary: the mean of the vectors of every prompt, filled with the name and
// with each English wording, made length 1. kMismatch where the encoder's vectors have another
// length than `dimensions`.
Result<TextVectors> encode_text_vectors(const TextEncoder& encoder,
                                        const std::vector<std::string>& prompts,
                                        std::size_t dimensions,
                                        const ContextVocabulary& vocabulary);

// What the manifest of an image-text model says: its file, or its text tower, which lies beside it.
Result<TextVectors> text_vectors_of(const Manifest& manifest, const ContextVocabulary& vocabulary);

// Makes `vector` length 1; false where it has no direction (zeros, a number that is not finite).
bool normalise(std::span<float> vector);

}  // namespace mien
