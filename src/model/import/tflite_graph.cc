#include "model/import/tflite_graph.h"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <utility>

#include "model/import/tf_tensors.h"
#include "model/import/tflite_tensors.h"

namespace mien {

namespace {

using tflite::Activation;
using tflite::BuiltinOperator;

constexpr std::size_t kMaxTfliteBytes = std::size_t{256} << 20;  // the largest known has 3 MB
constexpr std::uint32_t kTfliteVersion = 3;

// Operators without options that have the same inputs in TensorFlow.
const char* plain_operator(BuiltinOperator op) {
  switch (op) {
    case BuiltinOperator::LOGISTIC:
      return "Sigmoid";
    case BuiltinOperator::RELU:
      return "Relu";
    case BuiltinOperator::NEG:
      return "Neg";
    case BuiltinOperator::SQRT:
      return "Sqrt";
    case BuiltinOperator::RSQRT:
      return "Rsqrt";
    case BuiltinOperator::SQUARED_DIFFERENCE:
      return "SquaredDifference";
    case BuiltinOperator::TRANSPOSE:
      return "Transpose";
    case BuiltinOperator::PAD:
      return "Pad";
    case BuiltinOperator::PRELU:
      return "Prelu";
    default:
      return nullptr;
  }
}

class TfliteReader {
 public:
  TfliteReader(const tflite::Model& model, const tflite::SubGraph& graph, TfliteTensors tensors)
      : model_(model),
        graph_(graph),
        tensors_(std::move(tensors)),
        known_(tensors_.size(), Known::kNo) {
    for (std::size_t i = 0; i < tensors_.size(); ++i) names_.insert(tensors_.name(i));
  }

  Result<TfliteGraph> read() {
    if (graph_.inputs()->size() != 1) {
      return Error{ErrorCode::kUnsupported, "the network has " +
                                                std::to_string(graph_.inputs()->size()) +
                                                " inputs; one is converted"};
    }
    MIEN_TRY(input, tensors_.at(graph_.inputs()->Get(0)));
    MIEN_TRY_VOID(make(input, {tensors_.name(input), "Placeholder", {}, {}}));
    for (const tflite::Operator* op : *graph_.operators()) MIEN_TRY_VOID(read_operator(*op));
    return std::move(read_);
  }

 private:
  enum class Known { kNo, kMade, kConstant };

  // The node that makes the tensor; each is made once, and constants are not made.
  Status make(std::size_t tensor, TfNode node) {
    if (known_[tensor] != Known::kNo || tensors_.is_dequantised(tensor))
      return corrupt_tflite("the tensor '" + tensors_.name(tensor) + "' is made twice");
    known_[tensor] = Known::kMade;
    read_.nodes.push_back(std::move(node));
    return Ok{};
  }

  // A node of a name that no tensor has.
  Status insert(TfNode node) {
    if (!names_.insert(node.name).second)
      return corrupt_tflite("two tensors have the name '" + node.name + "'");
    read_.nodes.push_back(std::move(node));
    return Ok{};
  }

  Result<std::string> insert_constant(std::string name, Weight weight) {
    MIEN_TRY_VOID(insert({name, "Const", {}, {}}));
    read_.weights[name] = std::move(weight);
    return name;
  }

  // Input `position` of the operator as a node: what was made, or a constant.
  Result<std::string> input(const tflite::Operator& op, std::size_t position) {
    MIEN_TRY(at, tensors_.input(op, position));
    const std::string& name = tensors_.name(at);
    if (known_[at] != Known::kNo) return name;
    MIEN_TRY(weight, tensors_.constant(at));
    known_[at] = Known::kConstant;
    read_.nodes.push_back({name, "Const", {}, {}});
    read_.weights[name] = std::move(weight);
    return name;
  }

  Status read_operator(const tflite::Operator& op) {
    if (op.opcode_index() >= model_.operator_codes()->size())
      return corrupt_tflite("an operator has no code");
    if (op.outputs()->size() != 1)
      return Error{
          ErrorCode::kUnsupported,
          "an operator with " + std::to_string(op.outputs()->size()) + " outputs is not known"};
    MIEN_TRY(output, tensors_.at(op.outputs()->Get(0)));
    // Codes above 127 did not fit the first field; older files have that one alone.
    const tflite::OperatorCode& code = *model_.operator_codes()->Get(op.opcode_index());
    const std::int32_t number = std::max(static_cast<std::int32_t>(code.builtin_code()),
                                         std::int32_t{code.deprecated_builtin_code()});
    const auto kind = static_cast<BuiltinOperator>(number);
    if (kind == BuiltinOperator::DEQUANTIZE) {
      MIEN_TRY(from, tensors_.input(op, 0));
      if (known_[output] != Known::kNo)
        return corrupt_tflite("the tensor '" + tensors_.name(output) + "' is made twice");
      return tensors_.dequantise(from, output);
    }
    if (tensors_.type(output) != tflite::TensorType::FLOAT32)
      return tensors_.unsupported(output, "it is not float32");
    if (kind == BuiltinOperator::CONV_2D || kind == BuiltinOperator::DEPTHWISE_CONV_2D)
      return convolution(op, output, kind == BuiltinOperator::DEPTHWISE_CONV_2D);
    TfNode node{tensors_.name(output), "", {}, {}};
    for (std::size_t i = 0; i < op.inputs()->size(); ++i) {
      MIEN_TRY(from, input(op, i));
      node.inputs.push_back(from);
    }
    if (const char* plain = plain_operator(kind); plain != nullptr) {
      node.op = plain;
      return make(output, std::move(node));
    }
    MIEN_TRY(activation, options(op, kind, node));
    if (node.op.empty()) {
      return tensors_.unsupported(
          output, "the operator " + std::to_string(number) + " that makes it is not known");
    }
    return make_activated(output, std::move(node), activation);
  }

