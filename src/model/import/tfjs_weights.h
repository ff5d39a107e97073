// The weights of a TensorFlow.js model: a manifest of names, shapes and types over concatenated
// binary shards. float32, int32, bool, float16, and affine uint8/uint16 quantisation.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mien {

struct Weight {
  std::vector<std::int64_t> shape;
  bool is_integer = false;
  std::vector<float> floats;           // dequantised; empty where is_integer
  std::vector<std::int64_t> integers;  // int32 and bool

  std::int64_t size() const;
};

using Weights = std::map<std::string, Weight>;

// `groups` is the weights manifest (a list of {weights: [{name, shape, dtype, quantization}]});
// `bytes` the shards of all groups, concatenated. Shapes and sizes are checked before anything is
// allocated; bytes that are too short, or left over, are errors (kCorrupt).
Result<Weights> read_tfjs_weights(const nlohmann::json& groups, std::string_view bytes);

// The floats of that name and shape; kMismatch where the weights have none.
Result<const Weight*> find_weight(const Weights& weights, const std::string& name,
                                  const std::vector<std::int64_t>& shape);

}  // namespace mien
