#include "model/import/use_lite.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/utf8.h"
#include "model/import/onnx_graph.h"
#include "model/import/transformer_graph.h"

namespace mien {

namespace {

using Extents = std::vector<std::int64_t>;

constexpr std::int64_t kTimingWidth = 128;
constexpr float kEpsilon = 1e-6F;  // .../layer_norm/Cast/x
constexpr std::int64_t kHeads = 4;

// Weights are constants of the folded graph (kFolded) or variables (kVariables).
constexpr const char* kVariables = "module/";
constexpr const char* kFolded = "module_apply_default/";
constexpr const char* kEncoder = "Encoder_en/KonaTransformer/Encode/";

class UseLiteBuilder {
 public:
  explicit UseLiteBuilder(const Weights& weights) : weights_(weights), graph_("use_lite") {}

  Result<std::string> run(const SentenceManifest& manifest) {
    const std::string& ids = manifest.inputs.front().name;
    graph_.integer_input(ids, Extents{-1, -1});
    MIEN_TRY(embeddings, find("module/Embeddings_en", {8002, 256}));
    MIEN_TRY(timing, timing_table(manifest.max_tokens));
    const std::string rows =
        graph_.node("Gather", {graph_.floats(embeddings->floats, embeddings->shape), ids});
    std::string x = parts_.add(graph_.node("Mul", {rows, parts_.number(2)}),
                               parts_.positions(ids, timing, 2 * kTimingWidth));
    MIEN_TRY(first, layer(x, 0, 256));
    MIEN_TRY(first_out, linear_of(first));
    MIEN_TRY(second, layer(first_out, 1, 512));
    // All that follows is linear up to the mean over tokens, so the mean comes first: a fifth of
    // the work less.
    const auto mean = [&](const std::string& of) {
      return parts_.mean_twice(ids, of, manifest.max_tokens);
    };
    MIEN_TRY(means, linear_of({mean(second.sum), mean(second.wide), second.name}));
    const std::string top = std::string(kVariables) + "Encoder_en/hidden_layers/tanh_layer_0/";
    MIEN_TRY(weights, find(top + "weights", {512, 512}));
    MIEN_TRY(bias, find(top + "bias", {512}));
    const std::string tops = parts_.linear(means, {weights->floats, bias->floats});
    graph_.node("Tanh", {parts_.first_row(tops)}, {}, manifest.output);
    graph_.output(manifest.output, Extents{-1, 512});
    return graph_.serialise();
  }

 private:
  Result<const Weight*> find(const std::string& name, const Extents& shape) {
    return find_weight(weights_, name, shape);
  }

  // A vector of the folded graph, whose parts the source joins again by name.
  Result<const Weight*> folded(const std::string& name, std::int64_t width) {
    return find(kFolded + (kEncoder + name) + "/ConcatPartitions/concat", {width});
  }

  // Row t: the sines, then the cosines, of t times each frequency.
  Result<std::vector<float>> timing_table(std::int64_t tokens) {
    MIEN_TRY(frequencies,
             find(std::string(kFolded) + kEncoder +
                      "TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1",
                  {1, kTimingWidth}));
    std::vector<float> table;
    for (std::int64_t t = 0; t < tokens; ++t) {
      for (const bool is_cosine : {false, true}) {
        for (const float frequency : frequencies->floats) {
          const double angle = static_cast<float>(t) * frequency;  // a float32 in the source
          table.push_back(static_cast<float>(is_cosine ? std::cos(angle) : std::sin(angle)));
        }
      }
    }
    return table;
  }

  Result<std::string> normalised(const std::string& x, const std::string& name,
                                 std::int64_t width) {
    MIEN_TRY(scale, folded(name + "layer_prepostprocess/layer_norm/layer_norm_scale", width));
    MIEN_TRY(bias, folded(name + "layer_prepostprocess/layer_norm/layer_norm_bias", width));
    return parts_.layer_norm(x, {scale->floats, bias->floats}, kEpsilon);
  }

