#include "model/import/tf_converter.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "model/import/onnx_graph.h"
#include "model/import/tf_narrow_prelu.h"
#include "model/import/tf_simplify.h"
#include "model/import/tf_tensors.h"

namespace mien {

namespace {

// Element by element of one tensor: the layout stays.
Status unary(TfTensors& tensors, const TfNode& node, const std::string& op) {
  MIEN_TRY(value, tensors.input(node, 0));
  OnnxGraph& graph = tensors.graph();
  const std::string x = tensors.as_is(value);
  std::string name;
  if (op == "Square") {
    name = graph.node("Mul", {x, x});
  } else if (op == "Rsqrt") {
    name = graph.node("Reciprocal", {graph.node("Sqrt", {x})});
  } else if (op == "Clip") {
    MIEN_TRY(lower, tensors.numbers(node, 1));
    MIEN_TRY(upper, tensors.numbers(node, 2));
    if (lower->size() != 1 || upper->size() != 1)
      return unsupported(node, "its limits are not single numbers");
    name =
        graph.node("Clip", {x, graph.floats(lower->floats, {}), graph.floats(upper->floats, {})});
  } else if (op == "Relu6") {
    const std::array<float, 2> limits = {0.0F, 6.0F};
    name = graph.node("Clip", {x, graph.floats(std::span(limits).first(1), {}),
                               graph.floats(std::span(limits).last(1), {})});
  } else {
    name = graph.node(op, {x});
  }
  return tensors.set(node, {nullptr, name, value.channels_second, value.rank, value.channels});
}

// Element by element of several: channels second where one of them is a picture and all fit.
Status elementwise(TfTensors& tensors, const TfNode& node, const std::string& op) {
  bool any_picture = false;
  bool all_fit = true;
  bool rank_known = true;
  int rank = 0;
  std::int64_t channels = -1;
  for (const std::string& name : node.inputs) {
    const TfValue& value = tensors.at(name);
    any_picture |= value.channels_second;
    all_fit &= TfTensors::fits_picture(value);
    rank_known &= value.rank >= 0;
    rank = std::max(rank, value.rank);
    channels = std::max(channels, value.channels);
  }
  const bool as_pictures = any_picture && all_fit;
  std::vector<std::string> inputs;
  for (const std::string& name : node.inputs) {
    const TfValue& value = tensors.at(name);
    inputs.push_back(as_pictures ? tensors.picture(value) : tensors.plain(value));
  }
  if (inputs.empty()) return unsupported(node, "it has too few inputs");
  const bool is_square = op == "SquaredDifference";
  std::string name = tensors.graph().node(is_square ? "Sub" : op, inputs);
  if (is_square) name = tensors.graph().node("Mul", {name, name});
  return tensors.set(
      node, {nullptr, name, as_pictures, rank_known ? rank : -1, as_pictures ? channels : -1});
}

Status reduce(TfTensors& tensors, const TfNode& node, const std::string& op) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(axes, tensors.integers(node, 1));
  const bool keep = node.flag("keep_dims") || node.flag("keepDims");
  Extents over = axes->integers;
  for (std::int64_t& axis : over) {
    if (axis < 0 && value.rank < 0)
      return unsupported(node, "an axis counted from the end needs a known rank");
    if (axis < 0) axis += value.rank;
    if (axis < 0 || axis > 7 || (value.rank >= 0 && axis >= value.rank))
      return unsupported(node, "its axis is out of range");
  }
  std::sort(over.begin(), over.end());
  // A mean over rows and columns leaves batch and channels, in either layout.
  const bool as_picture = value.channels_second && (keep || over == Extents{1, 2});
  if (as_picture) {
    static constexpr std::array<std::int64_t, 4> kMoved = {0, 2, 3, 1};
    for (std::int64_t& axis : over) axis = kMoved.at(static_cast<std::size_t>(axis));
    std::sort(over.begin(), over.end());
  }
  OnnxGraph& graph = tensors.graph();
  std::vector<std::string> inputs{as_picture ? value.name : tensors.plain(value)};
  OnnxAttributes attributes{{"keepdims", std::int64_t{keep ? 1 : 0}}};
  if (op == "ReduceSum") {  // the one whose axes are an input in this opset
    inputs.push_back(graph.integers(over, Extents{static_cast<std::int64_t>(over.size())}));
  } else {
    attributes.emplace_back("axes", over);
  }
  const int rank = value.rank < 0 ? -1
                   : keep         ? value.rank
                                  : std::max(0, value.rank - static_cast<int>(over.size()));
  return tensors.set(node,
                     {nullptr, graph.node(op, inputs, attributes), as_picture && keep, rank, -1});
}

class Converter {
 public:
  Converter(const Weights& weights, const TensorSpec& input, const std::vector<TensorSpec>& outputs)
      : input_(input), outputs_(outputs), graph_("mien"), tensors_(weights, graph_) {}

