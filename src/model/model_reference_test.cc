// The converted networks against the packages' own weights run by TensorFlow.js
// (tests/reference/models/expected.mjs). Agreement is relative to the largest magnitude of the
// output.
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

std::vector<float> seeded(std::size_t count, double low, double high) {
  std::vector<float> values(count);
  std::uint32_t state = 12345;
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;
    const float unit = static_cast<float>(static_cast<double>(state) / 4294967296.0);
    value = static_cast<float>(low + (high - low) * static_cast<double>(unit));
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
  std::vector<std::int64_t> shape = session->manifest().input.shape;
  shape[0] = 1;
  const std::vector<float> input = seeded(static_cast<std::size_t>(element_count(shape)),
                                          expected.at("low"), expected.at("high"));
  const auto outputs = session->run({shape, input});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  for (std::size_t i = 0; i < outputs->size(); ++i) {
    const std::string& name = session->manifest().outputs[i].name;
    const nlohmann::json& wanted = expected.at("outputs").at(name);
    const Tensor& actual = (*outputs)[i];
    ASSERT_EQ(actual.data.size(), wanted.at("size").get<std::size_t>()) << name;
    const double scale = std::max(1e-6, wanted.at("largest").get<double>());
    const auto step = wanted.at("step").get<std::size_t>();
    for (std::size_t k = 0; k < wanted.at("values").size(); ++k) {
      EXPECT_NEAR(actual.data[k * step], wanted.at("values")[k].get<double>(), kTolerance * scale)
          << name << " " << k;
    }
  }
}

TEST_P(ModelReferenceTest, GivesTheSameInABatchAsAlone) {
  auto session = models().open_session(GetParam());
  ASSERT_TRUE(session.ok()) << session.error().message;
  if (session->manifest().input.shape.front() != -1) return;  // the manifest says one a call
  std::vector<std::int64_t> shape = session->manifest().input.shape;
  shape[0] = 1;
  const auto size = static_cast<std::size_t>(element_count(shape));
  shape[0] = 3;
  const std::vector<float> input = seeded(size * 3, 0, 1);
  const auto together = session->run({shape, input});
  ASSERT_TRUE(together.ok()) << together.error().message;
  shape[0] = 1;
  const auto alone = session->run({shape, std::span(input).subspan(size * 2, size)});
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
                                           "faceres", "mobilefacenet", "face_expression",
                                           "emotion"));

}  // namespace
}  // namespace mien
