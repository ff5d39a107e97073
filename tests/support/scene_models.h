// Pictures of three scenes and a small network that is trained on them, here, by least squares:
// what models of the user's own are tested with.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/image.h"
#include "base/random.h"
#include "base/sha256.h"
#include "model/import/onnx_graph.h"

namespace mien::testing {

inline constexpr std::array<const char*, 3> kScenes = {"sea", "forest", "fire"};
inline constexpr std::size_t kSceneFeatures = 12;  // mean red, green, blue of four quarters

inline void write_scene_vocabulary(const std::filesystem::path& file) {
  std::ofstream(file) << "id,name,wordings\nsea,the sea,ocean|es:mar\nforest,a forest,trees\n"
                         "fire,a fire,flames\n";
}

// A sky above; below it water, leaves or flames: colours, brightness and noise differ from picture
// to picture.
inline Image scene_picture(std::size_t scene, std::uint64_t seed, int width_px = 48,
                           int height_px = 48) {
  constexpr std::array<std::array<double, 3>, 3> kGround = {
      {{30, 90, 160}, {50, 120, 40}, {200, 90, 20}}};
  Random random(seed * 3 + scene);
  const double light = 0.6 + 0.6 * random.uniform();
  const std::array<double, 3> sky = {120 + 60 * random.uniform(), 130 + 60 * random.uniform(),
                                     140 + 80 * random.uniform()};
  const int horizon = static_cast<int>(height_px * (0.2 + 0.4 * random.uniform()));
  Image image(width_px, height_px);
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      const auto& colour = y < horizon ? sky : kGround[scene];
      for (std::size_t c = 0; c < 3; ++c) {
        const double value = light * colour[c] + 25 * random.normal();
        image.row(y)[static_cast<std::size_t>(x) * 3 + c] =
            static_cast<std::uint8_t>(std::fmin(255, std::fmax(0, value)));
      }
    }
  }
  return image;
}

// Of a square picture whose side is even; in [0, 1].
inline std::vector<double> scene_features(const Image& image) {
  std::vector<double> features(kSceneFeatures);
  const int half = image.width_px() / 2;
  for (int y = 0; y < image.height_px(); ++y) {
    for (int x = 0; x < image.width_px(); ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t quarter = (y < half ? 0U : 2U) + (x < half ? 0U : 1U);
        features[c * 4 + quarter] +=
            image.view().row(y)[static_cast<std::size_t>(x) * 3 + c] / 255.0 / (half * half);
      }
    }
  }
  return features;
}

// Least squares with a slight pull to 0: weights (targets x (features + 1)), the last the constant.
// `rows` of features, `targets` alike. Gaussian elimination of the normal equations.
inline std::vector<std::vector<double>> least_squares(
    const std::vector<std::vector<double>>& rows, const std::vector<std::vector<float>>& targets) {
  const std::size_t n = rows.front().size() + 1;
  const std::size_t outputs = targets.front().size();
  std::vector<std::vector<double>> system(n, std::vector<double>(n + outputs));
  for (std::size_t i = 0; i < n; ++i) system[i][i] = 1e-3;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::vector<double> x = rows[r];
    x.push_back(1);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) system[i][j] += x[i] * x[j];
      for (std::size_t k = 0; k < outputs; ++k) system[i][n + k] += x[i] * double{targets[r][k]};
    }
  }
  for (std::size_t i = 0; i < n; ++i) {  // symmetric and positive: no pivots needed
    for (std::size_t j = 0; j < n; ++j) {
      if (j == i) continue;
      const double share = system[j][i] / system[i][i];
      for (std::size_t k = i; k < n + outputs; ++k) system[j][k] -= share * system[i][k];
    }
  }
  std::vector<std::vector<double>> weights(outputs, std::vector<double>(n));
  for (std::size_t k = 0; k < outputs; ++k) {
    for (std::size_t i = 0; i < n; ++i) weights[k][i] = system[i][n + k] / system[i][i];
  }
  return weights;
}

// The weights as a network: 48 x 48 RGB in [0, 1], quarters' means, one linear layer.
inline std::string scene_network(const std::vector<std::vector<double>>& weights) {
  const auto outputs = static_cast<std::int64_t>(weights.size());
  std::vector<float> matrix;
  std::vector<float> constants;
  for (const std::vector<double>& row : weights) {
    for (std::size_t i = 0; i < kSceneFeatures; ++i) matrix.push_back(static_cast<float>(row[i]));
    constants.push_back(static_cast<float>(row[kSceneFeatures]));
  }
  OnnxGraph graph("scenes");
  graph.input("image", std::vector<std::int64_t>{-1, 3, 48, 48});
  const std::string pooled = graph.node("AveragePool", {"image"},
                                        {{"kernel_shape", std::vector<std::int64_t>{24, 24}},
                                         {"strides", std::vector<std::int64_t>{24, 24}}});
  const std::string flat = graph.node("Flatten", {pooled}, {{"axis", std::int64_t{1}}});
  const std::string w =
      graph.floats(matrix, std::vector<std::int64_t>{outputs, std::int64_t{kSceneFeatures}});
  const std::string b = graph.floats(constants, std::vector<std::int64_t>{outputs});
  graph.node("Gemm", {flat, w, b}, {{"transB", std::int64_t{1}}}, "vector");
  graph.output("vector", std::vector<std::int64_t>{-1, outputs});
  return graph.serialise().value();
}

// Trained on 60 pictures so that a scene's vector lies near its target, one a scene.
inline std::string trained_scene_network(const std::vector<std::vector<float>>& target_of_scene) {
  std::vector<std::vector<double>> rows;
  std::vector<std::vector<float>> targets;
  for (std::uint64_t i = 0; i < 60; ++i) {
    rows.push_back(scene_features(scene_picture(i % 3, 1000 + i)));
    targets.push_back(target_of_scene[i % 3]);
  }
  return scene_network(least_squares(rows, targets));
}

// Network and manifest into a folder; `more` is put over the fields. Gives the manifest's path.
inline std::filesystem::path write_scene_model(const std::filesystem::path& folder,
                                               const std::string& id, const std::string& onnx,
                                               std::size_t dimensions, const nlohmann::json& more) {
  std::ofstream(folder / (id + ".onnx"), std::ios::binary) << onnx;
  nlohmann::json manifest = {
      {"id", id},
      {"version", "1"},
      {"role", "embedding"},
      {"licence", "none"},
      {"source", {{"format", "onnx"}}},
      {"onnx_file", id + ".onnx"},
      {"onnx_sha256", sha256_of_bytes(onnx)},
      {"input", {{"name", "image"}, {"shape", {-1, 3, 48, 48}}, {"meaning", "picture"}}},
      {"colour_order", "rgb"},
      {"scaling", {{"subtract", {0, 0, 0}}, {"multiply", 1.0 / 255}}},
      {"outputs",
       {{{"name", "vector"}, {"shape", {-1, dimensions}}, {"meaning", "of the picture"}}}},
      {"intended_use", "the test"},
      {"known_limits", {"knows three scenes"}}};
  manifest.update(more);
  std::ofstream(folder / (id + ".json")) << manifest.dump();
  return folder / (id + ".json");
}

}  // namespace mien::testing
