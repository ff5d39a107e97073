#include "model/import/tfjs_converter.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "model/import/onnx_graph.h"

namespace mien {

namespace {

using Extents = std::vector<std::int64_t>;

constexpr std::array<std::int64_t, 4> kToChannelsSecond = {0, 3, 1, 2};
constexpr std::array<std::int64_t, 4> kToChannelsLast = {0, 2, 3, 1};

Extents as_extents(const std::array<std::int64_t, 4>& order) {
  return {order.begin(), order.end()};
}

// A tensor of the graph under way: either a constant or the output of an ONNX node.
struct Value {
  const Weight* constant = nullptr;
  std::string name;              // of the ONNX tensor, in the layout below
  bool channels_second = false;  // a 4-d picture kept as N C H W
  int rank = -1;                 // -1: not known
};

// Moves the axes of a constant: out[i0, i1, ...] = in[order-permuted].
std::vector<float> permuted(const std::vector<float>& values, const Extents& shape,
                            const Extents& order) {
  const std::size_t rank = shape.size();
  Extents strides(rank, 1);
  for (std::size_t i = rank - 1; i > 0; --i) strides[i - 1] = strides[i] * shape[i];
  Extents out_shape(rank);
  for (std::size_t i = 0; i < rank; ++i) out_shape[i] = shape[static_cast<std::size_t>(order[i])];
  std::vector<float> out(values.size());
  Extents index(rank, 0);
  for (float& value : out) {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < rank; ++i)
      offset += index[i] * strides[static_cast<std::size_t>(order[i])];
    value = values[static_cast<std::size_t>(offset)];
    for (std::size_t i = rank; i > 0; --i) {
      if (++index[i - 1] < out_shape[i - 1]) break;
      index[i - 1] = 0;
    }
  }
  return out;
}

Error unsupported(const TfjsNode& node, const std::string& what) {
  return {ErrorCode::kUnsupported, "node '" + node.name + "' (" + node.op + "): " + what};
}

class Converter {
 public:
  Converter(const Weights& weights, const TensorSpec& input, const std::vector<TensorSpec>& outputs)
      : weights_(weights), input_(input), outputs_(outputs), graph_("mien") {}

  Result<std::string> run(const std::vector<TfjsNode>& nodes) {
    const std::set<std::string> needed = ancestors_of_outputs(nodes);
    graph_.input(input_.name, input_.shape);
    for (const TfjsNode& node : nodes) {
      if (needed.contains(node.name)) MIEN_TRY_VOID(convert(node));
    }
    for (const TensorSpec& output : outputs_) {
      const auto it = values_.find(output.source);
      if (it == values_.end()) {
        return Error{ErrorCode::kMismatch, "the graph has no node '" + output.source +
                                               "' for the output '" + output.name + "'"};
      }
      graph_.node("Identity", {plain(it->second)}, {}, output.name);
      graph_.output(output.name, output.shape);
    }
    return graph_.serialise();
  }

 private:
  std::set<std::string> ancestors_of_outputs(const std::vector<TfjsNode>& nodes) const {
    std::set<std::string> needed;
    for (const TensorSpec& output : outputs_) needed.insert(output.source);
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
      if (needed.contains(node->name)) needed.insert(node->inputs.begin(), node->inputs.end());
    }
    return needed;
  }

  // --- layouts -----------------------------------------------------------------------------

  std::string constant(const Weight& weight) {
    return weight.is_integer ? graph_.integers(weight.integers, weight.shape)
                             : graph_.floats(weight.floats, weight.shape);
  }

  // The value in TensorFlow's own layout.
  std::string plain(const Value& value) {
    if (value.constant != nullptr) return constant(*value.constant);
    if (!value.channels_second) return value.name;
    auto [it, is_new] = plain_.try_emplace(value.name);
    if (is_new)
      it->second = graph_.node("Transpose", {value.name}, {{"perm", as_extents(kToChannelsLast)}});
    return it->second;
  }

