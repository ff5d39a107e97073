#include "model/import/face_expression.h"

#include <array>
#include <vector>

#include "model/import/onnx_graph.h"

namespace mien {

namespace {

using Extents = std::vector<std::int64_t>;

class Builder {
 public:
  explicit Builder(const Weights& weights) : weights_(weights), graph_("face_expression") {}

  Result<std::string> run(const TensorSpec& input, const std::vector<TensorSpec>& outputs) {
    graph_.input(input.name, input.shape);
    std::string x = graph_.node("Transpose", {input.name}, {{"perm", Extents{0, 3, 1, 2}}});
    std::vector<std::string> means;  // over the picture, of what blocks 1 and 2 give
    for (int block = 0; block < 4; ++block) {
      MIEN_TRY(next, dense_block(x, "dense" + std::to_string(block), block == 0));
      x = next;
      if (block != 1 && block != 2) continue;
      means.push_back(
          graph_.node("ReduceMean", {x}, {{"axes", Extents{2, 3}}, {"keepdims", std::int64_t{0}}}));
    }
    graph_.node("Concat", means, {{"axis", std::int64_t{1}}}, outputs[2].name);
    x = graph_.node("AveragePool", {x},
                    {{"kernel_shape", Extents{7, 7}},
                     {"strides", Extents{2, 2}},
                     {"auto_pad", std::string("VALID")}});
    const std::string features =
        graph_.node("Flatten", {x}, {{"axis", std::int64_t{1}}}, outputs[1].name);
    MIEN_TRY(weight, find("fc/weights", {256, 7}));
    MIEN_TRY(bias, find("fc/bias", {7}));
    const std::string product =
        graph_.node("MatMul", {features, graph_.floats(weight->floats, weight->shape)});
    graph_.node("Add", {product, graph_.floats(bias->floats, bias->shape)}, {}, outputs[0].name);
    for (const TensorSpec& output : outputs) graph_.output(output.name, output.shape);
    return graph_.serialise();
  }

 private:
  Result<const Weight*> find(const std::string& name, const Extents& shape) {
    return find_weight(weights_, name, shape);
  }

  Result<std::int64_t> channels(const std::string& bias) {
    const auto it = weights_.find(bias);
    if (it == weights_.end() || it->second.shape.size() != 1) {
      return Error{ErrorCode::kMismatch, "the weights have no '" + bias + "'"};
    }
    return it->second.shape[0];
  }

  std::string convolve(const std::string& x, const std::vector<float>& values, const Extents& shape,
                       std::int64_t groups, std::int64_t stride, const Weight* bias) {
    std::vector<std::string> inputs{x, graph_.floats(values, shape)};
    if (bias != nullptr) inputs.push_back(graph_.floats(bias->floats, bias->shape));
    return graph_.node("Conv", inputs,
                       {{"auto_pad", std::string("SAME_UPPER")},
                        {"kernel_shape", Extents{shape[2], shape[3]}},
                        {"strides", Extents{stride, stride}},
                        {"group", groups}});
  }

  // H W I O (or H W C 1) -> O I H W (or C 1 H W).
  static std::vector<float> output_first(const Weight& w, bool depthwise) {
    const auto height = static_cast<std::size_t>(w.shape[0]);
    const auto width = static_cast<std::size_t>(w.shape[1]);
    const auto ins = static_cast<std::size_t>(depthwise ? 1 : w.shape[2]);
    const auto outs = static_cast<std::size_t>(depthwise ? w.shape[2] : w.shape[3]);
    std::vector<float> moved;
    moved.reserve(w.floats.size());
    for (std::size_t o = 0; o < outs; ++o) {
      for (std::size_t i = 0; i < ins; ++i) {
        for (std::size_t y = 0; y < height; ++y) {
          for (std::size_t x = 0; x < width; ++x)
            moved.push_back(w.floats[((y * width + x) * ins + i) * outs + o]);
        }
      }
    }
    return moved;
  }

  Result<std::string> separable(const std::string& x, const std::string& name, std::int64_t ins,
                                std::int64_t stride) {
    MIEN_TRY(outs, channels(name + "/bias"));
    MIEN_TRY(depthwise, find(name + "/depthwise_filter", {3, 3, ins, 1}));
    MIEN_TRY(pointwise, find(name + "/pointwise_filter", {1, 1, ins, outs}));
    MIEN_TRY(bias, find(name + "/bias", {outs}));
    const std::string spatial =
        convolve(x, output_first(*depthwise, true), {ins, 1, 3, 3}, ins, stride, nullptr);
    return convolve(spatial, output_first(*pointwise, false), {outs, ins, 1, 1}, 1, 1, bias);
  }

  Result<std::string> dense_block(const std::string& x, const std::string& name, bool is_first) {
    MIEN_TRY(outs, channels(name + "/conv0/bias"));
    std::string first;
    if (is_first) {
      MIEN_TRY(filters, find(name + "/conv0/filters", {3, 3, 3, outs}));
      MIEN_TRY(bias, find(name + "/conv0/bias", {outs}));
      first = convolve(x, output_first(*filters, false), {outs, 3, 3, 3}, 1, 2, bias);
    } else {
      MIEN_TRY(reduced, separable(x, name + "/conv0", outs / 2, 2));
      first = reduced;
    }
    first = graph_.node("Relu", {first});
    std::string sum = first;  // of the block's outputs so far
    for (int i = 1; i < 4; ++i) {
      MIEN_TRY(next, separable(i == 1 ? first : graph_.node("Relu", {sum}),
                               name + "/conv" + std::to_string(i), outs, 1));
      sum = graph_.node("Add", {sum, next});
    }
    return graph_.node("Relu", {sum});
  }

  const Weights& weights_;
  OnnxGraph graph_;
};

}  // namespace

Result<std::string> build_face_expression(const Weights& weights, const TensorSpec& input,
                                          const std::vector<TensorSpec>& outputs) {
  if (outputs.size() != 3) {
    return Error{ErrorCode::kMismatch,
                 "the manifest must name three outputs: logits, features and middle"};
  }
  return Builder(weights).run(input, outputs);
}

}  // namespace mien
