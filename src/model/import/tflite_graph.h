// The graph of a TensorFlow Lite model, brought to the operators and layouts of TensorFlow's own
// graphs, so that one converter (tf_converter.h) serves both.
//
// The file is a FlatBuffer (tflite.fbs): nothing of it is looked at before the library's verifier
// has held every offset against the bytes there are. Tensors become nodes of their names.
// Filters come as out x rows x columns x in and leave as rows x columns x in x out (depthwise:
// rows x columns x in x multiplier); fused activations become nodes; constants in half precision,
// which the file turns into float32 by a node each, are constants of float32 at once.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/import/tf_node.h"
#include "model/import/tfjs_weights.h"

namespace mien {

struct TfliteGraph {
  std::vector<TfNode> nodes;  // inputs come first
  Weights weights;
};

// Exactly one graph with one input, float32 activations; constants float32, float16 or int32, no
// more than 512 MiB of them once converted. What is damaged is kCorrupt; an operator, type or
// option that is not known is kUnsupported; both name the tensor.
Result<TfliteGraph> read_tflite_graph(std::string_view bytes);

}  // namespace mien
