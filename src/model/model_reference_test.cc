// The converted networks against the packages' own weights run by TensorFlow.js
// (tests/reference/models/expected.mjs). Each kept element may differ by 1e-3 of the largest
// magnitude of its output, and the sum of all magnitudes by 1e-3 of itself.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"

#include "model/model_set.h"

namespace mien {
namespace {

constexpr double kTolerance = 1e-3;

// The picture of expected.mjs: blocks of 8 x 8 pixels under a quarter of a finer pattern.
class Grid {
 public:
  Grid(std::uint32_t& state, std::size_t size, std::size_t rows, std::size_t columns,
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

std::vector<float> blocks(const PictureShape& shape, std::uint32_t seed, double low, double high) {
  const auto rows = static_cast<std::size_t>(shape.rows);
  const auto columns = static_cast<std::size_t>(shape.columns);
  const auto channels = static_cast<std::size_t>(shape.channels);
  const Grid coarse(seed, 8, rows, columns, channels);
  const Grid fine(seed, 2, rows, columns, channels);
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

class ModelReferenceTest : public ::testing::TestWithParam<std::string> {
 protected:
  static ModelSet models() {
    return ModelSet::open(testing::source_dir() / "models", testing::source_dir() / "build/models")
        .value();
  }
};

TEST_P(ModelReferenceTest, EqualsTheOriginalWeightsInTensorFlowJs) {
  std::ifstream file(testing::source_dir() / "tests/reference/models/expected.json");
  const nlohmann::json expected = nlohmann::json::parse(file).at("models").at(GetParam());
  auto session = models().open_session(GetParam());
  ASSERT_TRUE(session.ok()) << session.error().message;
  const PictureShape shape = picture_shape(session->manifest());
  const std::vector<float> input =
      blocks(shape, expected.at("seed"), expected.at("low"), expected.at("high"));
  const auto outputs = session->run({{1, shape.rows, shape.columns, shape.channels}, input});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  for (std::size_t i = 0; i < outputs->size(); ++i) {
    const std::string& name = session->manifest().outputs[i].name;
    const nlohmann::json& wanted = expected.at("outputs").at(name);
    std::vector<double> actual((*outputs)[i].data.begin(), (*outputs)[i].data.end());
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
    RecordProperty("worst_" + name, std::to_string(worst * 1e6) + "e-6");  // in --gtest_output
  }
}

TEST_P(ModelReferenceTest, GivesTheSameInABatchAsAlone) {
  auto session = models().open_session(GetParam());
  ASSERT_TRUE(session.ok()) << session.error().message;
  if (session->manifest().input.shape.front() != -1) return;  // the manifest says one a call
  const PictureShape shape = picture_shape(session->manifest());
  std::vector<float> input;
  std::vector<float> last;
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    last = blocks(shape, seed, 0, 1);
    input.insert(input.end(), last.begin(), last.end());
  }
  const auto together = session->run({{3, shape.rows, shape.columns, shape.channels}, input});
  ASSERT_TRUE(together.ok()) << together.error().message;
  const auto alone = session->run({{1, shape.rows, shape.columns, shape.channels}, last});
  ASSERT_TRUE(alone.ok()) << alone.error().message;
  for (std::size_t i = 0; i < alone->size(); ++i) {
    const std::vector<float>& one = (*alone)[i].data;
    const std::vector<float>& all = (*together)[i].data;
    ASSERT_EQ(all.size(), one.size() * 3);
    for (std::size_t k = 0; k < one.size(); ++k) {
      ASSERT_NEAR(all[one.size() * 2 + k], one[k], 1e-4 * (1 + std::abs(one[k]))) << i << " " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ModelReferenceTest,
                         ::testing::Values("blazeface", "facemesh", "facemesh_attention", "iris",
                                           "faceres", "mobilefacenet", "face_expression", "emotion",
                                           "centernet"));

}  // namespace
}  // namespace mien
