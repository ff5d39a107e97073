// Manifests: any bytes are a manifest or an error that says why.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = mien::parse_manifest(text, "fuzz.json");
  if (manifest.ok()) (void)mien::picture_shape(*manifest);
  return 0;
}
