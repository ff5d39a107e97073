// EfficientNet-Lite0 from a PyTorch state dict, which holds weights only; the graph is built here.
//
// Tan and Le 2019, "EfficientNet", in the form of the TPU group's "lite" models: mobile inverted
// bottlenecks without squeeze-and-excitation, ReLU6 throughout, stem and head not scaled. Batch
// normalisation is folded into the convolutions; padding is TensorFlow's "same", from which the
// weights came. Input batch x 3 x 224 x 224.
#pragma once

#include <string>

#include "base/result.h"
#include "model/import/tfjs_weights.h"
#include "model/manifest.h"

namespace mien {

// `outputs[0]` receives 1000 logits, `outputs[1]` the 1280 features before the last layer. A weight
// that is missing or has another shape is named in the error.
Result<std::string> build_efficientnet_lite0(const Weights& weights, const TensorSpec& input,
                                             const std::vector<TensorSpec>& outputs);

}  // namespace mien
