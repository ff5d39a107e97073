// TensorFlow graph -> ONNX graph, node by node.
//
// Spelled-out forms are shortened first (tf_simplify.h), PRelu of few channels is written as two
// halves (tf_narrow_prelu.h), pictures stay channels-second through
// the body of a network (tf_tensors.h), and what would leave ONNX Runtime's blocked layout is
// written as a convolution (tf_picture_operators.cc). The leading extent 1 of constant Reshape
// targets becomes "as the input", so that batches pass.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/import/tf_node.h"
#include "model/import/tfjs_weights.h"
#include "model/manifest.h"

namespace mien {

// The ONNX file's bytes. `input` and `outputs` name the ONNX tensors and, as `source`, the nodes
// they stand for. An operator that is not known is kUnsupported and names the node.
Result<std::string> convert_tf(std::vector<TfNode> nodes, Weights weights, const TensorSpec& input,
                               const std::vector<TensorSpec>& outputs);

}  // namespace mien
