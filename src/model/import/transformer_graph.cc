#include "model/import/transformer_graph.h"

#include <array>
#include <cmath>
#include <numbers>

namespace mien {

namespace {

using Extents = std::vector<std::int64_t>;

std::int64_t length(std::span<const float> values) {
  return static_cast<std::int64_t>(values.size());
}

}  // namespace

std::string TransformerGraph::number(float value) {
  return graph_.floats(std::array{value}, {});
}

std::string TransformerGraph::shape(const Extents& extents) {
  return graph_.integers(extents, std::array{static_cast<std::int64_t>(extents.size())});
}

std::string TransformerGraph::positions(const std::string& ids, std::span<const float> table,
                                        std::int64_t width) {
  const std::string rows = graph_.floats(table, std::array{length(table) / width, width});
  const std::string tokens =
      graph_.node("Slice", {graph_.node("Shape", {ids}), shape({1}), shape({2})});
  return graph_.node("Slice", {rows, shape({0}), tokens, shape({0})});
}

std::string TransformerGraph::mean_twice(const std::string& ids, const std::string& x,
                                         std::int64_t most) {
  const std::vector<float> ones(2 * static_cast<std::size_t>(most), 1.0F);
  const std::string tokens =
      graph_.node("Slice", {graph_.node("Shape", {ids}), shape({1}), shape({2})});
  const std::string rows =
      graph_.node("Slice", {graph_.floats(ones, std::array{std::int64_t{1}, std::int64_t{2}, most}),
                            shape({0}), tokens, shape({2})});
  constexpr std::int64_t kFloat = 1;  // ONNX's number of float32
  return graph_.node(
      "Div", {graph_.node("MatMul", {rows, x}), graph_.node("Cast", {tokens}, {{"to", kFloat}})});
}

std::string TransformerGraph::first_row(const std::string& x) {
  const std::string row = graph_.node("Slice", {x, shape({0}), shape({1}), shape({1})});
  return graph_.node("Squeeze", {row, shape({1})});
}

std::string TransformerGraph::linear(const std::string& x, const Linear& layer) {
  const std::int64_t outputs = length(layer.bias);
  const std::string weights =
      graph_.floats(layer.weights, std::array{length(layer.weights) / outputs, outputs});
  return add(graph_.node("MatMul", {x, weights}), graph_.floats(layer.bias, std::array{outputs}));
}

std::string TransformerGraph::layer_norm(const std::string& x, const Affine& affine,
                                         float epsilon) {
  const OnnxAttributes over_width = {{"axes", Extents{-1}}, {"keepdims", std::int64_t{1}}};
  const std::string centred = graph_.node("Sub", {x, graph_.node("ReduceMean", {x}, over_width)});
  const std::string variance =
      graph_.node("ReduceMean", {graph_.node("Pow", {centred, number(2)})}, over_width);
  const std::string deviation = graph_.node("Sqrt", {add(variance, number(epsilon))});
  const std::array width = {length(affine.scale)};
  const std::string scaled = graph_.node(
      "Mul", {graph_.node("Div", {centred, deviation}), graph_.floats(affine.scale, width)});
  return add(scaled, graph_.floats(affine.bias, width));
}

std::string TransformerGraph::gelu(const std::string& x) {
  const std::string erf =
      graph_.node("Erf", {graph_.node("Div", {x, number(std::numbers::sqrt2_v<float>)})});
  const std::string doubled = graph_.node("Mul", {x, add(erf, number(1))});
  return graph_.node("Mul", {doubled, number(0.5F)});
}

std::string TransformerGraph::attention(const std::string& qkv, std::int64_t heads,
                                        std::int64_t head_width) {
  const std::int64_t width = heads * head_width;
  const std::string split = shape({0, 0, heads, head_width});
  const auto part = [&](std::int64_t index, const Extents& order) {
    const std::string columns = graph_.node(
        "Slice", {qkv, shape({index * width}), shape({(index + 1) * width}), shape({2})});
    return graph_.node("Transpose", {graph_.node("Reshape", {columns, split})}, {{"perm", order}});
  };
  const float scale = 1 / std::sqrt(static_cast<float>(head_width));
  const std::string queries = graph_.node("Mul", {part(0, {0, 2, 1, 3}), number(scale)});
  const std::string keys = part(1, {0, 2, 3, 1});
  const std::string values = part(2, {0, 2, 1, 3});
  const std::string weights = graph_.node("Softmax", {graph_.node("MatMul", {queries, keys})},
                                          {{"axis", std::int64_t{-1}}});
  const std::string mixed = graph_.node("Transpose", {graph_.node("MatMul", {weights, values})},
                                        {{"perm", Extents{0, 2, 1, 3}}});
  return graph_.node("Reshape", {mixed, shape({0, 0, width})});
}

}  // namespace mien
