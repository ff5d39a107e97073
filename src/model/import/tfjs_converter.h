// TensorFlow.js graph -> ONNX graph, node by node.
//
// TensorFlow keeps pictures as batch, height, width, channels; ONNX's convolutions want channels
// second. The converter keeps a picture channels-second from its first convolution to the node that
// needs TensorFlow's order, so that no transposes are left inside the body of a network. The
// leading extent 1 of constant Reshape targets becomes "as the input", so that batches pass.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/import/tfjs_graph.h"
#include "model/import/tfjs_weights.h"
#include "model/manifest.h"

namespace mien {

// The ONNX file's bytes. `input` and `outputs` name the ONNX tensors and, as `source`, the nodes
// they stand for. An operator that is not known is kUnsupported and names the node.
Result<std::string> convert_tfjs(const std::vector<TfjsNode>& nodes, const Weights& weights,
                                 const TensorSpec& input, const std::vector<TensorSpec>& outputs);

}  // namespace mien
