// Writes an ONNX graph node by node. Names are given out in order, so the same calls give the same
// bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace onnx {
class ModelProto;
}

namespace mien {

using OnnxAttributeValue =
    std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>>;
using OnnxAttributes = std::vector<std::pair<std::string, OnnxAttributeValue>>;

class OnnxGraph {
 public:
  // Far above any network here; keeps a hostile graph that repeats its constants from filling
  // memory.
  static constexpr std::size_t kMaxConstantBytes = std::size_t{512} << 20;

  explicit OnnxGraph(std::string_view name, std::size_t max_constant_bytes = kMaxConstantBytes);
  OnnxGraph(const OnnxGraph&) = delete;
  OnnxGraph& operator=(const OnnxGraph&) = delete;
  ~OnnxGraph();

  // -1 in a shape is a free extent.
  void input(const std::string& name, std::span<const std::int64_t> shape);
  void integer_input(const std::string& name, std::span<const std::int64_t> shape);  // int64
  void output(const std::string& name, std::span<const std::int64_t> shape);
  std::string floats(std::span<const float> values, std::span<const std::int64_t> shape);
  std::string integers(std::span<const std::int64_t> values, std::span<const std::int64_t> shape);
  std::string small_integers(std::span<const std::int8_t> values,
                             std::span<const std::int64_t> shape);

  // One node with one output, whose name is returned (or `output_name`, where given).
  std::string node(const std::string& op, const std::vector<std::string>& inputs,
                   const OnnxAttributes& attributes = {}, const std::string& output_name = "");

  // The same bytes for the same calls. kUnsupported where the constants exceed the limit.
  Result<std::string> serialise() const;

 private:
  std::string fresh(std::string_view hint);

  std::string constant(const char* hint, int type, std::span<const std::int64_t> shape,
                       const void* data, std::size_t bytes);

  onnx::ModelProto* model_;
  std::int64_t next_ = 0;
  std::size_t max_constant_bytes_;
  std::size_t constant_bytes_ = 0;
};

}  // namespace mien