  // A picture with channels second; constants are broadcast as TensorFlow would.
  std::string picture(const Value& value) {
    if (value.constant != nullptr) {
      const Weight& w = *value.constant;
      if (w.size() == 1) return graph_.floats(w.floats, {});
      Extents shape = w.shape;
      while (shape.size() < 4) shape.insert(shape.begin(), 1);
      const Extents order = as_extents(kToChannelsSecond);
      Extents moved;
      for (const std::int64_t axis : order) moved.push_back(shape[static_cast<std::size_t>(axis)]);
      return graph_.floats(permuted(w.floats, shape, order), moved);
    }
    if (value.channels_second) return value.name;
    auto [it, is_new] = pictures_.try_emplace(value.name);
    if (is_new)
      it->second =
          graph_.node("Transpose", {value.name}, {{"perm", as_extents(kToChannelsSecond)}});
    return it->second;
  }

  Status set(const TfjsNode& node, std::string name, bool channels_second, int rank) {
    values_[node.name] = {nullptr, std::move(name), channels_second, rank};
    return Ok{};
  }

  Result<Value> input(const TfjsNode& node, std::size_t index) {
    if (index >= node.inputs.size()) return unsupported(node, "it has too few inputs");
    return values_.at(node.inputs[index]);
  }

  Result<const Weight*> weight(const TfjsNode& node, std::size_t index, bool is_integer) {
    MIEN_TRY(value, input(node, index));
    if (value.constant == nullptr || value.constant->is_integer != is_integer) {
      return unsupported(node, "its input " + std::to_string(index) + " must be a constant of " +
                                   (is_integer ? "integers" : "numbers"));
    }
    return value.constant;
  }

  // --- nodes -------------------------------------------------------------------------------

  Status convert(const TfjsNode& node) {
    for (const std::string& name : node.inputs) {
      if (!values_.contains(name))
        return unsupported(node, "its input '" + name + "' was not converted");
    }
    using Method = Status (Converter::*)(const TfjsNode&);
    static const std::map<std::string, Method> kMethods = {
        {"Placeholder", &Converter::placeholder},
        {"Const", &Converter::constant_node},
        {"Identity", &Converter::identity},
        {"Conv2D", &Converter::convolution},
        {"_FusedConv2D", &Converter::convolution},
        {"FusedConv2D", &Converter::convolution},
        {"DepthwiseConv2dNative", &Converter::convolution},
        {"FusedDepthwiseConv2dNative", &Converter::convolution},
        {"MaxPool", &Converter::max_pool},
        {"Pad", &Converter::pad},
        {"Prelu", &Converter::prelu},
        {"Reshape", &Converter::reshape},
        {"Squeeze", &Converter::squeeze},
        {"_FusedMatMul", &Converter::matrix_product},
        {"MatMul", &Converter::matrix_product},
        {"BatchMatMulV2", &Converter::batch_product},
        {"ConcatV2", &Converter::concatenate},
        {"StridedSlice", &Converter::strided_slice},
        {"GatherV2", &Converter::gather},
        {"GatherNd", &Converter::gather_nd},
        {"Transpose", &Converter::transpose},
        {"Cast", &Converter::cast},
        {"Rsqrt", &Converter::rsqrt},
        {"Square", &Converter::square},
        {"Softmax", &Converter::softmax}};
    static const std::map<std::string, std::string> kUnary = {
        {"Relu", "Relu"}, {"Sigmoid", "Sigmoid"}, {"Abs", "Abs"}, {"Floor", "Floor"},
        {"Tanh", "Tanh"}, {"Exp", "Exp"},         {"Neg", "Neg"}, {"Sqrt", "Sqrt"}};
    static const std::map<std::string, std::string> kBinary = {
        {"Add", "Add"}, {"AddV2", "Add"},   {"BiasAdd", "Add"}, {"AddN", "Sum"},   {"Sub", "Sub"},
        {"Mul", "Mul"}, {"RealDiv", "Div"}, {"Maximum", "Max"}, {"Minimum", "Min"}};
    static const std::map<std::string, std::string> kReduce = {{"Mean", "ReduceMean"},
                                                               {"Sum", "ReduceSum"},
                                                               {"Max", "ReduceMax"},
                                                               {"Min", "ReduceMin"},
                                                               {"Prod", "ReduceProd"}};
    if (const auto it = kMethods.find(node.op); it != kMethods.end())
      return (this->*it->second)(node);
    if (const auto it = kUnary.find(node.op); it != kUnary.end()) return unary(node, it->second);
    if (const auto it = kBinary.find(node.op); it != kBinary.end())
      return elementwise(node, it->second);
    if (const auto it = kReduce.find(node.op); it != kReduce.end()) return reduce(node, it->second);
    return unsupported(node, "the converter does not know this operator");
  }

