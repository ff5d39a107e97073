// face-api's face_expression_model ships weights only; the graph is built here.
//
// Four dense blocks of depthwise-separable 3 x 3 convolutions (Huang et al. 2017, "Densely
// connected convolutional networks", summed instead of concatenated), each block halving the
// picture, then 7 x 7 average pooling (256 features) and one linear layer (7 logits). Input 1 x 112
// x 112 x 3.
#pragma once

#include <string>

#include "base/result.h"
#include "model/import/tfjs_weights.h"
#include "model/manifest.h"

namespace mien {

// `outputs[0]` receives the logits, `outputs[1]` the 256 features. A weight that is missing or has
// another shape is named in the error.
Result<std::string> build_face_expression(const Weights& weights, const TensorSpec& input,
                                          const std::vector<TensorSpec>& outputs);

}  // namespace mien
