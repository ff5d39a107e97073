// Words and what is read with them. The first byte says what the rest is: a vocabulary, a title and
// a description, labelled titles, a calibration, a classifier's manifest. Any bytes are one or an
// error that says why; any words become well-formed UTF-8 of limited length.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "context/calibration.h"
#include "context/fasttext_similarity.h"
#include "context/labelled_text.h"
#include "context/prepared_text.h"
#include "context/text_normalise.h"
#include "context/vocabulary.h"
#include "context/word_overlap.h"

namespace {

// A title, a byte that is in no UTF-8, a description.
void read_words(std::string_view bytes) {
  const std::size_t cut = bytes.find('\xFF');
  const std::string_view description =
      cut == std::string_view::npos ? std::string_view() : bytes.substr(cut + 1);
  const mien::NormalisedText title = mien::normalise_text(bytes.substr(0, cut));
  MIEN_CHECK(mien::first_invalid_utf8(title.text) == std::string_view::npos, "a text is UTF-8");
  const mien::PreparedText text = mien::prepare_text(bytes.substr(0, cut), description);
  for (const std::string* part : {&text.title, &text.description}) {
    MIEN_CHECK(mien::first_invalid_utf8(*part) == std::string_view::npos, "words are UTF-8");
    MIEN_CHECK(part->size() <= mien::kMaxTextBytes, "words have a limit");
    for (const std::string& word : mien::words_of(*part)) {
      MIEN_CHECK(mien::first_invalid_utf8(word) == std::string_view::npos, "a word is UTF-8");
    }
  }
  MIEN_CHECK(text.language.prob >= 0 && text.language.prob <= 1, "a probability");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      if (const auto vocabulary = mien::parse_vocabulary(bytes, "fuzz.csv"); vocabulary.ok())
        (void)vocabulary->wordings_by_language();
      break;
    case 1:
      read_words(bytes);
      break;
    case 2:
      (void)mien::parse_labelled_texts(bytes, "fuzz.csv");
      break;
    case 3:
      (void)mien::parse_calibration(bytes, "fuzz.json");
      break;
    default:
      (void)mien::parse_fasttext_manifest(bytes, "fuzz.json");
  }
  return 0;
}