  Status placeholder(const TfjsNode& node) {
    return set(node, input_.name, false, static_cast<int>(input_.shape.size()));
  }

  Status constant_node(const TfjsNode& node) {
    const auto it = weights_.find(node.name);
    if (it == weights_.end()) return unsupported(node, "the weights have no such constant");
    values_[node.name] = {&it->second, "", false, static_cast<int>(it->second.shape.size())};
    return Ok{};
  }

  Status identity(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    values_[node.name] = value;
    return Ok{};
  }

  // Bias, then activation, as the fused forms name them.
  Result<std::string> fused(const TfjsNode& node, std::string name, std::size_t next_input,
                            bool is_picture) {
    for (const std::string& op : node.texts("fused_ops")) {
      if (op == "BiasAdd") continue;  // taken by the caller
      if (op == "Relu") {
        name = graph_.node("Relu", {name});
      } else if (op == "Relu6") {
        const std::array<float, 2> limits = {0.0F, 6.0F};
        name = graph_.node("Clip", {name, graph_.floats(std::span(limits).first(1), {}),
                                    graph_.floats(std::span(limits).last(1), {})});
      } else if (op == "Prelu" && is_picture) {
        MIEN_TRY(slope, weight(node, next_input, false));
        name = graph_.node("PRelu", {name, slope_of(*slope)});
      } else {
        return unsupported(node, "the fused operator " + op + " is not known");
      }
    }
    return name;
  }

  std::string slope_of(const Weight& slope) {  // [1, 1, C] or [C] -> [C, 1, 1]
    if (slope.shape.size() < 3 ||
        (slope.shape.size() == 3 && slope.shape[0] == 1 && slope.shape[1] == 1)) {
      return graph_.floats(slope.floats, Extents{slope.size(), 1, 1});
    }
    Extents shape = slope.shape;
    return graph_.floats(permuted(slope.floats, shape, {2, 0, 1}),
                         Extents{shape[2], shape[0], shape[1]});
  }

  Status convolution(const TfjsNode& node) {
    const bool depthwise = node.op.find("Depthwise") != std::string::npos;
    if (node.text("data_format", "NHWC") != "NHWC") return unsupported(node, "only NHWC is known");
    MIEN_TRY(value, input(node, 0));
    MIEN_TRY(filter, weight(node, 1, false));
    if (filter->shape.size() != 4 || filter->size() == 0)
      return unsupported(node, "its filter is not 4-dimensional");
    const std::int64_t height = filter->shape[0];
    const std::int64_t width = filter->shape[1];
    std::int64_t groups = 1;
    Extents shape;
    std::vector<float> values;
    if (depthwise) {  // H W C M -> C*M 1 H W
      groups = filter->shape[2];
      shape = {groups * filter->shape[3], 1, height, width};
      values = permuted(filter->floats, filter->shape, {2, 3, 0, 1});
    } else {  // H W I O -> O I H W
      shape = {filter->shape[3], filter->shape[2], height, width};
      values = permuted(filter->floats, filter->shape, {3, 2, 0, 1});
    }
    std::vector<std::string> inputs{picture(value), graph_.floats(values, shape)};
    std::size_t next_input = 2;
    const std::vector<std::string> fused_ops = node.texts("fused_ops");
    if (!fused_ops.empty() && fused_ops.front() == "BiasAdd") {
      MIEN_TRY(bias, weight(node, next_input++, false));
      inputs.push_back(graph_.floats(bias->floats, Extents{bias->size()}));
    }
    MIEN_TRY(attributes, window(node, node.integers("strides"), {height, width}));
    attributes.emplace_back("group", groups);
    const Extents dilations = node.integers("dilations");
    if (dilations.size() == 4)
      attributes.emplace_back("dilations", Extents{dilations[1], dilations[2]});
    MIEN_TRY(name, fused(node, graph_.node("Conv", inputs, attributes), next_input, true));
    return set(node, name, true, 4);
  }

  Result<OnnxAttributes> window(const TfjsNode& node, const Extents& strides,
                                const Extents& kernel) {
    if (strides.size() != 4) return unsupported(node, "it needs four strides");
    const std::string padding = node.text("padding", "VALID");
    if (padding != "SAME" && padding != "VALID")
      return unsupported(node, "padding " + padding + " is not known");
    return OnnxAttributes{{"auto_pad", std::string(padding == "SAME" ? "SAME_UPPER" : "VALID")},
                          {"kernel_shape", kernel},
                          {"strides", Extents{strides[1], strides[2]}}};
  }

