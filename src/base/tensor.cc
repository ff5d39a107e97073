#include "base/tensor.h"

namespace mien {

Tensor Tensor::zeros(std::vector<std::int64_t> shape) {
  Tensor tensor;
  tensor.data.assign(static_cast<std::size_t>(element_count(shape)), 0.0F);
  tensor.shape = std::move(shape);
  return tensor;
}

std::int64_t element_count(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

std::string shape_to_string(std::span<const std::int64_t> shape) {
  std::string text;
  for (const std::int64_t extent : shape) {
    if (!text.empty()) text += 'x';
    text += extent < 0 ? "?" : std::to_string(extent);
  }
  return text.empty() ? "scalar" : text;
}

}  // namespace mien
