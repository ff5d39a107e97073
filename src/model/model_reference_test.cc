// The converted networks against the packages' own weights run by TensorFlow.js
// (tests/reference/models/expected.mjs); tolerances in support/model_reference.h.
#include "support/model_reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"

#include "model/model_set.h"

namespace mien {
namespace {

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
      testing::block_picture(shape, expected.at("seed"), expected.at("low"), expected.at("high"));
  const auto outputs = session->run({{1, shape.rows, shape.columns, shape.channels}, input});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  testing::expect_reference(session->manifest(), *outputs, expected.at("outputs"));
}

TEST_P(ModelReferenceTest, GivesTheSameInABatchAsAlone) {
  auto session = models().open_session(GetParam());
  ASSERT_TRUE(session.ok()) << session.error().message;
  if (session->manifest().input.shape.front() != -1) return;  // the manifest says one a call
  const PictureShape shape = picture_shape(session->manifest());
  std::vector<float> input;
  std::vector<float> last;
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    last = testing::block_picture(shape, seed, 0, 1);
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
