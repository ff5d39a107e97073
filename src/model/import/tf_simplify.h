// Rewrites spelled-out forms in a TensorFlow graph into the one node that they mean, because
// ONNX Runtime fuses the short form into the convolution before it and not the long one.
//
//   Maximum(Minimum(Relu(x), c), 0)             ->  ClipByValue(x, 0, c)        for c >= 0
//   Add(Relu(x), Mul(Sub(x, Abs(x)), a))        ->  Prelu(x, 2 a)
//   Add(x, Mul(Sub(x, Abs(x)), a)), x a Relu    ->  x
//
// Each holds for every finite x: x - |x| is 2 x below zero and 0 above. Only the last node of a
// form is changed; what else used the middle ones still finds them.
#pragma once

#include <vector>

#include "model/import/tf_node.h"
#include "model/import/tfjs_weights.h"

namespace mien {

// `nodes` come inputs first and stay so. New constants go into `weights`.
void simplify_tf(std::vector<TfNode>& nodes, Weights& weights);

}  // namespace mien
