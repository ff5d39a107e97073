// The tensors of a conversion under way, by the name of the TensorFlow node that makes them, and
// the layout each is kept in.
//
// TensorFlow keeps pictures as batch, height, width, channels; ONNX's convolutions want channels
// second. A picture stays channels-second from its first convolution to the node that needs
// TensorFlow's order; the transpose between the two is written where first needed, and once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/import/onnx_graph.h"
#include "model/import/tf_node.h"
#include "model/import/tfjs_weights.h"

namespace mien {

using Extents = std::vector<std::int64_t>;

// A constant, or the output of an ONNX node.
struct TfValue {
  const Weight* constant = nullptr;
  std::string name;              // of the ONNX tensor, in the layout below
  bool channels_second = false;  // a 4-d picture kept as N C H W
  int rank = -1;                 // -1: not known
  std::int64_t channels = -1;    // of a channels-second picture; -1: not known
};

// The error of a node that cannot be converted: names node and operator.
Error unsupported(const TfNode& node, const std::string& what);

// Moves axes: extent i of the result is extent order[i] of `shape`. `order` has one entry an axis.
std::vector<float> permuted(const std::vector<float>& values, const Extents& shape,
                            const Extents& order);

class TfTensors {
 public:
  TfTensors(const Weights& weights, OnnxGraph& graph) : weights_(weights), graph_(graph) {}

  OnnxGraph& graph() { return graph_; }
  const Weights& weights() const { return weights_; }

  bool contains(const std::string& name) const { return values_.contains(name); }
  const TfValue& at(const std::string& name) const { return values_.at(name); }
  Status set(const TfNode& node, TfValue value);

  // Input `index` of the node; that input as a constant of integers or of numbers.
  Result<TfValue> input(const TfNode& node, std::size_t index) const;
  Result<const Weight*> numbers(const TfNode& node, std::size_t index) const;
  Result<const Weight*> integers(const TfNode& node, std::size_t index) const;

  // The ONNX tensor in TensorFlow's own layout.
  std::string plain(const TfValue& value);

  // Whether it is what the network is given, as it comes.
  void set_network_input(const std::string& name) { network_input_ = name; }
  bool is_network_input(const TfValue& value) const { return value.name == network_input_; }

  // Whether the value can be had as picture(): a 4-d tensor, or a constant of numbers that
  // broadcasts to one.
  static bool fits_picture(const TfValue& value);

  // The ONNX tensor with channels second; constants get the axes that TensorFlow's broadcasting
  // would give them.
  std::string picture(const TfValue& value);
  Result<std::string> picture_input(const TfNode& node, std::size_t index);

  // The tensor in the layout it already has.
  std::string as_is(const TfValue& value);

 private:
  Result<const Weight*> constant(const TfNode& node, std::size_t index, bool is_integer) const;

  const Weights& weights_;
  OnnxGraph& graph_;
  std::string network_input_;
  std::map<std::string, TfValue> values_;
  std::map<std::string, std::string> plain_;     // ONNX name -> its transpose
  std::map<std::string, std::string> pictures_;  // the other way round
  std::map<const Weight*, std::string> plain_constants_;
  std::map<const Weight*, std::string> picture_constants_;
};

// Operators of TensorFlow -> what converts them.
using TfOperator = Status (*)(TfTensors&, const TfNode&);
using TfOperators = std::map<std::string, TfOperator>;

const TfOperators& picture_operators();  // convolutions, pooling, padding, PRelu
const TfOperators& array_operators();    // reshapes, slices, gathers, products

}  // namespace mien
