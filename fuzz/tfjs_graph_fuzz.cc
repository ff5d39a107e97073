// TensorFlow.js models: any description and any weights convert or are refused. The first byte says
// which of the two source formats, the next two how long the description is.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/import/import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  mien::Manifest manifest;
  manifest.id = "fuzz";
  manifest.source.format = data[0] % 2 == 0 ? "tfjs-graph" : "face-api-weights";
  manifest.input = {"in", {-1, 8, 8, 3}, "", ""};
  manifest.outputs = {{"out", {-1, 4}, "", "out"}, {"features", {-1, 4}, "", "features"}};
  if (data[0] % 4 == 0) manifest.outputs.pop_back();
  std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t length = static_cast<std::size_t>(data[1]) << 8 | data[2];
  const std::string_view description = rest.substr(0, length);
  rest.remove_prefix(description.size());
  (void)mien::convert_model(manifest, description, rest);
  return 0;
}