  Status max_pool(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    const Extents size = node.integers("ksize");
    if (size.size() != 4) return unsupported(node, "it needs four window extents");
    MIEN_TRY(attributes, window(node, node.integers("strides"), {size[1], size[2]}));
    return set(node, graph_.node("MaxPool", {picture(value)}, attributes), true, 4);
  }

  Status pad(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    MIEN_TRY(paddings, weight(node, 1, true));
    const std::size_t rank = paddings->integers.size() / 2;
    if (paddings->integers.size() % 2 != 0 || (value.channels_second && rank != 4))
      return unsupported(node, "its paddings are misshapen");
    Extents pads(rank * 2);
    for (std::size_t i = 0; i < rank; ++i) {
      const std::size_t from =
          value.channels_second ? static_cast<std::size_t>(kToChannelsSecond[i]) : i;
      pads[i] = paddings->integers[from * 2];
      pads[rank + i] = paddings->integers[from * 2 + 1];
    }
    const std::string name = value.channels_second ? value.name : plain(value);
    return set(
        node,
        graph_.node("Pad",
                    {name, graph_.integers(pads, Extents{static_cast<std::int64_t>(pads.size())})},
                    {{"mode", std::string("constant")}}),
        value.channels_second, value.rank);
  }

  Status prelu(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    MIEN_TRY(slope, weight(node, 1, false));
    if (value.rank != 4 && value.rank != -1) return unsupported(node, "only pictures are known here");
    return set(node, graph_.node("PRelu", {picture(value), slope_of(*slope)}), true, 4);
  }

  Status unary(const TfjsNode& node, const std::string& op) {
    MIEN_TRY(value, input(node, 0));
    const std::string name = value.channels_second ? value.name : plain(value);
    return set(node, graph_.node(op, {name}), value.channels_second, value.rank);
  }

  Status square(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    const std::string name = value.channels_second ? value.name : plain(value);
    return set(node, graph_.node("Mul", {name, name}), value.channels_second, value.rank);
  }

  Status rsqrt(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    const std::string name = value.channels_second ? value.name : plain(value);
    return set(node, graph_.node("Reciprocal", {graph_.node("Sqrt", {name})}),
               value.channels_second, value.rank);
  }

  Status elementwise(const TfjsNode& node, const std::string& op) {
    bool any_picture = false;
    bool all_fit = true;  // every other input is a picture too, or a constant to broadcast
    int rank = 0;
    for (const std::string& name : node.inputs) {
      const Value& value = values_.at(name);
      any_picture |= value.channels_second;
      all_fit &= value.constant != nullptr ? !value.constant->is_integer : value.rank == 4;
      rank = value.rank < 0 || rank < 0 ? -1 : std::max(rank, value.rank);
    }
    const bool as_pictures = any_picture && all_fit;
    std::vector<std::string> inputs;
    for (const std::string& name : node.inputs) {
      const Value& value = values_.at(name);
      inputs.push_back(as_pictures ? picture(value) : plain(value));
    }
    return set(node, graph_.node(op, inputs), as_pictures, rank);
  }

  Status reduce(const TfjsNode& node, const std::string& op) {
    MIEN_TRY(value, input(node, 0));
    MIEN_TRY(axes, weight(node, 1, true));
    const bool keep = node.flag("keep_dims") || node.flag("keepDims");
    Extents over = axes->integers;
    for (std::int64_t& axis : over) {
      if (axis < 0 && value.rank < 0)
        return unsupported(node, "an axis counted from the end needs a known rank");
      if (axis < 0) axis += value.rank;
      if (axis < 0 || axis > 7) return unsupported(node, "its axis is out of range");
    }
    std::sort(over.begin(), over.end());
    const bool spatial = value.channels_second && over == Extents{1, 2};
    const bool stays_picture = value.channels_second && keep;
    std::string name = plain_or_picture(value, spatial || stays_picture);
    if (spatial || stays_picture) {
      static constexpr std::array<std::int64_t, 4> kMoved = {0, 2, 3, 1};
      for (std::int64_t& axis : over) axis = kMoved.at(static_cast<std::size_t>(axis));
      std::sort(over.begin(), over.end());
    }
    const std::int64_t keep_flag = keep ? 1 : 0;
    if (op == "ReduceSum") {  // the one whose axes are an input in this opset
      name = graph_.node(
          op, {name, graph_.integers(over, Extents{static_cast<std::int64_t>(over.size())})},
          {{"keepdims", keep_flag}});
    } else {
      name = graph_.node(op, {name}, {{"axes", over}, {"keepdims", keep_flag}});
    }
    const int rank = value.rank < 0 ? -1
                     : keep         ? value.rank
                                    : value.rank - static_cast<int>(over.size());
    return set(node, name, stays_picture, rank);
  }

