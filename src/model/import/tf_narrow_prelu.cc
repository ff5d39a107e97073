#include "model/import/tf_narrow_prelu.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>

namespace mien {

namespace {

constexpr std::int64_t kMostChannels = 8;  // half a block

// Every row followed by itself times the factors.
std::vector<float> doubled(const std::vector<float>& values, std::size_t row,
                           const std::vector<float>& factors) {
  std::vector<float> out;
  out.reserve(2 * values.size());
  for (std::size_t begin = 0; begin < values.size(); begin += row) {
    for (std::size_t i = 0; i < row; ++i) out.push_back(values[begin + i]);
    for (std::size_t i = 0; i < row; ++i) out.push_back(values[begin + i] * factors[i]);
  }
  return out;
}

class Splitter {
 public:
  Splitter(std::vector<TfNode>& nodes, Weights& weights, const std::set<std::string>& outputs)
      : nodes_(nodes), weights_(weights), outputs_(outputs) {}

  void run() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      position_[nodes_[i].name] = i;
      for (const std::string& input : nodes_[i].inputs) readers_[input].push_back(i);
    }
    for (TfNode& node : nodes_) {
      if (node.op == "Prelu" && node.inputs.size() == 2) split(node);
    }
    nodes_.insert(nodes_.begin(), std::make_move_iterator(new_constants_.begin()),
                  std::make_move_iterator(new_constants_.end()));
  }

 private:
  enum class Kind { kPlain, kDepthwise };

  // A convolution with no more than a bias, its filter and bias constants of fitting sizes.
  struct Convolution {
    TfNode* node = nullptr;
    Weight filter;  // rows, columns, in, out; depthwise: rows, columns, channels, 1
    std::optional<Weight> bias;
  };

  const Weight* numbers(const std::string& name) const {
    const auto node = position_.find(name);
    if (node == position_.end() || nodes_[node->second].op != "Const") return nullptr;
    const auto it = weights_.find(name);
    return it == weights_.end() || it->second.is_integer ? nullptr : &it->second;
  }

  std::optional<Convolution> convolution(TfNode& node, Kind kind) const {
    static const std::set<std::string> kPlain = {"Conv2D", "_FusedConv2D", "FusedConv2D"};
    static const std::set<std::string> kDepthwise = {"DepthwiseConv2dNative",
                                                     "FusedDepthwiseConv2dNative"};
    if (!(kind == Kind::kPlain ? kPlain : kDepthwise).contains(node.op)) return std::nullopt;
    const std::vector<std::string> fused = node.texts("fused_ops");
    const bool has_bias = fused == std::vector<std::string>{"BiasAdd"};
    if (!(fused.empty() || has_bias) || node.inputs.size() != (has_bias ? 3U : 2U))
      return std::nullopt;
    const Weight* filter = numbers(node.inputs[1]);
    if (filter == nullptr || filter->shape.size() != 4 || filter->size() < 1) return std::nullopt;
    if (kind == Kind::kDepthwise && filter->shape[3] != 1) return std::nullopt;
    Convolution found{&node, *filter, {}};
    if (has_bias) {
      const Weight* bias = numbers(node.inputs[2]);
      if (bias == nullptr || bias->size() != filter->shape[kind == Kind::kPlain ? 3 : 2])
        return std::nullopt;
      found.bias = *bias;
    }
    return found;
  }

  // The one node that reads this one as a picture; null where others do, or the graph gives it out.
  TfNode* only_reader(const TfNode& node) const {
    const auto it = readers_.find(node.name);
    if (it == readers_.end() || it->second.size() != 1 || outputs_.contains(node.name))
      return nullptr;
    TfNode& reader = nodes_[it->second.front()];
    return !reader.inputs.empty() && reader.inputs[0] == node.name ? &reader : nullptr;
  }

