// Reshapes, slices, gathers, joins and matrix products. Pictures meet TensorFlow's own layout here,
// except in joins of nothing but pictures.
#include <algorithm>
#include <array>
#include <cstdint>

#include "model/import/tf_tensors.h"

namespace mien {

namespace {

constexpr std::array<std::int64_t, 4> kMovedAxis = {0, 2, 3, 1};  // of a channels-second picture

std::string list(OnnxGraph& graph, const Extents& values) {
  return graph.integers(values, Extents{static_cast<std::int64_t>(values.size())});
}

// The leading extent 1 of a constant target becomes "as the input", so that batches pass.
Status reshape(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(target, tensors.integers(node, 1));
  Extents shape = target->integers;
  if (shape.size() > 1 && value.constant == nullptr && (shape.front() == 1 || shape.front() == -1))
    shape.front() = 0;
  const std::string name =
      tensors.graph().node("Reshape", {tensors.plain(value), list(tensors.graph(), shape)});
  return tensors.set(node, {nullptr, name, false, static_cast<int>(shape.size()), -1});
}

Status squeeze(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  const Extents axes = node.integers("squeeze_dims");
  if (axes.empty()) return unsupported(node, "it must name its axes");
  const std::string name =
      tensors.graph().node("Squeeze", {tensors.plain(value), list(tensors.graph(), axes)});
  const int rank = value.rank < 0 ? -1 : value.rank - static_cast<int>(axes.size());
  return tensors.set(node, {nullptr, name, false, std::max(rank, -1), -1});
}

Status transpose(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(order, tensors.integers(node, 1));
  const std::string name =
      tensors.graph().node("Transpose", {tensors.plain(value)}, {{"perm", order->integers}});
  return tensors.set(node, {nullptr, name, false, static_cast<int>(order->size()), -1});
}

Status matrix_product(TfTensors& tensors, const TfNode& node) {
  if (node.flag("transpose_a") || node.flag("transpose_b"))
    return unsupported(node, "transposed factors are not known");
  MIEN_TRY(left, tensors.input(node, 0));
  MIEN_TRY(right, tensors.input(node, 1));
  OnnxGraph& graph = tensors.graph();
  std::string name = graph.node("MatMul", {tensors.plain(left), tensors.plain(right)});
  for (const std::string& op : node.texts("fused_ops")) {
    if (op == "BiasAdd") {
      MIEN_TRY(bias, tensors.numbers(node, 2));
      name = graph.node("Add", {name, graph.floats(bias->floats, bias->shape)});
    } else if (op == "Relu") {
      name = graph.node("Relu", {name});
    } else {
      return unsupported(node, "the fused operator " + op + " is not known");
    }
  }
  return tensors.set(node, {nullptr, name, false, 2, -1});
}

Status batch_product(TfTensors& tensors, const TfNode& node) {
  std::array<std::string, 2> factors;
  int rank = -1;
  for (const std::size_t i : {0U, 1U}) {
    MIEN_TRY(value, tensors.input(node, i));
    factors.at(i) = tensors.plain(value);
    rank = std::max(rank, value.rank);
    if (!node.flag(i == 0 ? "adj_x" : "adj_y")) continue;
    if (value.rank < 2) return unsupported(node, "a transposed factor needs a known rank");
    Extents order(static_cast<std::size_t>(value.rank));
    for (std::size_t k = 0; k < order.size(); ++k) order[k] = static_cast<std::int64_t>(k);
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    factors.at(i) = tensors.graph().node("Transpose", {factors.at(i)}, {{"perm", order}});
  }
  return tensors.set(
      node, {nullptr, tensors.graph().node("MatMul", {factors[0], factors[1]}), false, rank, -1});
}

Status concatenate(TfTensors& tensors, const TfNode& node) {
  if (node.inputs.size() < 2) return unsupported(node, "it has too few inputs");
  MIEN_TRY(axis_weight, tensors.integers(node, node.inputs.size() - 1));
  if (axis_weight->size() != 1) return unsupported(node, "its axis is not one number");
  std::int64_t axis = axis_weight->integers.front();
  bool all_pictures = true;
  int rank = -1;
  for (std::size_t i = 0; i + 1 < node.inputs.size(); ++i) {
    const TfValue& value = tensors.at(node.inputs[i]);
    all_pictures &= value.channels_second;
    rank = std::max(rank, value.rank);
  }
  if (axis < 0 && rank < 0)
    return unsupported(node, "an axis counted from the end needs a known rank");
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > 7 || (all_pictures && axis > 3))
    return unsupported(node, "its axis is out of range");
  if (all_pictures) axis = kMovedAxis.at(static_cast<std::size_t>(axis));
  std::vector<std::string> inputs;
  for (std::size_t i = 0; i + 1 < node.inputs.size(); ++i) {
    const TfValue& value = tensors.at(node.inputs[i]);
    inputs.push_back(all_pictures ? tensors.picture(value) : tensors.plain(value));
  }
  const std::string name = tensors.graph().node("Concat", inputs, {{"axis", axis}});
  return tensors.set(node, {nullptr, name, all_pictures, rank, -1});
}

Status strided_slice(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(begin, tensors.integers(node, 1));
  MIEN_TRY(end, tensors.integers(node, 2));
  MIEN_TRY(step, tensors.integers(node, 3));
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
  OnnxGraph& graph = tensors.graph();
  const std::string name =
      graph.node("Slice", {tensors.plain(value), list(graph, from), list(graph, to),
                           list(graph, axes), list(graph, step->integers)});
  return tensors.set(node, {nullptr, name, false, value.rank, -1});
}

Status gather(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(indices, tensors.input(node, 1));
  MIEN_TRY(axis, tensors.integers(node, 2));
  if (node.integer("batch_dims", 0) != 0 || axis->size() != 1)
    return unsupported(node, "batch dimensions are not known");
  const int rank = value.rank < 0 || indices.rank < 0 ? -1 : value.rank + indices.rank - 1;
  const std::string name = tensors.graph().node(
      "Gather", {tensors.plain(value), tensors.plain(indices)}, {{"axis", axis->integers.front()}});
  return tensors.set(node, {nullptr, name, false, rank, -1});
}

Status gather_nd(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(indices, tensors.input(node, 1));
  const std::string name =
      tensors.graph().node("GatherND", {tensors.plain(value), tensors.plain(indices)});
  return tensors.set(node, {nullptr, name, false, -1, -1});
}

Status cast(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  constexpr std::int64_t kFloat = 1;  // onnx.TensorProto.DataType
  constexpr std::int64_t kInt64 = 7;
  const std::string type = node.text("DstT", "");
  if (type != "DT_FLOAT" && type != "DT_INT32" && type != "DT_INT64")
    return unsupported(node, "the type '" + type + "' is not known");
  const std::string name = tensors.graph().node("Cast", {tensors.plain(value)},
                                                {{"to", type == "DT_FLOAT" ? kFloat : kInt64}});
  return tensors.set(node, {nullptr, name, false, value.rank, -1});
}

Status softmax(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  const std::string name =
      tensors.graph().node("Softmax", {tensors.plain(value)}, {{"axis", std::int64_t{-1}}});
  return tensors.set(node, {nullptr, name, false, value.rank, -1});
}

}  // namespace

const TfOperators& array_operators() {
  static const TfOperators kOperators = {{"Reshape", reshape},
                                         {"Squeeze", squeeze},
                                         {"Transpose", transpose},
                                         {"MatMul", matrix_product},
                                         {"_FusedMatMul", matrix_product},
                                         {"BatchMatMulV2", batch_product},
                                         {"ConcatV2", concatenate},
                                         {"StridedSlice", strided_slice},
                                         {"GatherV2", gather},
                                         {"GatherNd", gather_nd},
                                         {"Cast", cast},
                                         {"Softmax", softmax}};
  return kOperators;
}

}  // namespace mien
