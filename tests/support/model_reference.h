// For tests that hold a network against another engine's outputs of the same seeded input
// (tests/reference/models, tests/reference/bundle). Each kept element may differ by 1e-3 of the
// largest magnitude of its output, and the sum of all magnitudes by 1e-3 of itself.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "model/manifest.h"

namespace mien::testing {

// One number a channel for every block of `size` x `size` pixels.
class BlockGrid {
 public:
  BlockGrid(std::uint32_t& state, std::size_t size, std::size_t rows, std::size_t columns,
            std::size_t channels)
      : size_(size), across_((columns + size - 1) / size), channels_(channels) {
    values_.resize((rows + size - 1) / size * across_ * channels);
    for (double& value : values_) {
      state = state * 1664525U + 1013904223U;
      value = static_cast<double>(state) / 4294967296.0;
    }
  }
  double at(std::size_t y, std::size_t x, std::size_t channel) const {
    return values_[(y / size_ * across_ + x / size_) * channels_ + channel];
  }

 private:
  std::size_t size_;
  std::size_t across_;
  std::size_t channels_;
  std::vector<double> values_;
};

// The picture of the scripts there: blocks of 8 x 8 pixels under a quarter of a finer pattern.
inline std::vector<float> block_picture(const PictureShape& shape, std::uint32_t seed, double low,
                                        double high) {
  const auto rows = static_cast<std::size_t>(shape.rows);
  const auto columns = static_cast<std::size_t>(shape.columns);
  const auto channels = static_cast<std::size_t>(shape.channels);
  const BlockGrid coarse(seed, 8, rows, columns, channels);
  const BlockGrid fine(seed, 2, rows, columns, channels);
  std::vector<float> values;
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      for (std::size_t k = 0; k < channels; ++k) {
        const double unit = 0.75 * coarse.at(y, x, k) + 0.25 * fine.at(y, x, k);
        values.push_back(static_cast<float>(low + (high - low) * unit));
      }
    }
  }
  return values;
}

inline void expect_reference(const Manifest& manifest, const std::vector<Tensor>& outputs,
                             const nlohmann::json& expected) {
  constexpr double kTolerance = 1e-3;
  ASSERT_EQ(outputs.size(), manifest.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string& name = manifest.outputs[i].name;
    const nlohmann::json& wanted = expected.at(name);
    std::vector<double> actual(outputs[i].data.begin(), outputs[i].data.end());
    if (wanted.contains("as")) {  // a logit: the probability itself is too near 0 to compare
      for (double& value : actual) value = std::log(value / (1 - value));
    }
    ASSERT_EQ(actual.size(), wanted.at("size").get<std::size_t>()) << name;
    const double largest = wanted.at("largest");
    double worst = 0;
    std::size_t telling = 0;
    for (const nlohmann::json& element : wanted.at("elements")) {
      const double value = element.at(1);
      const double difference = std::abs(actual.at(element.at(0)) - value) / largest;
      EXPECT_LE(difference, kTolerance) << name << " " << element;
      worst = std::max(worst, difference);
      telling += std::abs(value) > 0.01 * largest ? 1 : 0;
    }
    EXPECT_GE(telling, std::min<std::size_t>(3, actual.size())) << name << " tells nothing";
    double magnitudes = 0;
    for (const double value : actual) magnitudes += std::abs(value);
    EXPECT_NEAR(magnitudes / wanted.at("magnitudes").get<double>(), 1, kTolerance) << name;
    // In --gtest_output.
    ::testing::Test::RecordProperty("worst_" + name, std::to_string(worst * 1e6) + "e-6");
  }
}

}  // namespace mien::testing
