#include "model/import/tf_tensors.h"

#include <utility>

namespace mien {

namespace {

const Extents kToChannelsSecond = {0, 3, 1, 2};
const Extents kToChannelsLast = {0, 2, 3, 1};

}  // namespace

Error unsupported(const TfNode& node, const std::string& what) {
  return {ErrorCode::kUnsupported, "node '" + node.name + "' (" + node.op + "): " + what};
}

std::vector<float> permuted(const std::vector<float>& values, const Extents& shape,
                            const Extents& order) {
  const std::size_t rank = shape.size();
  MIEN_CHECK(order.size() == rank && rank > 0, "an order with one entry an axis");
  Extents strides(rank, 1);
  for (std::size_t i = rank - 1; i > 0; --i) strides[i - 1] = strides[i] * shape[i];
  Extents out_shape(rank);
  for (std::size_t i = 0; i < rank; ++i) out_shape[i] = shape[static_cast<std::size_t>(order[i])];
  std::vector<float> out(values.size());
  Extents index(rank, 0);
  for (float& value : out) {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < rank; ++i)
      offset += index[i] * strides[static_cast<std::size_t>(order[i])];
    value = values[static_cast<std::size_t>(offset)];
    for (std::size_t i = rank; i > 0; --i) {
      if (++index[i - 1] < out_shape[i - 1]) break;
      index[i - 1] = 0;
    }
  }
  return out;
}

Status TfTensors::set(const TfNode& node, TfValue value) {
  values_[node.name] = std::move(value);
  return Ok{};
}

Result<TfValue> TfTensors::input(const TfNode& node, std::size_t index) const {
  if (index >= node.inputs.size()) return unsupported(node, "it has too few inputs");
  return values_.at(node.inputs[index]);
}

Result<const Weight*> TfTensors::constant(const TfNode& node, std::size_t index,
                                          bool is_integer) const {
  MIEN_TRY(value, input(node, index));
  if (value.constant == nullptr || value.constant->is_integer != is_integer) {
    return unsupported(node, "its input " + std::to_string(index) + " must be a constant of " +
                                 (is_integer ? "integers" : "numbers"));
  }
  return value.constant;
}

Result<const Weight*> TfTensors::numbers(const TfNode& node, std::size_t index) const {
  return constant(node, index, false);
}

Result<const Weight*> TfTensors::integers(const TfNode& node, std::size_t index) const {
  return constant(node, index, true);
}

std::string TfTensors::plain(const TfValue& value) {
  if (value.constant != nullptr) {
    const auto [it, is_new] = plain_constants_.try_emplace(value.constant);
    const Weight& w = *value.constant;
    if (is_new)
      it->second =
          w.is_integer ? graph_.integers(w.integers, w.shape) : graph_.floats(w.floats, w.shape);
    return it->second;
  }
  if (!value.channels_second) return value.name;
  const auto [it, is_new] = plain_.try_emplace(value.name);
  if (is_new) it->second = graph_.node("Transpose", {value.name}, {{"perm", kToChannelsLast}});
  return it->second;
}

bool TfTensors::fits_picture(const TfValue& value) {
  return value.constant != nullptr ? !value.constant->is_integer && value.rank <= 4
                                   : value.rank == 4;
}

std::string TfTensors::picture(const TfValue& value) {
  MIEN_CHECK(fits_picture(value), "only what fits a picture");
  if (value.constant != nullptr) {
    const auto [it, is_new] = picture_constants_.try_emplace(value.constant);
    const Weight& w = *value.constant;
    if (is_new && w.size() == 1) {
      it->second = graph_.floats(w.floats, {});
    } else if (is_new) {
      Extents shape = w.shape;
      while (shape.size() < 4) shape.insert(shape.begin(), 1);
      const Extents moved{shape[0], shape[3], shape[1], shape[2]};
      it->second = graph_.floats(permuted(w.floats, shape, kToChannelsSecond), moved);
    }
    return it->second;
  }
  if (value.channels_second) return value.name;
  const auto [it, is_new] = pictures_.try_emplace(value.name);
  if (is_new) it->second = graph_.node("Transpose", {value.name}, {{"perm", kToChannelsSecond}});
  return it->second;
}

Result<std::string> TfTensors::picture_input(const TfNode& node, std::size_t index) {
  MIEN_TRY(value, input(node, index));
  if (!fits_picture(value) && (value.constant != nullptr || value.rank != -1))
    return unsupported(node, "its input " + std::to_string(index) + " is not a picture");
  value.rank = 4;  // or ONNX Runtime refuses the file
  return picture(value);
}

std::string TfTensors::as_is(const TfValue& value) {
  return value.channels_second ? value.name : plain(value);
}

}  // namespace mien
