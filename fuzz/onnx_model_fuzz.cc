// Networks that a user brings: any bytes under a manifest that agrees with their SHA-256 are a
// network of the manifest's shapes, or refused. Through ONNX Runtime, as annotate opens them.
#include <cstddef>
#include <cstdint>
#include <string>

#include "outside_file.h"

#include "base/sha256.h"
#include "model/session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mien::fuzz::ScratchFolder folder;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  folder.put("fuzz.onnx", bytes);
  mien::Manifest manifest;
  manifest.id = "fuzz";
  manifest.onnx_file = "fuzz.onnx";
  manifest.onnx_sha256 = mien::sha256_of_bytes(bytes);
  manifest.input = {"in", {1, 8, 8, 3}, "", ""};
  manifest.outputs = {{"out", {1, 4}, "", ""}};
  manifest.labels = {"a", "b", "c", "d"};
  (void)mien::Session::open(manifest, folder.path()).ok();
  return 0;
}
