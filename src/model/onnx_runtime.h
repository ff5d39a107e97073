// ONNX Runtime as Mien uses it: one environment a process, one thread a network.
#pragma once

#include <onnxruntime_cxx_api.h>

namespace mien {

Ort::Env& onnx_environment();
Ort::SessionOptions onnx_options(int threads);

}  // namespace mien
