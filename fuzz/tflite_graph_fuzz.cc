// TensorFlow Lite's files: any bytes convert or are refused. The first byte says whether the rest
// is a network or a task bundle (a zip) that may hold one.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/import/import.h"
#include "model/import/task_bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  mien::Manifest manifest;
  manifest.id = "fuzz";
  manifest.source.format = "tflite";
  manifest.input = {"in", {-1, 6, 6, 3}, "", ""};
  manifest.outputs = {{"out", {-1, 4}, "", "out"}};
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] != 'z') {
    (void)mien::convert_tflite(manifest, rest).ok();
    return 0;
  }
  const auto files = mien::read_task_bundle(rest, {"a.tflite"});
  if (!files.ok()) return 0;
  for (const auto& [name, bytes] : *files) (void)mien::convert_tflite(manifest, bytes).ok();
  return 0;
}
