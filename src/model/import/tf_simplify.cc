#include "model/import/tf_simplify.h"

#include <iterator>
#include <map>

namespace mien {

namespace {

class Simplifier {
 public:
  Simplifier(std::vector<TfNode>& nodes, Weights& weights) : nodes_(nodes), weights_(weights) {}

  void run() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) position_[nodes_[i].name] = i;
    for (TfNode& node : nodes_) {
      if (node.inputs.size() != 2) continue;
      if (node.op == "Maximum") to_clip(node);
      if (node.op == "Add" || node.op == "AddV2") to_prelu(node);
    }
    nodes_.insert(nodes_.begin(), std::make_move_iterator(new_constants_.begin()),
                  std::make_move_iterator(new_constants_.end()));
  }

 private:
  // The node of that name where it has this operator, else null.
  const TfNode* find(const std::string& name, const char* op) const {
    const auto it = position_.find(name);
    return it != position_.end() && nodes_[it->second].op == op ? &nodes_[it->second] : nullptr;
  }

  const Weight* numbers(const std::string& name) const {
    if (find(name, "Const") == nullptr) return nullptr;
    const auto it = weights_.find(name);
    return it == weights_.end() || it->second.is_integer ? nullptr : &it->second;
  }

  // `node` as op(x, constant) in either order.
  struct WithConstant {
    std::string x;
    std::string constant_name;
    const Weight* constant = nullptr;
  };
  WithConstant with_constant(const TfNode& node) const {
    if (node.inputs.size() != 2) return {};
    for (const std::size_t i : {0U, 1U}) {
      if (const Weight* found = numbers(node.inputs[i]))
        return {node.inputs[1 - i], node.inputs[i], found};
    }
    return {};
  }

  void to_clip(TfNode& node) const {
    const WithConstant lower = with_constant(node);
    if (lower.constant == nullptr || lower.constant->size() != 1 || lower.constant->floats[0] != 0)
      return;
    const TfNode* minimum = find(lower.x, "Minimum");
    if (minimum == nullptr) return;
    const WithConstant upper = with_constant(*minimum);
    if (upper.constant == nullptr || upper.constant->size() != 1 ||
        !(upper.constant->floats[0] >= 0))
      return;
    std::string x = upper.x;
    if (const TfNode* relu = find(x, "Relu"); relu != nullptr && relu->inputs.size() == 1)
      x = relu->inputs[0];
    node.op = "ClipByValue";
    node.inputs = {x, lower.constant_name, upper.constant_name};
  }

  bool is_never_negative(const std::string& name) const {
    const auto it = position_.find(name);
    if (it == position_.end()) return false;
    const TfNode& node = nodes_[it->second];
    const std::vector<std::string> fused = node.texts("fused_ops");
    return node.op == "Relu" || (!fused.empty() && fused.back() == "Relu");
  }

  // "" or the x of Mul(Sub(x, Abs(x)), a); `slope` receives a.
  std::string negative_part(const std::string& name, const Weight*& slope) const {
    const TfNode* mul = find(name, "Mul");
    if (mul == nullptr) return {};
    const WithConstant scaled = with_constant(*mul);
    if (scaled.constant == nullptr) return {};
    const TfNode* sub = find(scaled.x, "Sub");
    if (sub == nullptr || sub->inputs.size() != 2) return {};
    const TfNode* abs = find(sub->inputs[1], "Abs");
    if (abs == nullptr || abs->inputs.size() != 1 || abs->inputs[0] != sub->inputs[0]) return {};
    slope = scaled.constant;
    return sub->inputs[0];
  }

  void to_prelu(TfNode& node) {
    for (const std::size_t i : {0U, 1U}) {
      const Weight* slope = nullptr;
      const std::string x = negative_part(node.inputs[1 - i], slope);
      if (x.empty()) continue;
      if (node.inputs[i] == x && is_never_negative(x)) {
        node.op = "Identity";
        node.inputs = {x};
        return;
      }
      const TfNode* relu = find(node.inputs[i], "Relu");
      if (relu == nullptr || relu->inputs.size() != 1 || relu->inputs[0] != x) continue;
      Weight doubled = *slope;
      for (float& value : doubled.floats) value *= 2;
      TfNode constant;
      constant.name = node.name + "/slope";
      if (position_.contains(constant.name) || weights_.contains(constant.name)) return;
      constant.op = "Const";
      weights_[constant.name] = std::move(doubled);
      node.op = "Prelu";
      node.inputs = {x, constant.name};
      new_constants_.push_back(std::move(constant));
      return;
    }
  }

  std::vector<TfNode>& nodes_;
  Weights& weights_;
  std::map<std::string, std::size_t> position_;
  std::vector<TfNode> new_constants_;
};

}  // namespace

void simplify_tf(std::vector<TfNode>& nodes, Weights& weights) {
  Simplifier(nodes, weights).run();
}

}  // namespace mien