  // A 1 x 1 convolution over tokens, which is a product.
  Result<std::string> convolved(const std::string& x, const std::string& name, std::int64_t inputs,
                                std::int64_t outputs) {
    MIEN_TRY(kernel,
             find(kVariables + (kEncoder + name) + "/kernel/part_0", {1, 1, inputs, outputs}));
    MIEN_TRY(bias, folded(name + "/bias", outputs));
    return parts_.linear(x, {kernel->floats, bias->floats});
  }

  Result<std::string> dense(const std::string& x, const std::string& layer, const std::string& name,
                            std::int64_t inputs, std::int64_t outputs) {
    MIEN_TRY(kernel, find(kFolded + (std::string(kEncoder) + "TransformerStack/") + layer + name +
                              "/Tensordot/Reshape_1",
                          {inputs, outputs}));
    MIEN_TRY(bias, folded(layer + name + "/bias", outputs));
    return parts_.linear(x, {kernel->floats, bias->floats});
  }

  // A layer up to its last product.
  struct Layer {
    std::string sum;   // tokens x 512: what is passed on beside
    std::string wide;  // tokens x 1536: what the product takes
    std::string name;
  };

  Result<std::string> linear_of(const Layer& layer) {
    MIEN_TRY(narrow, dense(layer.wide, layer.name, "FFN/conv2", 1536, 512));
    return parts_.add(narrow, layer.sum);
  }

  Result<Layer> layer(const std::string& x, int index, std::int64_t width) {
    const std::string name = "Layer_" + std::to_string(index) + "/TransformerLayer/";
    const std::string heads = name + "MultiheadAttention/";
    MIEN_TRY(calm, normalised(x, name, width));
    MIEN_TRY(qkv, convolved(calm, heads + "qkv_transform_single", width, 3 * width));
    MIEN_TRY(attended, convolved(parts_.attention(qkv, kHeads, width / kHeads),
                                 heads + "output_transform_single", width, 512));
    std::string kept = x;
    if (width != 512) {  // the first layer widens what it passes on
      MIEN_TRY(kernel, find(kFolded + (kEncoder + name) + "dense/kernel/ConcatPartitions/concat",
                            {width, 512}));
      MIEN_TRY(bias, folded(name + "dense/bias", 512));
      kept = parts_.linear(x, {kernel->floats, bias->floats});
    }
    const std::string sum = parts_.add(attended, kept);
    MIEN_TRY(calmer, normalised(sum, name + "FFN/", 512));
    MIEN_TRY(wide, dense(calmer, name, "FFN/conv1", 512, 1536));
    return Layer{sum, graph_.node("Relu", {wide}), name};
  }

  const Weights& weights_;
  OnnxGraph graph_;
  TransformerGraph parts_{graph_};
};

}  // namespace

Result<std::string> build_use_lite(const Weights& weights, const SentenceManifest& manifest) {
  return UseLiteBuilder(weights).run(manifest);
}

Result<std::string> build_use_lite_tokenizer(std::string_view vocabulary) {
  using nlohmann::json;
  constexpr std::size_t kReserved = 6;  // unknown, two marks, three spare ones
  const json list = json::parse(vocabulary, nullptr, false);
  const auto bad = [](const std::string& what) {
    return Error{ErrorCode::kCorrupt, "the vocabulary " + what};
  };
  if (!list.is_array() || list.size() <= kReserved) return bad("is not a list of pieces");
  json pieces = json::array();
  double before = 0;
  for (const json& item : list) {
    if (!item.is_array() || item.size() != 2 || !item[0].is_string())
      return bad("has something else than piece and score");
    const auto& piece = item[0].get_ref<const std::string&>();
    if (first_invalid_utf8(piece) != std::string_view::npos) return bad("is not UTF-8");
    if (pieces.size() < kReserved) {
      pieces.push_back(nullptr);
      continue;
    }
    if (item[1].is_number() && item[1].get<double>() < 0) before = item[1].get<double>();
    pieces.push_back({piece, before});
  }
  const json tokenizer = {{"format", "unigram"},      {"normal_form", "nfkc"},
                          {"collapse_spaces", false}, {"leading_space", "always"},
                          {"equal_scores", "last"},   {"unknown_id", 0},
                          {"pieces", pieces}};
  return tokenizer.dump();
}

}  // namespace mien