  // Operator and attributes of what has options; the activation that follows. The operator stays
  // empty where it is not known, or its options are another's.
  Result<Activation> options(const tflite::Operator& op, BuiltinOperator kind, TfNode& node) {
    if (const auto* add = op.builtin_options_as_AddOptions(); kind == BuiltinOperator::ADD && add) {
      node.op = "AddV2";
      return add->fused_activation_function();
    }
    if (const auto* sub = op.builtin_options_as_SubOptions(); kind == BuiltinOperator::SUB && sub) {
      node.op = "Sub";
      return sub->fused_activation_function();
    }
    if (const auto* mul = op.builtin_options_as_MulOptions(); kind == BuiltinOperator::MUL && mul) {
      node.op = "Mul";
      return mul->fused_activation_function();
    }
    if (const auto* div = op.builtin_options_as_DivOptions(); kind == BuiltinOperator::DIV && div) {
      node.op = "RealDiv";
      return div->fused_activation_function();
    }
    if (const auto* reducer = op.builtin_options_as_ReducerOptions();
        reducer != nullptr && (kind == BuiltinOperator::MEAN || kind == BuiltinOperator::SUM)) {
      node.op = kind == BuiltinOperator::MEAN ? "Mean" : "Sum";
      node.attributes["keep_dims"] = reducer->keep_dims();
      return Activation::NONE;
    }
    if (kind == BuiltinOperator::RESHAPE) return reshape(op, node);
    if (const auto* join = op.builtin_options_as_ConcatenationOptions();
        kind == BuiltinOperator::CONCATENATION && join) {
      Weight axis;
      axis.is_integer = true;
      axis.integers = {join->axis()};
      MIEN_TRY(extra, insert_constant(node.name + "#axis", std::move(axis)));
      node.op = "ConcatV2";
      node.inputs.push_back(extra);
      return join->fused_activation_function();
    }
    if (const auto* pool = op.builtin_options_as_Pool2DOptions();
        kind == BuiltinOperator::MAX_POOL_2D && pool) {
      node.op = "MaxPool";
      node.attributes["ksize"] = Extents{1, pool->filter_height(), pool->filter_width(), 1};
      set_window(node, pool->padding(), pool->stride_h(), pool->stride_w());
      return pool->fused_activation_function();
    }
    if (const auto* slice = op.builtin_options_as_StridedSliceOptions();
        kind == BuiltinOperator::STRIDED_SLICE && slice) {
      node.op = "StridedSlice";
      node.attributes["begin_mask"] = std::int64_t{slice->begin_mask()};
      node.attributes["end_mask"] = std::int64_t{slice->end_mask()};
      node.attributes["ellipsis_mask"] = std::int64_t{slice->ellipsis_mask()};
      node.attributes["new_axis_mask"] = std::int64_t{slice->new_axis_mask()};
      node.attributes["shrink_axis_mask"] = std::int64_t{slice->shrink_axis_mask()};
    }
    return Activation::NONE;
  }

  // The new shape is an input, or among the options.
  Result<Activation> reshape(const tflite::Operator& op, TfNode& node) {
    const auto* reshape = op.builtin_options_as_ReshapeOptions();
    if (node.inputs.size() == 1 && reshape != nullptr && reshape->new_shape() != nullptr &&
        reshape->new_shape()->size() <= 8) {
      Weight shape;
      shape.is_integer = true;
      shape.integers.assign(reshape->new_shape()->begin(), reshape->new_shape()->end());
      shape.shape = {static_cast<std::int64_t>(shape.integers.size())};
      MIEN_TRY(extra, insert_constant(node.name + "#shape", std::move(shape)));
      node.inputs.push_back(extra);
    }
    node.op = "Reshape";
    return Activation::NONE;
  }

  static void set_window(TfNode& node, tflite::Padding padding, std::int64_t rows,
                         std::int64_t columns) {
    node.attributes["strides"] = Extents{1, rows, columns, 1};
    node.attributes["padding"] = std::string(padding == tflite::Padding::SAME ? "SAME" : "VALID");
  }

