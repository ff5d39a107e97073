#include "model/import/efficientnet_lite.h"

#include <array>
#include <cmath>

#include "model/import/onnx_graph.h"

namespace mien {

namespace {

using Extents = std::vector<std::int64_t>;

// Runs of equal blocks: only the first of a run has the stride and changes the channels.
struct BlockRun {
  int repeats;
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t expand;
  std::int64_t channels;
};
constexpr std::array<BlockRun, 7> kRuns = {{{1, 3, 1, 1, 16},
                                            {2, 3, 2, 6, 24},
                                            {2, 5, 2, 6, 40},
                                            {3, 3, 2, 6, 80},
                                            {3, 5, 1, 6, 112},
                                            {4, 5, 2, 6, 192},
                                            {1, 3, 1, 6, 320}}};
constexpr std::int64_t kStem = 32;
constexpr std::int64_t kFeatures = 1280;
constexpr std::int64_t kClasses = 1000;
constexpr double kBatchNormEpsilon = 1e-3;  // of the batch normalisation

class EfficientNetBuilder {
 public:
  EfficientNetBuilder(const Weights& weights, const TensorSpec& input,
                      const std::vector<TensorSpec>& outputs)
      : weights_(weights), input_(input), outputs_(outputs), graph_("mien") {}

  Result<std::string> run() {
    if (outputs_.size() != 2) return Error{ErrorCode::kCorrupt, "outputs must be two tensors"};
    graph_.input(input_.name, input_.shape);
    MIEN_TRY(stem, convolution(input_.name, "_conv_stem", "_bn0", {kStem, 3, 3, 3}, 2, 1));
    std::string x = relu6(stem);
    std::int64_t channels = kStem;
    int number = 0;
    for (const BlockRun& run : kRuns) {
      for (int i = 0; i < run.repeats; ++i) {
        MIEN_TRY(next, block(x, number++, run, i == 0 ? run.stride : 1, channels));
        x = std::move(next);
        channels = run.channels;
      }
    }
    MIEN_TRY(head, convolution(x, "_conv_head", "_bn1", {kFeatures, channels, 1, 1}, 1, 1));
    const std::string pooled = graph_.node("GlobalAveragePool", {relu6(head)});
    const std::string features = graph_.node("Flatten", {pooled}, {{"axis", std::int64_t{1}}});
    MIEN_TRY(matrix, weight("_fc.weight", {kClasses, kFeatures}));
    MIEN_TRY(bias, weight("_fc.bias", {kClasses}));
    graph_.node("Gemm",
                {features, graph_.floats(matrix->floats, matrix->shape),
                 graph_.floats(bias->floats, bias->shape)},
                {{"transB", std::int64_t{1}}}, outputs_[0].name);
    graph_.node("Identity", {features}, {}, outputs_[1].name);
    for (const TensorSpec& output : outputs_) graph_.output(output.name, output.shape);
    return graph_.serialise();
  }

 private:
  Result<const Weight*> weight(const std::string& name, const Extents& shape) const {
    const auto found = weights_.find(name);
    if (found == weights_.end() || found->second.is_integer || found->second.shape != shape) {
      return Error{ErrorCode::kMismatch,
                   "the weights have no '" + name + "' of the shape that the network needs"};
    }
    return &found->second;
  }

  // Convolution with the batch normalisation after it.
  Result<std::string> convolution(const std::string& x, const std::string& name,
                                  const std::string& norm, const Extents& shape,
                                  std::int64_t stride, std::int64_t groups) {
    MIEN_TRY(kernel, weight(name + ".weight", shape));
    MIEN_TRY(scale, weight(norm + ".weight", {shape[0]}));
    MIEN_TRY(shift, weight(norm + ".bias", {shape[0]}));
    MIEN_TRY(mean, weight(norm + ".running_mean", {shape[0]}));
    MIEN_TRY(variance, weight(norm + ".running_var", {shape[0]}));
    std::vector<float> folded(kernel->floats.size());
    std::vector<float> bias(static_cast<std::size_t>(shape[0]));
    const std::size_t each = folded.size() / bias.size();
    for (std::size_t c = 0; c < bias.size(); ++c) {
      const double factor = static_cast<double>(scale->floats[c]) /
                            std::sqrt(static_cast<double>(variance->floats[c]) + kBatchNormEpsilon);
      bias[c] = static_cast<float>(static_cast<double>(shift->floats[c]) -
                                   factor * static_cast<double>(mean->floats[c]));
      for (std::size_t i = c * each; i < (c + 1) * each; ++i) {
        folded[i] = static_cast<float>(factor * static_cast<double>(kernel->floats[i]));
      }
    }
    return graph_.node("Conv",
                       {x, graph_.floats(folded, shape), graph_.floats(bias, Extents{shape[0]})},
                       {{"auto_pad", std::string("SAME_UPPER")},
                        {"group", groups},
                        {"kernel_shape", Extents{shape[2], shape[3]}},
                        {"strides", Extents{stride, stride}}});
  }

  std::string relu6(const std::string& x) {
    const std::array<float, 2> limits = {0.0F, 6.0F};
    return graph_.node("Clip", {x, graph_.floats(std::span(limits).first(1), {}),
                                graph_.floats(std::span(limits).last(1), {})});
  }

  Result<std::string> block(const std::string& input, int number, const BlockRun& run,
                            std::int64_t stride, std::int64_t channels) {
    const std::string name = "_blocks." + std::to_string(number) + ".";
    const std::int64_t inner = channels * run.expand;
    std::string x = input;
    if (run.expand != 1) {
      MIEN_TRY(wide,
               convolution(x, name + "_expand_conv", name + "_bn0", {inner, channels, 1, 1}, 1, 1));
      x = relu6(wide);
    }
    MIEN_TRY(deep, convolution(x, name + "_depthwise_conv", name + "_bn1",
                               {inner, 1, run.kernel, run.kernel}, stride, inner));
    MIEN_TRY(narrow, convolution(relu6(deep), name + "_project_conv", name + "_bn2",
                                 {run.channels, inner, 1, 1}, 1, 1));
    if (stride != 1 || channels != run.channels) return narrow;
    return graph_.node("Add", {narrow, input});
  }

  const Weights& weights_;
  const TensorSpec& input_;
  const std::vector<TensorSpec>& outputs_;
  OnnxGraph graph_;
};

}  // namespace

Result<std::string> build_efficientnet_lite0(const Weights& weights, const TensorSpec& input,
                                             const std::vector<TensorSpec>& outputs) {
  return EfficientNetBuilder(weights, input, outputs).run();
}

}  // namespace mien
