// basic7 on crops of real pictures against the same weights run by TensorFlow.js
// (tests/reference/basic7/expected.mjs). Crop, scaling, network and softmax are all in it.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/real_pictures.h"

#include "expression/expression_model.h"

namespace mien {
namespace {

constexpr double kTolerance = 0.02;

TEST(Basic7, EqualsTheOriginalWeightsInTensorFlowJs) {
  const auto root = testing::source_dir();
  std::ifstream file(root / "tests/reference/basic7/expected.json");
  const nlohmann::json expected = nlohmann::json::parse(file);
  auto model = ExpressionModel::open(ModelSet::open(root / "models", root / "build/models").value(),
                                     "face_expression")
                   .value();
  ASSERT_EQ(expected.at("labels"), nlohmann::json(model.manifest().labels));
  ASSERT_GE(expected.at("crops").size(), 5U);
  double worst = 0;
  double most_spread = 0;
  for (const nlohmann::json& crop : expected.at("crops")) {
    const auto picture = crop.at("picture").get<std::string>();
    const Image image = testing::still(testing::npm_package("") / picture);
    const CropSquare square = {{crop.at("x"), crop.at("y")}, crop.at("side"), crop.at("roll")};
    const auto scores = model.score(image.view(), 1, square).value();
    const auto wanted = crop.at("probabilities").get<std::vector<double>>();
    ASSERT_EQ(scores.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const double difference = std::abs(static_cast<double>(scores[i]) - wanted[i]);
      EXPECT_LE(difference, kTolerance) << picture << " " << model.manifest().labels[i];
      worst = std::max(worst, difference);
      most_spread = std::max(most_spread, std::abs(wanted[i] - 1.0 / 7));
    }
  }
  EXPECT_GT(most_spread, 0.5);  // the expected values tell something
  std::printf("largest difference %.5f\n", worst);
}

}  // namespace
}  // namespace mien