  std::string plain_or_picture(const Value& value, bool as_picture) {
    return as_picture ? picture(value) : plain(value);
  }

  Status reshape(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    MIEN_TRY(target, weight(node, 1, true));
    Extents shape = target->integers;
    const bool has_free = std::count(shape.begin(), shape.end(), -1) > 0;
    if (shape.size() > 1 && shape.front() == 1 && value.constant == nullptr)
      shape.front() = 0;  // as the input's batch
    if (shape.size() > 1 && shape.front() == -1 && has_free) shape.front() = 0;
    return set(
        node,
        graph_.node("Reshape",
                    {plain(value),
                     graph_.integers(shape, Extents{static_cast<std::int64_t>(shape.size())})}),
        false, static_cast<int>(shape.size()));
  }

  Status squeeze(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    const Extents axes = node.integers("squeeze_dims");
    if (axes.empty()) return unsupported(node, "it must name its axes");
    return set(
        node,
        graph_.node(
            "Squeeze",
            {plain(value), graph_.integers(axes, Extents{static_cast<std::int64_t>(axes.size())})}),
        false, value.rank - static_cast<int>(axes.size()));
  }

  Status matrix_product(const TfjsNode& node) {
    if (node.flag("transpose_a") || node.flag("transpose_b"))
      return unsupported(node, "transposed factors are not known");
    MIEN_TRY(left, input(node, 0));
    MIEN_TRY(right, input(node, 1));
    std::string name = graph_.node("MatMul", {plain(left), plain(right)});
    const std::vector<std::string> fused_ops = node.texts("fused_ops");
    if (!fused_ops.empty() && fused_ops.front() == "BiasAdd") {
      MIEN_TRY(bias, weight(node, 2, false));
      name = graph_.node("Add", {name, graph_.floats(bias->floats, bias->shape)});
    }
    MIEN_TRY(activated, fused(node, name, 3, false));
    return set(node, activated, false, 2);
  }

  Status batch_product(const TfjsNode& node) {
    MIEN_TRY(left, input(node, 0));
    MIEN_TRY(right, input(node, 1));
    const auto factor = [&](const Value& value, bool transposed) -> std::string {
      const std::string name = plain(value);
      if (!transposed || value.rank < 2) return name;
      Extents order(static_cast<std::size_t>(value.rank));
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
      std::swap(order[order.size() - 1], order[order.size() - 2]);
      return graph_.node("Transpose", {name}, {{"perm", order}});
    };
    if ((node.flag("adj_x") && left.rank < 2) || (node.flag("adj_y") && right.rank < 2))
      return unsupported(node, "a transposed factor needs a known rank");
    return set(node,
               graph_.node("MatMul",
                           {factor(left, node.flag("adj_x")), factor(right, node.flag("adj_y"))}),
               false, std::max(left.rank, right.rank));
  }

  Status concatenate(const TfjsNode& node) {
    if (node.inputs.size() < 2) return unsupported(node, "it has too few inputs");
    MIEN_TRY(axis_weight, weight(node, node.inputs.size() - 1, true));
    if (axis_weight->size() != 1) return unsupported(node, "its axis is not one number");
    std::int64_t axis = axis_weight->integers.front();
    bool all_pictures = true;
    int rank = -1;
    for (std::size_t i = 0; i + 1 < node.inputs.size(); ++i) {
      const Value& value = values_.at(node.inputs[i]);
      all_pictures &= value.channels_second;
      rank = std::max(rank, value.rank);
    }
    if (axis < 0 && rank < 0)
      return unsupported(node, "an axis counted from the end needs a known rank");
    if (axis < 0) axis += rank;
    if (axis < 0 || axis > 7 || (all_pictures && axis > 3))
      return unsupported(node, "its axis is out of range");
    static constexpr std::array<std::int64_t, 4> kMoved = {0, 2, 3, 1};
    std::vector<std::string> inputs;
    for (std::size_t i = 0; i + 1 < node.inputs.size(); ++i)
      inputs.push_back(plain_or_picture(values_.at(node.inputs[i]), all_pictures));
    return set(
        node,
        graph_.node("Concat", inputs,
                    {{"axis", all_pictures ? kMoved.at(static_cast<std::size_t>(axis)) : axis}}),
        all_pictures, rank);
  }