  void set_constant(TfNode& node, std::size_t input, const char* what, Weight weight) {
    const std::string name = node.name + "/halves_" + what;
    weights_[name] = std::move(weight);
    new_constants_.push_back({name, "Const", {}, {}});
    node.inputs[input] = name;
  }

  bool is_free(const TfNode& node) const {
    return !weights_.contains(node.name + "/halves_filter") &&
           !weights_.contains(node.name + "/halves_bias") &&
           !position_.contains(node.name + "/halves_filter") &&
           !position_.contains(node.name + "/halves_bias");
  }

  void split(TfNode& prelu) {
    const auto before = position_.find(prelu.inputs[0]);
    const Weight* slope = numbers(prelu.inputs[1]);
    if (before == position_.end() || slope == nullptr || slope->shape.empty()) return;
    TfNode& first_node = nodes_[before->second];
    TfNode* depthwise_node = only_reader(prelu);
    if (only_reader(first_node) != &prelu || depthwise_node == nullptr) return;
    TfNode* last_node = only_reader(*depthwise_node);
    if (last_node == nullptr) return;
    std::optional<Convolution> first = convolution(first_node, Kind::kPlain);
    std::optional<Convolution> depthwise = convolution(*depthwise_node, Kind::kDepthwise);
    std::optional<Convolution> last = convolution(*last_node, Kind::kPlain);
    if (!first || !depthwise || !last) return;
    const std::int64_t channels = first->filter.shape[3];
    const bool is_narrow = channels <= kMostChannels && channels % 4 == 0;
    const bool fits = slope->size() == channels && slope->shape.back() == channels &&
                      depthwise->filter.shape[2] == channels && last->filter.shape[2] == channels;
    const bool is_finite =
        std::ranges::all_of(slope->floats, [](float a) { return std::isfinite(a); });
    if (!is_narrow || !fits || !is_finite || !is_free(first_node) || !is_free(*depthwise_node) ||
        !is_free(*last_node))
      return;

    const auto count = static_cast<std::size_t>(channels);
    const std::vector<float> minus(count, -1.0F);
    std::vector<float> minus_slope;
    for (const float a : slope->floats) minus_slope.push_back(-a);
    first->filter.floats = doubled(first->filter.floats, count, minus);
    first->filter.shape[3] = 2 * channels;
    depthwise->filter.floats = doubled(depthwise->filter.floats, count, minus_slope);
    depthwise->filter.shape[2] = 2 * channels;
    const auto inner = count * static_cast<std::size_t>(last->filter.shape[3]);
    last->filter.floats = doubled(last->filter.floats, inner, std::vector<float>(inner, 1.0F));
    last->filter.shape[2] = 2 * channels;
    if (first->bias) {
      first->bias->floats = doubled(first->bias->floats, count, minus);
      first->bias->shape = {2 * channels};
      set_constant(first_node, 2, "bias", std::move(*first->bias));
    }
    if (depthwise->bias) {
      depthwise->bias->floats.resize(2 * count, 0.0F);
      depthwise->bias->shape = {2 * channels};
      set_constant(*depthwise_node, 2, "bias", std::move(*depthwise->bias));
    }
    set_constant(first_node, 1, "filter", std::move(first->filter));
    set_constant(*depthwise_node, 1, "filter", std::move(depthwise->filter));
    set_constant(*last_node, 1, "filter", std::move(last->filter));
    prelu.op = "Relu";
    prelu.inputs.resize(1);
  }

  std::vector<TfNode>& nodes_;
  Weights& weights_;
  const std::set<std::string>& outputs_;
  std::map<std::string, std::size_t> position_;
  std::map<std::string, std::vector<std::size_t>> readers_;
  std::vector<TfNode> new_constants_;
};

}  // namespace

void split_narrow_prelu(std::vector<TfNode>& nodes, Weights& weights,
                        const std::set<std::string>& outputs) {
  Splitter(nodes, weights, outputs).run();
}

}  // namespace mien
