// PRelu of few channels between a convolution and a depthwise one, as in the bottlenecks of face
// meshes, written as two halves.
//
//   PRelu(x) = Relu(x) - a Relu(-x), so with twice the channels, x and -x:
//   Conv -> Prelu -> depthwise Conv -> Conv  =  Conv' -> Relu -> depthwise Conv' -> Conv'
//
// where the first convolution's filter and bias are followed by their negatives, the depthwise
// filter by itself times -a, and the last filter's input channels by themselves. Equal within float
// rounding. ONNX Runtime blocks 16 channels where the processor has AVX-512: up to 8 channels leave
// the other half of a block empty, and one that is not filled is left and entered again around a
// sum. So the second half costs nothing and what PRelu took is saved. What it saves:
// docs/models.md.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/import/tf_node.h"
#include "model/import/tfjs_weights.h"

namespace mien {

// Rewrites the form where the nodes between have no other reader and are not among `outputs`.
// `nodes` come inputs first and stay so. New constants go into `weights`.
void split_narrow_prelu(std::vector<TfNode>& nodes, Weights& weights,
                        const std::set<std::string>& outputs);

}  // namespace mien
