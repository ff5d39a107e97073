// Vocabularies: any bytes are a vocabulary or an error that says why.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "context/vocabulary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto vocabulary = mien::parse_vocabulary(text, "fuzz.csv");
  if (vocabulary.ok()) (void)vocabulary->wordings_by_language();
  return 0;
}
