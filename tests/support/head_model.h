// A small expression head made by hand, for tests: what a folder of `mien train expression` holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "model/import/onnx_graph.h"
#include "model/manifest.h"

namespace mien::testing {

// Writes FOLDER/head.onnx and FOLDER/manifest.json and gives the manifest's path. The labels are
// "open" and "shut": the sigmoid of plus and of minus `gain` times the mean over frames of the
// number at `place` of a row.
inline std::filesystem::path write_head(const std::filesystem::path& folder,
                                        const std::vector<HeadFeatures::Block>& blocks,
                                        std::int64_t place, float gain = 1) {
  std::filesystem::create_directories(folder);
  nlohmann::json listed = nlohmann::json::array();
  HeadFeatures features{6, blocks};
  for (const HeadFeatures::Block& block : blocks) {
    nlohmann::json one = {{"name", block.name}, {"size", block.size}};
    if (!block.model.empty()) {
      one["model"] = block.model;
      one["onnx_sha256"] = block.onnx_sha256;
    }
    if (!block.landmarks_sha256.empty()) one["landmarks_sha256"] = block.landmarks_sha256;
    listed.push_back(one);
  }
  const std::int64_t size = features.size();
  std::vector<float> weights(static_cast<std::size_t>(2 * size));
  weights[static_cast<std::size_t>(place)] = gain;
  weights[static_cast<std::size_t>(size + place)] = -gain;
  OnnxGraph graph("head");
  graph.input("features", std::vector<std::int64_t>{1, -1, size});
  const std::string mean =
      graph.node("ReduceMean", {"features"},
                 {{"axes", std::vector<std::int64_t>{1}}, {"keepdims", std::int64_t{0}}});
  const std::string matrix = graph.floats(weights, std::vector<std::int64_t>{2, size});
  const std::string bias = graph.floats(std::vector<float>{0, 0}, std::vector<std::int64_t>{2});
  const std::string logits =
      graph.node("Gemm", {mean, matrix, bias}, {{"transB", std::int64_t{1}}});
  graph.node("Sigmoid", {logits}, {}, "probabilities");
  graph.output("probabilities", std::vector<std::int64_t>{1, 2});
  const std::string bytes = graph.serialise().value();
  std::ofstream(folder / "head.onnx", std::ios::binary) << bytes;
  const nlohmann::json manifest = {
      {"id", "mouths"},
      {"version", "1"},
      {"role", "expression_head"},
      {"licence", "none"},
      {"source", {{"format", "onnx"}}},
      {"onnx_file", "head.onnx"},
      {"onnx_sha256", sha256_of_bytes(bytes)},
      {"input", {{"name", "features"}, {"shape", {1, -1, size}}, {"meaning", "rows of a span"}}},
      {"outputs",
       {{{"name", "probabilities"}, {"shape", {1, 2}}, {"meaning", "one probability a label"}}}},
      {"channel", "label"},
      {"labels", {"open", "shut"}},
      {"activation", "none"},
      {"whose_labels", "three students in Lyon"},
      {"features", {{"rate_hz", 6}, {"blocks", listed}}},
      {"ratings",
       {{"words", {"mouth open", "mouth shut"}},
        {"raters", 3},
        {"clips", 40},
        {"ratings", 120},
        {"simulated", false},
        {"reliability", "Krippendorff's alpha 0.71"}}},
      {"intended_use", "tests"},
      {"known_limits", {"It is made by hand."}}};
  std::ofstream(folder / "manifest.json") << manifest.dump(2);
  return folder / "manifest.json";
}

// The action channel alone, and where jaw_drop stands in it.
inline std::vector<HeadFeatures::Block> action_block() {
  return {{"action", 26, "", ""}};
}

}  // namespace mien::testing
