// A small TensorFlow Lite file under construction, to be converted and run.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "support/paths.h"
#include "tflite_generated.h"

#include "base/half_float.h"
#include "base/sha256.h"
#include "model/import/import.h"
#include "model/session.h"

namespace mien::testing {

using tflite::Activation;
using tflite::BuiltinOperator;
using tflite::BuiltinOptions;
using tflite::TensorType;

constexpr int kPictureSide = 6;

// The input is tensor 0, "picture", 1 x 6 x 6 x 3.
class TfliteFile {
 public:
  TfliteFile() {
    buffers_.emplace_back();
    tensor("picture", {1, kPictureSide, kPictureSide, 3});
  }

  int tensor(const std::string& name, const std::vector<int>& shape,
             TensorType type = TensorType::FLOAT32, const std::string& data = "") {
    if (!data.empty()) buffers_.push_back(data);
    const auto buffer = static_cast<std::uint32_t>(data.empty() ? 0 : buffers_.size() - 1);
    tensors_.push_back(tflite::CreateTensorDirect(
        builder_, &shape, type, buffer, name.c_str(), 0, false,
        is_sparse ? tflite::CreateSparsity(builder_) : flatbuffers::Offset<tflite::Sparsity>{}));
    return static_cast<int>(tensors_.size()) - 1;
  }
  int numbers(const std::string& name, const std::vector<int>& shape,
              const std::vector<float>& values) {
    return tensor(name, shape, TensorType::FLOAT32,
                  {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }
  int integers(const std::string& name, const std::vector<int>& values) {
    return tensor(name, {static_cast<int>(values.size())}, TensorType::INT32,
                  {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(int)});
  }
  // In half precision, and the operator that turns them into float32.
  int halves(const std::string& name, const std::vector<int>& shape,
             const std::vector<float>& values) {
    std::string bytes;
    for (const float value : values) {
      const std::uint16_t half = float_to_half(value);
      bytes.append(reinterpret_cast<const char*>(&half), sizeof half);
    }
    const int stored = tensor(name + "/half", shape, TensorType::FLOAT16, bytes);
    return op(BuiltinOperator::DEQUANTIZE, {stored}, name, shape);
  }

  template <typename Options = tflite::AddOptions>
  int op(BuiltinOperator kind, const std::vector<int>& from, const std::string& output,
         const std::vector<int>& shape, flatbuffers::Offset<Options> options = {}) {
    const int made = tensor(output, shape);
    raw_op(kind, from, {made}, options);
    return made;
  }
  template <typename Options = tflite::AddOptions>
  void raw_op(BuiltinOperator kind, const std::vector<int>& from, const std::vector<int>& to,
              flatbuffers::Offset<Options> options = {}) {
    // Codes above 127 do not fit the older field; those below stand in both.
    codes_.push_back(tflite::CreateOperatorCode(
        builder_, static_cast<std::int8_t>(std::min(static_cast<int>(kind), 127)), 0, 1, kind));
    const BuiltinOptions type =
        options.IsNull() ? BuiltinOptions::NONE : tflite::BuiltinOptionsTraits<Options>::enum_value;
    operators_.push_back(tflite::CreateOperatorDirect(builder_,
                                                      static_cast<std::uint32_t>(codes_.size() - 1),
                                                      &from, &to, type, options.Union()));
  }
  flatbuffers::FlatBufferBuilder& builder() { return builder_; }

  // What the file says of itself; set before bytes().
  std::uint32_t version = 3;
  std::vector<int> inputs = {0};
  int graphs = 1;
  bool is_sparse = false;

  // Once.
  std::string bytes() {
    std::vector<flatbuffers::Offset<tflite::Buffer>> buffers;
    for (const std::string& data : buffers_) {
      const std::vector<std::uint8_t> copy(data.begin(), data.end());
      buffers.push_back(tflite::CreateBufferDirect(builder_, &copy));
    }
    const std::vector<int> outputs;
    const auto graph =
        tflite::CreateSubGraphDirect(builder_, &tensors_, &inputs, &outputs, &operators_);
    const std::vector<flatbuffers::Offset<tflite::SubGraph>> all(static_cast<std::size_t>(graphs),
                                                                 graph);
    builder_.Finish(tflite::CreateModelDirect(builder_, version, &codes_, &all, "test", &buffers),
                    tflite::ModelIdentifier());
    return {reinterpret_cast<const char*>(builder_.GetBufferPointer()), builder_.GetSize()};
  }

 private:
  flatbuffers::FlatBufferBuilder builder_;
  std::vector<std::string> buffers_;
  std::vector<flatbuffers::Offset<tflite::Tensor>> tensors_;
  std::vector<flatbuffers::Offset<tflite::OperatorCode>> codes_;
  std::vector<flatbuffers::Offset<tflite::Operator>> operators_;
};

inline Manifest tflite_manifest(const std::string& output, const std::vector<std::int64_t>& shape) {
  Manifest manifest;
  manifest.id = "test";
  manifest.source.format = "tflite";
  manifest.input = {"in", {1, kPictureSide, kPictureSide, 3}, "", ""};
  manifest.scaling.subtract = {0, 0, 0};
  manifest.onnx_file = "test.onnx";
  manifest.outputs = {{"out", shape, "", output}};
  return manifest;
}

inline std::vector<float> tflite_picture() {
  std::vector<float> values(kPictureSide * kPictureSide * 3);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(7 * i));
  return values;
}

// The tensor `output` that the file makes of the picture.
inline std::vector<float> run_tflite(TfliteFile& file, const std::string& output,
                                     const std::vector<std::int64_t>& shape) {
  Manifest manifest = tflite_manifest(output, shape);
  const auto onnx = convert_tflite(manifest, file.bytes());
  EXPECT_TRUE(onnx.ok()) << onnx.error().message;
  if (!onnx.ok()) return {};
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "test.onnx", std::ios::binary) << *onnx;
  manifest.onnx_sha256 = sha256_of_bytes(*onnx);
  auto session = Session::open(manifest, folder.path());
  EXPECT_TRUE(session.ok()) << session.error().message;
  if (!session.ok()) return {};
  const std::vector<float> input = tflite_picture();
  const auto result = session->run({manifest.input.shape, input});
  EXPECT_TRUE(result.ok());
  return result.ok() ? result->front().data : std::vector<float>{};
}

// Why the file is refused; "" where it is not.
inline std::string tflite_refusal(TfliteFile& file, const std::string& output = "out") {
  const auto onnx = convert_tflite(tflite_manifest(output, {1}), file.bytes());
  return onnx.ok() ? "" : onnx.error().message;
}

}  // namespace mien::testing