  Status convolution(const tflite::Operator& op, std::size_t output, bool depthwise) {
    MIEN_TRY(picture, input(op, 0));
    MIEN_TRY(filter_index, tensors_.input(op, 1));
    MIEN_TRY(filter, tensors_.constant(filter_index));
    if (filter.is_integer || filter.shape.size() != 4)
      return tensors_.unsupported(filter_index, "it is no filter of four extents");
    TfNode node{
        tensors_.name(output), depthwise ? "FusedDepthwiseConv2dNative" : "_FusedConv2D", {}, {}};
    Activation activation = Activation::NONE;
    if (const auto* plain = op.builtin_options_as_Conv2DOptions(); plain && !depthwise) {
      set_window(node, plain->padding(), plain->stride_h(), plain->stride_w());
      node.attributes["dilations"] =
          Extents{1, plain->dilation_h_factor(), plain->dilation_w_factor(), 1};
      activation = plain->fused_activation_function();
      const Extents from = filter.shape;  // out, rows, columns, in
      filter.floats = permuted(filter.floats, from, {1, 2, 3, 0});
      filter.shape = {from[1], from[2], from[3], from[0]};
    } else if (const auto* each = op.builtin_options_as_DepthwiseConv2DOptions();
               each && depthwise) {
      set_window(node, each->padding(), each->stride_h(), each->stride_w());
      node.attributes["dilations"] =
          Extents{1, each->dilation_h_factor(), each->dilation_w_factor(), 1};
      activation = each->fused_activation_function();
      const Extents from = filter.shape;  // 1, rows, columns, in x multiplier
      const std::int64_t multiplier = each->depth_multiplier();
      if (from[0] != 1 || multiplier < 1 || from[3] % multiplier != 0)
        return tensors_.unsupported(filter_index, "it is no depthwise filter");
      filter.shape = {from[1], from[2], from[3] / multiplier, multiplier};
    } else {
      return corrupt_tflite("the convolution that makes '" + tensors_.name(output) +
                            "' has no options");
    }
    MIEN_TRY(extra, insert_constant(node.name + "#filter", std::move(filter)));
    node.inputs = {picture, extra};
    if (op.inputs()->size() > 2 && op.inputs()->Get(2) >= 0) {
      MIEN_TRY(bias, input(op, 2));
      node.inputs.push_back(bias);
      node.attributes["fused_ops"] = std::vector<std::string>{"BiasAdd"};
    }
    return make_activated(output, std::move(node), activation);
  }

  // The tensor is what the activation makes of the node.
  Status make_activated(std::size_t output, TfNode node, Activation activation) {
    std::string op;
    switch (activation) {
      case Activation::NONE:
        return make(output, std::move(node));
      case Activation::RELU:
        op = "Relu";
        break;
      case Activation::RELU6:
        op = "Relu6";
        break;
      case Activation::TANH:
        op = "Tanh";
        break;
      default:
        return tensors_.unsupported(output, "the fused activation " +
                                                std::to_string(static_cast<int>(activation)) +
                                                " is not known");
    }
    node.name += "#before";
    const std::string before = node.name;
    MIEN_TRY_VOID(insert(std::move(node)));
    return make(output, {tensors_.name(output), op, {before}, {}});
  }

  const tflite::Model& model_;
  const tflite::SubGraph& graph_;
  TfliteTensors tensors_;
  std::vector<Known> known_;
  std::set<std::string> names_;  // of tensors, and of nodes that are none
  TfliteGraph read_;
};

}  // namespace

Result<TfliteGraph> read_tflite_graph(std::string_view bytes) {
  if (bytes.size() > kMaxTfliteBytes)
    return Error{ErrorCode::kUnsupported, "the TensorFlow Lite file has more than 256 MiB"};
  if (bytes.size() < 16) return corrupt_tflite("it has " + std::to_string(bytes.size()) + " bytes");
  std::vector<std::uint64_t> aligned(bytes.size() / 8 + 1);  // as the format wants it
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  const auto* data = reinterpret_cast<const std::uint8_t*>(aligned.data());
  constexpr flatbuffers::uoffset_t kMaxDepth = 16;  // the format needs 5
  constexpr flatbuffers::uoffset_t kMaxTables = 1 << 18;
  flatbuffers::Verifier verifier(data, bytes.size(), kMaxDepth, kMaxTables);
  if (!tflite::ModelBufferHasIdentifier(data)) return corrupt_tflite("it does not begin as one");
  if (!tflite::VerifyModelBuffer(verifier))
    return corrupt_tflite("an offset leads out of it, or a table is misshapen");
  const tflite::Model& model = *tflite::GetModel(data);
  if (model.version() != kTfliteVersion)
    return Error{ErrorCode::kUnsupported, "version " + std::to_string(model.version()) +
                                              " of TensorFlow Lite files is not known; 3 is"};
  if (model.subgraphs()->size() != 1)
    return Error{
        ErrorCode::kUnsupported,
        "the file has " + std::to_string(model.subgraphs()->size()) + " graphs; one is converted"};
  const tflite::SubGraph& graph = *model.subgraphs()->Get(0);
  MIEN_TRY(tensors, TfliteTensors::open(model, graph));
  return TfliteReader(model, graph, std::move(tensors)).read();
}

}  // namespace mien