  Result<std::string> run(const std::vector<TfNode>& nodes) {
    const std::set<std::string> needed = ancestors_of_outputs(nodes);
    graph_.input(input_.name, input_.shape);
    for (const TfNode& node : nodes) {
      if (needed.contains(node.name)) MIEN_TRY_VOID(convert(node));
    }
    for (const TensorSpec& output : outputs_) {
      if (!tensors_.contains(output.source)) {
        return Error{ErrorCode::kMismatch, "the graph has no node '" + output.source +
                                               "' for the output '" + output.name + "'"};
      }
      graph_.node("Identity", {tensors_.plain(tensors_.at(output.source))}, {}, output.name);
      graph_.output(output.name, output.shape);
    }
    return graph_.serialise();
  }

 private:
  std::set<std::string> ancestors_of_outputs(const std::vector<TfNode>& nodes) const {
    std::set<std::string> needed;
    for (const TensorSpec& output : outputs_) needed.insert(output.source);
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
      if (needed.contains(node->name)) needed.insert(node->inputs.begin(), node->inputs.end());
    }
    return needed;
  }

  Status convert(const TfNode& node) {
    static const std::map<std::string, std::string> kUnary = {
        {"Relu", "Relu"},   {"Sigmoid", "Sigmoid"}, {"Abs", "Abs"},          {"Floor", "Floor"},
        {"Tanh", "Tanh"},   {"Exp", "Exp"},         {"Neg", "Neg"},          {"Sqrt", "Sqrt"},
        {"Rsqrt", "Rsqrt"}, {"Square", "Square"},   {"ClipByValue", "Clip"}, {"Relu6", "Relu6"}};
    static const std::map<std::string, std::string> kElementwise = {
        {"Add", "Add"},     {"AddV2", "Add"},
        {"BiasAdd", "Add"}, {"AddN", "Sum"},
        {"Sub", "Sub"},     {"Mul", "Mul"},
        {"RealDiv", "Div"}, {"Maximum", "Max"},
        {"Minimum", "Min"}, {"SquaredDifference", "SquaredDifference"}};
    static const std::map<std::string, std::string> kReduce = {{"Mean", "ReduceMean"},
                                                               {"Sum", "ReduceSum"},
                                                               {"Max", "ReduceMax"},
                                                               {"Min", "ReduceMin"},
                                                               {"Prod", "ReduceProd"}};
    for (const std::string& name : node.inputs) {
      if (!tensors_.contains(name))
        return unsupported(node, "its input '" + name + "' was not converted");
    }
    if (node.op == "Placeholder") return placeholder(node);
    if (node.op == "Const") return constant(node);
    if (node.op == "Identity") {
      MIEN_TRY(value, tensors_.input(node, 0));
      return tensors_.set(node, value);
    }
    for (const TfOperators* operators : {&picture_operators(), &array_operators()}) {
      if (const auto it = operators->find(node.op); it != operators->end())
        return it->second(tensors_, node);
    }
    if (const auto it = kUnary.find(node.op); it != kUnary.end())
      return unary(tensors_, node, it->second);
    if (const auto it = kElementwise.find(node.op); it != kElementwise.end())
      return elementwise(tensors_, node, it->second);
    if (const auto it = kReduce.find(node.op); it != kReduce.end())
      return reduce(tensors_, node, it->second);
    return unsupported(node, "the converter does not know this operator");
  }

  Status placeholder(const TfNode& node) {
    if (!placeholder_.empty() && placeholder_ != node.name)
      return unsupported(node, "the graph has a second input; the first is '" + placeholder_ + "'");
    placeholder_ = node.name;
    tensors_.set_network_input(input_.name);
    return tensors_.set(node,
                        {nullptr, input_.name, false, static_cast<int>(input_.shape.size()), -1});
  }

  Status constant(const TfNode& node) {
    const auto it = tensors_.weights().find(node.name);
    if (it == tensors_.weights().end())
      return unsupported(node, "the weights have no such constant");
    return tensors_.set(node,
                        {&it->second, "", false, static_cast<int>(it->second.shape.size()), -1});
  }

  const TensorSpec& input_;
  const std::vector<TensorSpec>& outputs_;
  OnnxGraph graph_;
  TfTensors tensors_;
  std::string placeholder_;
};

}  // namespace

Result<std::string> convert_tf(std::vector<TfNode> nodes, Weights weights, const TensorSpec& input,
                               const std::vector<TensorSpec>& outputs) {
  simplify_tf(nodes, weights);
  std::set<std::string> given_out;
  for (const TensorSpec& output : outputs) given_out.insert(output.source);
  split_narrow_prelu(nodes, weights, given_out);
  return Converter(weights, input, outputs).run(nodes);
}

}  // namespace mien
