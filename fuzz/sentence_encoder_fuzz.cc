// Manifests and tokenizers of sentence encoders: any bytes are one or an error that says why, and
// any text is cut by what was read.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/utf8.h"
#include "context/unigram_tokenizer.h"
#include "model/import/e5_file.h"
#include "model/import/e5_small.h"
#include "model/import/use_lite.h"
#include "model/sentence_manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)mien::parse_sentence_manifest(bytes, "fuzz.json");
  (void)mien::build_use_lite_tokenizer(bytes);
  if (const auto weights = mien::E5File::read(bytes); weights.ok()) {
    (void)mien::build_e5_tokenizer(*weights);
    (void)weights->quantised("emb.word", weights->rows, weights->width);
  }
  // A file, a byte that is in no UTF-8, a text.
  const std::size_t cut = bytes.find('\xFF');
  const auto tokenizer = mien::UnigramTokenizer::open(bytes.substr(0, cut), "fuzz.json");
  const std::string_view text = cut == std::string_view::npos ? "a" : bytes.substr(cut + 1);
  if (tokenizer.ok() && mien::first_invalid_utf8(text) == std::string_view::npos)
    (void)(*tokenizer)->encode(text);
  return 0;
}
