// Dense float tensors, row major, as networks take and give them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mien {

struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> data;

  static Tensor zeros(std::vector<std::int64_t> shape);
};

struct TensorView {
  std::vector<std::int64_t> shape;
  std::span<const float> data;
};

std::int64_t element_count(std::span<const std::int64_t> shape);
std::string shape_to_string(std::span<const std::int64_t> shape);  // "1x256x256x3"; -1 is "?"

}  // namespace mien
