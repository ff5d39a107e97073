// The graph of a TensorFlow.js model: named nodes in an order in which inputs come first.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct TfjsNode {
  std::string name;
  std::string op;
  std::vector<std::string> inputs;  // names of nodes; output numbers and control inputs dropped
  nlohmann::json attributes;

  std::string text(const char* key, const std::string& otherwise) const;  // base64 decoded
  std::vector<std::string> texts(const char* key) const;
  std::int64_t integer(const char* key, std::int64_t otherwise) const;
  std::vector<std::int64_t> integers(const char* key) const;
  float number(const char* key, float otherwise) const;
  bool flag(const char* key) const;
};

// From the `node` list of a model's topology. Unknown inputs, doubled names and cycles are errors.
Result<std::vector<TfjsNode>> read_tfjs_graph(const nlohmann::json& nodes);

}  // namespace mien
