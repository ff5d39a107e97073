// The graph of a TensorFlow.js model: named nodes in an order in which inputs come first.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "base/result.h"
#include "model/import/tf_node.h"

namespace mien {

// From the `node` list of a model's topology; output numbers and control inputs are dropped.
// Unknown inputs, doubled names and cycles are errors.
Result<std::vector<TfNode>> read_tfjs_graph(const nlohmann::json& nodes);

}  // namespace mien
