#include "model/import/tflite_tensors.h"

#include <flatbuffers/flatbuffers.h>

#include <set>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/half_float.h"
#include "model/import/onnx_graph.h"

namespace mien {

namespace {

constexpr std::size_t kMaxNumbers = OnnxGraph::kMaxConstantBytes / sizeof(float);

// As messages can show it.
std::string printable(const flatbuffers::String& text) {
  std::string shown = text.str();
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return shown;
}

Weight numbers_of(tflite::TensorType type, std::string_view bytes) {
  Weight weight;
  if (type == tflite::TensorType::FLOAT32) {
    weight.floats = numbers_of_bytes<float>(bytes);
  } else if (type == tflite::TensorType::FLOAT16) {
    for (const std::uint16_t half : numbers_of_bytes<std::uint16_t>(bytes))
      weight.floats.push_back(half_to_float(half));
  } else {
    weight.is_integer = true;
    for (const std::int32_t number : numbers_of_bytes<std::int32_t>(bytes))
      weight.integers.push_back(number);
  }
  return weight;
}

}  // namespace

Error corrupt_tflite(const std::string& message) {
  return {ErrorCode::kCorrupt, "the TensorFlow Lite file is damaged: " + message};
}

Result<TfliteTensors> TfliteTensors::open(const tflite::Model& model,
                                          const tflite::SubGraph& graph) {
  TfliteTensors tensors(model, graph);
  std::set<std::string> seen;
  for (const tflite::Tensor* tensor : *graph.tensors()) {
    tensors.names_.push_back(printable(*tensor->name()));
    if (!seen.insert(tensors.names_.back()).second)
      return corrupt_tflite("two tensors have the name '" + tensors.names_.back() + "'");
  }
  return tensors;
}

const tflite::Tensor& TfliteTensors::tensor(std::size_t at) const {
  return *graph_->tensors()->Get(static_cast<flatbuffers::uoffset_t>(at));
}

Error TfliteTensors::unsupported(std::size_t at, const std::string& what) const {
  return {ErrorCode::kUnsupported, "tensor '" + name(at) + "': " + what};
}

Result<std::size_t> TfliteTensors::at(std::int32_t number) const {
  if (number < 0 || static_cast<std::size_t>(number) >= names_.size())
    return corrupt_tflite("there is no tensor " + std::to_string(number));
  return static_cast<std::size_t>(number);
}

Result<std::size_t> TfliteTensors::input(const tflite::Operator& op, std::size_t position) const {
  if (position >= op.inputs()->size()) return corrupt_tflite("an operator has too few inputs");
  return at(op.inputs()->Get(static_cast<flatbuffers::uoffset_t>(position)));
}

Status TfliteTensors::dequantise(std::size_t from, std::size_t to) {
  if (type(from) != tflite::TensorType::FLOAT16)
    return unsupported(to, "only constants in half precision are turned into float32");
  if (is_dequantised(from) || !dequantised_.emplace(to, from).second)
    return corrupt_tflite("the tensor '" + name(to) + "' is made twice");
  return Ok{};
}

Result<Weight> TfliteTensors::constant(std::size_t at) {
  if (const auto it = dequantised_.find(at); it != dequantised_.end()) at = it->second;
  const tflite::Tensor& stored = tensor(at);
  if (stored.buffer() >= model_->buffers()->size())
    return corrupt_tflite("the tensor '" + name(at) + "' has no buffer");
  const auto* data = model_->buffers()->Get(stored.buffer())->data();
  if (data == nullptr || data->size() == 0)
    return unsupported(at, "it is neither a constant nor made by an operator before");
  if (stored.sparsity() != nullptr) return unsupported(at, "it is stored sparsely");
  const tflite::TensorType type = stored.type();
  if (type != tflite::TensorType::FLOAT32 && type != tflite::TensorType::FLOAT16 &&
      type != tflite::TensorType::INT32) {
    return unsupported(at, "the type " + std::to_string(static_cast<int>(type)) +
                               " is not known; float32, float16 and int32 are");
  }
  std::vector<std::int64_t> shape;
  std::size_t count = 1;
  if (stored.shape() != nullptr) {
    if (stored.shape()->size() > 8) return unsupported(at, "it has more than 8 extents");
    for (const std::int32_t extent : *stored.shape()) {
      if (extent < 1 || static_cast<std::size_t>(extent) > kMaxNumbers / count) {
        return corrupt_tflite("the tensor '" + name(at) + "' has the extent " +
                              std::to_string(extent));
      }
      shape.push_back(extent);
      count *= static_cast<std::size_t>(extent);
    }
  }
  if (count > kMaxNumbers - numbers_)
    return unsupported(at, "the constants need more than 512 MiB");
  const std::size_t bytes = count * (type == tflite::TensorType::FLOAT16 ? 2 : 4);
  if (data->size() != bytes) {
    return corrupt_tflite("the tensor '" + name(at) + "' needs " + std::to_string(bytes) +
                          " bytes and has " + std::to_string(data->size()));
  }
  numbers_ += count;
  Weight weight = numbers_of(type, {reinterpret_cast<const char*>(data->data()), data->size()});
  weight.shape = std::move(shape);
  return weight;
}

}  // namespace mien
