#include "model/import/onnx_graph.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/onnx_pb.h>

namespace mien {

namespace {

constexpr std::int64_t kOpset = 13;  // everything used here is settled by then
constexpr std::int64_t kIrVersion = 7;

void set_shape(onnx::ValueInfoProto* info, const std::string& name,
               std::span<const std::int64_t> shape, int element_type) {
  info->set_name(name);
  auto* type = info->mutable_type()->mutable_tensor_type();
  type->set_elem_type(element_type);
  auto* dims = type->mutable_shape();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    auto* dim = dims->add_dim();
    if (shape[i] < 0) {
      dim->set_dim_param("n" + std::to_string(i));
    } else {
      dim->set_dim_value(shape[i]);
    }
  }
}

}  // namespace

OnnxGraph::OnnxGraph(std::string_view name, std::size_t max_constant_bytes)
    : model_(new onnx::ModelProto), max_constant_bytes_(max_constant_bytes) {
  model_->set_ir_version(kIrVersion);
  model_->set_producer_name("mien");
  auto* opset = model_->add_opset_import();
  opset->set_domain("");
  opset->set_version(kOpset);
  model_->mutable_graph()->set_name(std::string(name));
}

OnnxGraph::~OnnxGraph() {
  delete model_;
}

std::string OnnxGraph::fresh(std::string_view hint) {
  return std::string(hint) + "_" + std::to_string(next_++);
}

void OnnxGraph::input(const std::string& name, std::span<const std::int64_t> shape) {
  set_shape(model_->mutable_graph()->add_input(), name, shape, onnx::TensorProto::FLOAT);
}

void OnnxGraph::integer_input(const std::string& name, std::span<const std::int64_t> shape) {
  set_shape(model_->mutable_graph()->add_input(), name, shape, onnx::TensorProto::INT64);
}

void OnnxGraph::output(const std::string& name, std::span<const std::int64_t> shape) {
  set_shape(model_->mutable_graph()->add_output(), name, shape, onnx::TensorProto::FLOAT);
}

std::string OnnxGraph::constant(const char* hint, int type, std::span<const std::int64_t> shape,
                                const void* data, std::size_t bytes) {
  std::string name = fresh(hint);
  constant_bytes_ += bytes;
  if (constant_bytes_ > max_constant_bytes_) return name;  // serialise() says so
  auto* tensor = model_->mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(type);
  for (const std::int64_t extent : shape) tensor->add_dims(extent);
  tensor->mutable_raw_data()->assign(static_cast<const char*>(data), bytes);
  return name;
}

std::string OnnxGraph::floats(std::span<const float> values, std::span<const std::int64_t> shape) {
  return constant("w", onnx::TensorProto::FLOAT, shape, values.data(), values.size_bytes());
}

std::string OnnxGraph::integers(std::span<const std::int64_t> values,
                                std::span<const std::int64_t> shape) {
  return constant("i", onnx::TensorProto::INT64, shape, values.data(), values.size_bytes());
}

std::string OnnxGraph::small_integers(std::span<const std::int8_t> values,
                                      std::span<const std::int64_t> shape) {
  return constant("i", onnx::TensorProto::INT8, shape, values.data(), values.size_bytes());
}

std::string OnnxGraph::node(const std::string& op, const std::vector<std::string>& inputs,
                            const OnnxAttributes& attributes, const std::string& output_name) {
  auto* node = model_->mutable_graph()->add_node();
  node->set_op_type(op);
  for (const std::string& input : inputs) node->add_input(input);
  for (const auto& [name, value] : attributes) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      attribute->set_type(onnx::AttributeProto::INT);
      attribute->set_i(*integer);
    } else if (const auto* number = std::get_if<float>(&value)) {
      attribute->set_type(onnx::AttributeProto::FLOAT);
      attribute->set_f(*number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      attribute->set_type(onnx::AttributeProto::STRING);
      attribute->set_s(*text);
    } else {
      attribute->set_type(onnx::AttributeProto::INTS);
      for (const std::int64_t i : std::get<std::vector<std::int64_t>>(value))
        attribute->add_ints(i);
    }
  }
  std::string name = output_name.empty() ? fresh(op) : output_name;
  node->set_name("node_" + name);
  node->add_output(name);
  return name;
}

Result<std::string> OnnxGraph::serialise() const {
  if (constant_bytes_ > max_constant_bytes_) {
    return Error{ErrorCode::kUnsupported,
                 "the graph's constants need " + std::to_string(constant_bytes_) +
                     " bytes; at most " + std::to_string(max_constant_bytes_) + " are converted"};
  }
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  {
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    model_->SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace mien
