// Convolutions, pooling, padding and PRelu.
//
// ONNX Runtime keeps channels in blocks of 8 or 16 through convolutions, sums, Relu and pooling,
// and copies in and out of that layout around everything else (Pad, PRelu, pooling of a channel
// count that fills no whole block). Those are written here as convolutions that compute the same
// numbers. What that saves is in docs/models.md.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "model/import/tf_tensors.h"

namespace mien {

namespace {

// A depthwise 1 x 1 convolution: every channel times its factor.
std::string times(OnnxGraph& graph, const std::string& picture, const std::vector<float>& factors) {
  const auto channels = static_cast<std::int64_t>(factors.size());
  return graph.node("Conv", {picture, graph.floats(factors, Extents{channels, 1, 1, 1})},
                    {{"kernel_shape", Extents{1, 1}}, {"group", channels}});
}

// The blocked layout needs a multiple of 4.
bool can_be_blocked(std::int64_t channels) {
  return channels > 0 && channels % 4 == 0;
}

// PRelu(x) = x below zero times a slope a channel (He et al. 2015, "Delving deep into rectifiers").
// With t = Relu(-|a - 1| x) it is x + t where a <= 1 and x - t where a > 1; exact for x >= 0,
// within rounding below.
Result<std::string> prelu(TfTensors& tensors, const TfNode& node, const std::string& picture,
                          std::size_t slope_index, std::int64_t channels) {
  OnnxGraph& graph = tensors.graph();
  MIEN_TRY(slope, tensors.numbers(node, slope_index));
  if (slope->shape.empty() || slope->shape.size() > 4)
    return unsupported(node, "its slopes are not one a channel");
  const bool is_per_channel = slope->size() == slope->shape.back();
  const bool is_finite = std::all_of(slope->floats.begin(), slope->floats.end(),
                                     [](float a) { return std::isfinite(a); });
  if (is_per_channel && is_finite && slope->size() == channels && can_be_blocked(channels)) {
    std::vector<float> factors;
    std::vector<float> signs;
    for (const float a : slope->floats) {
      factors.push_back(-std::abs(a - 1));
      signs.push_back(a > 1 ? -1.0F : 1.0F);
    }
    std::string below = graph.node("Relu", {times(graph, picture, factors)});
    if (std::count(signs.begin(), signs.end(), -1.0F) > 0) below = times(graph, below, signs);
    return graph.node("Add", {below, picture});
  }
  if (is_per_channel)
    return graph.node("PRelu",
                      {picture, graph.floats(slope->floats, Extents{slope->size(), 1, 1})});
  if (slope->shape.size() != 3) return unsupported(node, "its slopes are not one a channel");
  const Extents moved{slope->shape[2], slope->shape[0], slope->shape[1]};
  return graph.node(
      "PRelu", {picture, graph.floats(permuted(slope->floats, slope->shape, {2, 0, 1}), moved)});
}

Status convert_prelu(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(picture, tensors.picture_input(node, 0));
  MIEN_TRY(name, prelu(tensors, node, picture, 1, value.channels));
  return tensors.set(node, {nullptr, name, true, 4, value.channels});
}

Result<OnnxAttributes> window(const TfNode& node, const Extents& kernel) {
  const Extents strides = node.integers("strides");
  if (strides.size() != 4) return unsupported(node, "it needs four strides");
  if (node.text("data_format", "NHWC") != "NHWC") return unsupported(node, "only NHWC is known");
  const std::string padding = node.text("padding", "VALID");
  if (padding != "SAME" && padding != "VALID")
    return unsupported(node, "padding " + padding + " is not known");
  return OnnxAttributes{{"auto_pad", std::string(padding == "SAME" ? "SAME_UPPER" : "VALID")},
                        {"kernel_shape", kernel},
                        {"strides", Extents{strides[1], strides[2]}}};
}

// Bias is taken by the convolution; the activation that the fused forms name follows.
Result<std::string> activated(TfTensors& tensors, const TfNode& node, std::string name,
                              std::size_t next_input, std::int64_t channels) {
  OnnxGraph& graph = tensors.graph();
  for (const std::string& op : node.texts("fused_ops")) {
    if (op == "BiasAdd") continue;
    if (op == "Relu") {
      name = graph.node("Relu", {name});
    } else if (op == "Relu6") {
      const std::array<float, 2> limits = {0.0F, 6.0F};
      name = graph.node("Clip", {name, graph.floats(std::span(limits).first(1), {}),
                                 graph.floats(std::span(limits).last(1), {})});
    } else if (op == "Prelu") {
      MIEN_TRY(sloped, prelu(tensors, node, name, next_input, channels));
      name = sloped;
    } else {
      return unsupported(node, "the fused operator " + op + " is not known");
    }
  }
  return name;
}

// A 1 x 1 convolution of what is in TensorFlow's own layout, as in mixers of tokens: a product of
// matrices over the last axis, in that layout; nullopt where it is something else.
Result<std::optional<TfValue>> as_product(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(filter, tensors.numbers(node, 1));
  const Extents& shape = filter->shape;  // H W I O
  const std::vector<std::string> fused_ops = node.texts("fused_ops");
  const bool has_bias = fused_ops == std::vector<std::string>{"BiasAdd"};
  if (value.channels_second || value.constant != nullptr || value.rank != 4 ||
      tensors.is_network_input(value) || shape.size() != 4 || shape[0] != 1 || shape[1] != 1 ||
      node.integers("strides") != Extents{1, 1, 1, 1} || !(fused_ops.empty() || has_bias))
    return std::optional<TfValue>();
  OnnxGraph& graph = tensors.graph();
  std::string name = graph.node(
      "MatMul", {tensors.plain(value), graph.floats(filter->floats, Extents{shape[2], shape[3]})});
  if (has_bias) {
    MIEN_TRY(bias, tensors.numbers(node, 2));
    if (bias->size() != shape[3]) return unsupported(node, "its bias is not one a channel");
    name = graph.node("Add", {name, graph.floats(bias->floats, Extents{bias->size()})});
  }
  return std::optional(TfValue{nullptr, name, false, 4, -1});
}

Status convert_convolution(TfTensors& tensors, const TfNode& node) {
  const bool depthwise = node.op.find("Depthwise") != std::string::npos;
  if (!depthwise) {
    MIEN_TRY(product, as_product(tensors, node));
    if (product) return tensors.set(node, *product);
  }
  MIEN_TRY(picture, tensors.picture_input(node, 0));
  MIEN_TRY(filter, tensors.numbers(node, 1));
  if (filter->shape.size() != 4 || filter->size() == 0)
    return unsupported(node, "its filter is not 4-dimensional");
  const Extents& from = filter->shape;  // H W I O, or H W C M where depthwise
  const std::int64_t groups = depthwise ? from[2] : 1;
  const std::int64_t outs = depthwise ? from[2] * from[3] : from[3];
  const Extents shape{outs, depthwise ? 1 : from[2], from[0], from[1]};
  const Extents order = depthwise ? Extents{2, 3, 0, 1} : Extents{3, 2, 0, 1};
  std::vector<std::string> inputs{
      picture, tensors.graph().floats(permuted(filter->floats, from, order), shape)};
  std::size_t next_input = 2;
  const std::vector<std::string> fused_ops = node.texts("fused_ops");
  if (!fused_ops.empty() && fused_ops.front() == "BiasAdd") {
    MIEN_TRY(bias, tensors.numbers(node, next_input++));
    if (bias->size() != outs) return unsupported(node, "its bias is not one a channel");
    inputs.push_back(tensors.graph().floats(bias->floats, Extents{bias->size()}));
  }
  MIEN_TRY(attributes, window(node, {from[0], from[1]}));
  attributes.emplace_back("group", groups);
  const Extents dilations = node.integers("dilations");
  if (dilations.size() == 4)
    attributes.emplace_back("dilations", Extents{dilations[1], dilations[2]});
  const std::string convolved = tensors.graph().node("Conv", inputs, attributes);
  MIEN_TRY(name, activated(tensors, node, convolved, next_input, outs));
  return tensors.set(node, {nullptr, name, true, 4, outs});
}

Status convert_max_pool(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(picture, tensors.picture_input(node, 0));
  const Extents size = node.integers("ksize");
  if (size.size() != 4) return unsupported(node, "it needs four window extents");
  MIEN_TRY(attributes, window(node, {size[1], size[2]}));
  std::string name = tensors.graph().node("MaxPool", {picture}, attributes);
  constexpr std::int64_t kBlock = 16;  // channels; 8 on CPUs without AVX-512
  if (can_be_blocked(value.channels) && value.channels % kBlock != 0) {
    const std::vector<float> ones(static_cast<std::size_t>(value.channels), 1.0F);
    name = times(tensors.graph(), name, ones);
  }
  return tensors.set(node, {nullptr, name, true, 4, value.channels});
}

// More channels, the new ones zero: a 1 x 1 convolution with ones on its diagonal.
std::string more_channels(OnnxGraph& graph, const std::string& picture, std::int64_t from,
                          std::int64_t to) {
  std::vector<float> diagonal(static_cast<std::size_t>(from * to), 0.0F);
  for (std::int64_t i = 0; i < from; ++i) diagonal[static_cast<std::size_t>(i * from + i)] = 1;
  return graph.node("Conv", {picture, graph.floats(diagonal, Extents{to, from, 1, 1})},
                    {{"kernel_shape", Extents{1, 1}}});
}

Status convert_pad(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(paddings, tensors.integers(node, 1));
  const Extents& sides = paddings->integers;  // before and after, an axis
  const std::size_t rank = sides.size() / 2;
  if (sides.size() != rank * 2 || rank == 0 || rank > 8 || (value.channels_second && rank != 4) ||
      (value.rank >= 0 && static_cast<std::size_t>(value.rank) != rank))
    return unsupported(node, "its paddings are misshapen");
  constexpr std::int64_t kMaxPadding = 1 << 16;
  if (std::any_of(sides.begin(), sides.end(),
                  [](std::int64_t side) { return side < 0 || side > kMaxPadding; }))
    return unsupported(node, "its paddings are out of range");
  constexpr std::int64_t kMaxChannels = 1024;  // the diagonal convolution costs their product
  const bool only_channels =
      value.channels_second && std::count(sides.begin(), sides.end(), 0) == 7;
  if (only_channels && can_be_blocked(value.channels) && can_be_blocked(sides[7]) &&
      value.channels + sides[7] <= kMaxChannels) {
    const std::int64_t to = value.channels + sides[7];
    return tensors.set(
        node,
        {nullptr, more_channels(tensors.graph(), value.name, value.channels, to), true, 4, to});
  }
  static constexpr std::array<std::size_t, 4> kMoved = {0, 3, 1, 2};
  Extents pads(rank * 2);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t from = value.channels_second ? kMoved[i] : i;
    pads[i] = sides[from * 2];
    pads[rank + i] = sides[from * 2 + 1];
  }
  const std::string amounts =
      tensors.graph().integers(pads, Extents{static_cast<std::int64_t>(pads.size())});
  const std::string name = tensors.graph().node("Pad", {tensors.as_is(value), amounts},
                                                {{"mode", std::string("constant")}});
  const std::int64_t channels =
      value.channels > 0 && value.channels_second ? value.channels + sides[6] + sides[7] : -1;
  return tensors.set(node, {nullptr, name, value.channels_second, value.rank, channels});
}

// TensorFlow's bilinear resizing without half-pixel centres: output position i lies at i * from /
// to.
Status convert_resize_bilinear(TfTensors& tensors, const TfNode& node) {
  MIEN_TRY(value, tensors.input(node, 0));
  MIEN_TRY(picture, tensors.picture_input(node, 0));
  MIEN_TRY(size, tensors.integers(node, 1));
  constexpr std::int64_t kMaxSide = 1 << 14;
  if (size->integers.size() != 2 ||
      std::any_of(size->integers.begin(), size->integers.end(),
                  [](std::int64_t side) { return side < 1 || side > kMaxSide; }))
    return unsupported(node, "its size is not two numbers of pixels");
  if (node.flag("align_corners") || node.flag("half_pixel_centers"))
    return unsupported(node, "only positions counted from the first pixel's corner are known");
  if (value.channels < 1) return unsupported(node, "it needs a known number of channels");
  const Extents sizes{1, value.channels, size->integers[0], size->integers[1]};
  const std::string name =
      tensors.graph().node("Resize", {picture, "", "", tensors.graph().integers(sizes, Extents{4})},
                           {{"coordinate_transformation_mode", std::string("asymmetric")},
                            {"mode", std::string("linear")}});
  return tensors.set(node, {nullptr, name, true, 4, value.channels});
}

}  // namespace

const TfOperators& picture_operators() {
  static const TfOperators kOperators = {{"Conv2D", convert_convolution},
                                         {"_FusedConv2D", convert_convolution},
                                         {"FusedConv2D", convert_convolution},
                                         {"DepthwiseConv2dNative", convert_convolution},
                                         {"FusedDepthwiseConv2dNative", convert_convolution},
                                         {"MaxPool", convert_max_pool},
                                         {"Pad", convert_pad},
                                         {"Prelu", convert_prelu},
                                         {"ResizeBilinear", convert_resize_bilinear}};
  return kOperators;
}

}  // namespace mien
