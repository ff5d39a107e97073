#include "model/onnx_runtime.h"

#include <cstdlib>

#include "base/check.h"

namespace mien {

namespace {

// The library as npm carries it counts its use and sends that to its maker; this, read when its
// environment is made, keeps it from that. Set before main, while there is one thread.
const bool kNothingIsSent =
    setenv("ORT_DISABLE_TELEMETRY", "1", 1) == 0;  // NOLINT(concurrency-mt-unsafe): before main

}  // namespace

Ort::Env& onnx_environment() {  // one for the process; ONNX Runtime asks for that
  MIEN_CHECK(kNothingIsSent, "the process has an environment");
  static Ort::Env env(ORT_LOGGING_LEVEL_FATAL, "mien");
  return env;
}

Ort::SessionOptions onnx_options(int threads) {
  Ort::SessionOptions settings;
  settings.SetIntraOpNumThreads(threads);
  settings.SetInterOpNumThreads(1);
  settings.SetExecutionMode(ExecutionMode::ORT_SEQUENTIAL);
  settings.SetGraphOptimizationLevel(GraphOptimizationLevel::ORT_ENABLE_ALL);
  settings.AddConfigEntry("session.intra_op.allow_spinning", "0");
  // A network may name files for its weights, which ONNX Runtime looks for in the working folder:
  // no SHA-256 of a manifest would hold them. They are looked for where no file can be.
  settings.AddConfigEntry("session.model_external_initializers_file_folder_path", "/dev/null");
  return settings;
}

}  // namespace mien
