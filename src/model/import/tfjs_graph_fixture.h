// A small TensorFlow.js model under construction, to be converted and run.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"

#include "base/sha256.h"
#include "model/import/tf_converter.h"
#include "model/session.h"

namespace mien::testing {

using Extents = std::vector<std::int64_t>;

constexpr std::int64_t kSide = 6;  // rows and columns of the test picture

inline std::string base64(const std::string& text) {  // of operator names: short ASCII
  static const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= text.size() ? digits[bits >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

// A TensorFlow.js model under construction; the input is "picture", 1 x 6 x 6 x 3.
class TfjsGraph {
 public:
  TfjsGraph() {
    node("picture", "Placeholder", {});
    manifest_.source.format = "tfjs-graph";
    manifest_.id = "test";
    manifest_.input = {"in", {-1, kSide, kSide, 3}, "", ""};
    manifest_.scaling.subtract = {0, 0, 0};
    manifest_.onnx_file = "test.onnx";
  }
  std::string node(const std::string& name, const std::string& op,
                   const std::vector<std::string>& inputs,
                   const nlohmann::json& attributes = nlohmann::json::object()) {
    nodes_.push_back({{"name", name}, {"op", op}, {"input", inputs}, {"attr", attributes}});
    return name;
  }
  std::string numbers(const std::string& name, const Extents& shape,
                      const std::vector<float>& values) {
    weights_.push_back({{"name", name}, {"shape", shape}, {"dtype", "float32"}});
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    return node(name, "Const", {});
  }
  std::string integers(const std::string& name, const std::vector<std::int32_t>& values) {
    weights_.push_back({{"name", name}, {"shape", {values.size()}}, {"dtype", "int32"}});
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * 4);
    return node(name, "Const", {});
  }
  // A 1 x 1 convolution of the picture, so that what follows is kept channels-second.
  std::string channels(const std::string& name, std::int64_t count) {
    std::vector<float> filter;
    for (std::int64_t i = 0; i < 3 * count; ++i)
      filter.push_back(0.5F * std::sin(static_cast<float>(3 * i + 1)));
    return node(name, "Conv2D", {"picture", numbers(name + "/filter", {1, 1, 3, count}, filter)},
                window(1, "VALID"));
  }
  static nlohmann::json window(int stride, const std::string& padding) {
    return {{"strides",
             {{"list", {{"i", {"1", std::to_string(stride), std::to_string(stride), "1"}}}}}},
            {"padding", {{"s", base64(padding)}}}};
  }

  nlohmann::json& nodes() { return nodes_; }
  nlohmann::json& weights() { return weights_; }
  std::string& bytes() { return bytes_; }

  Result<std::string> convert(const std::vector<std::string>& outputs) {
    manifest_.outputs.clear();
    for (const std::string& output : outputs)
      manifest_.outputs.push_back({"out_" + output, {-1}, "", output});
    return convert_model(manifest_, description(), bytes_);
  }
  std::string description() const {
    return nlohmann::json{{"modelTopology", {{"node", nodes_}}},
                          {"weightsManifest", {{{"paths", {"w.bin"}}, {"weights", weights_}}}}}
        .dump();
  }
  const Manifest& manifest() const { return manifest_; }

  std::string refusal(const std::string& output) {
    const auto converted = convert({output});
    return converted.ok() ? "" : converted.error().message;
  }

  // Runs the graph on picture(); shapes are those of the outputs.
  std::vector<Tensor> run(const std::vector<std::string>& outputs,
                          const std::vector<Extents>& shapes) {
    auto onnx = convert(outputs);
    EXPECT_TRUE(onnx.ok()) << onnx.error().message;
    if (!onnx.ok()) return {};
    // The shapes of outputs are part of the file.
    for (std::size_t i = 0; i < shapes.size(); ++i) manifest_.outputs[i].shape = shapes[i];
    onnx = convert_model(manifest_, description(), bytes_);
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "test.onnx", std::ios::binary) << *onnx;
    manifest_.onnx_sha256 = sha256_of_bytes(*onnx);
    auto session = Session::open(manifest_, folder.path());
    EXPECT_TRUE(session.ok()) << session.error().message;
    if (!session.ok()) return {};
    const std::vector<float> input = picture();
    auto result = session->run({{1, kSide, kSide, 3}, input});
    EXPECT_TRUE(result.ok());
    return result.ok() ? *result : std::vector<Tensor>{};
  }

  static std::vector<float> picture() {
    std::vector<float> values(kSide * kSide * 3);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = std::sin(static_cast<float>(7 * i)) * 2;
    return values;
  }

 private:
  Manifest manifest_;
  nlohmann::json nodes_ = nlohmann::json::array();
  nlohmann::json weights_ = nlohmann::json::array();
  std::string bytes_;
};

const Extents kEight = {-1, kSide, kSide, 8};

}  // namespace mien::testing