  Status strided_slice(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    MIEN_TRY(begin, weight(node, 1, true));
    MIEN_TRY(end, weight(node, 2, true));
    MIEN_TRY(step, weight(node, 3, true));
    for (const char* mask : {"ellipsis_mask", "new_axis_mask", "shrink_axis_mask"}) {
      if (node.integer(mask, 0) != 0) return unsupported(node, std::string(mask) + " is not known");
    }
    const std::size_t count = begin->integers.size();
    if (end->integers.size() != count || step->integers.size() != count || count > 8)
      return unsupported(node, "its limits are misshapen");
    Extents from = begin->integers;
    Extents to = end->integers;
    Extents axes(count);
    for (std::size_t i = 0; i < count; ++i) {
      axes[i] = static_cast<std::int64_t>(i);
      if (step->integers[i] <= 0) return unsupported(node, "only steps forward are known");
      if ((node.integer("begin_mask", 0) >> i & 1) != 0) from[i] = 0;
      if ((node.integer("end_mask", 0) >> i & 1) != 0) to[i] = INT64_MAX;
    }
    const Extents shape{static_cast<std::int64_t>(count)};
    return set(node,
               graph_.node("Slice",
                           {plain(value), graph_.integers(from, shape), graph_.integers(to, shape),
                            graph_.integers(axes, shape), graph_.integers(step->integers, shape)}),
               false, value.rank);
  }

  Status gather(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    MIEN_TRY(indices, input(node, 1));
    MIEN_TRY(axis, weight(node, 2, true));
    if (node.integer("batch_dims", 0) != 0 || axis->size() != 1)
      return unsupported(node, "batch dimensions are not known");
    const int rank = value.rank < 0 || indices.rank < 0 ? -1 : value.rank + indices.rank - 1;
    return set(
        node,
        graph_.node("Gather", {plain(value), plain(indices)}, {{"axis", axis->integers.front()}}),
        false, rank);
  }

  Status gather_nd(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    MIEN_TRY(indices, input(node, 1));
    return set(node, graph_.node("GatherND", {plain(value), plain(indices)}), false, -1);
  }

  Status transpose(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    MIEN_TRY(order, weight(node, 1, true));
    return set(node, graph_.node("Transpose", {plain(value)}, {{"perm", order->integers}}), false,
               static_cast<int>(order->size()));
  }

  Status cast(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    constexpr std::int64_t kFloat = 1;  // TensorProto.DataType
    constexpr std::int64_t kInt64 = 7;
    const auto it = node.attributes.find("DstT");
    const bool to_float =
        it != node.attributes.end() && it->is_object() && it->value("type", "") == "DT_FLOAT";
    return set(node, graph_.node("Cast", {plain(value)}, {{"to", to_float ? kFloat : kInt64}}),
               false, value.rank);
  }

  Status softmax(const TfjsNode& node) {
    MIEN_TRY(value, input(node, 0));
    return set(node, graph_.node("Softmax", {plain(value)}, {{"axis", std::int64_t{-1}}}), false,
               value.rank);
  }

  const Weights& weights_;
  const TensorSpec& input_;
  const std::vector<TensorSpec>& outputs_;
  OnnxGraph graph_;
  std::map<std::string, Value> values_;
  std::map<std::string, std::string> plain_;
  std::map<std::string, std::string> pictures_;
};

}  // namespace

Result<std::string> convert_tfjs(const std::vector<TfjsNode>& nodes, const Weights& weights,
                                 const TensorSpec& input, const std::vector<TensorSpec>& outputs) {
  return Converter(weights, input, outputs).run(nodes);
}

}  // namespace mien
