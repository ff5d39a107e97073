// A user's own classifier, made here: the mean of red, green and blue are its three logits.
#include "context/picture_network.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"

#include "base/sha256.h"
#include "model/import/onnx_graph.h"

namespace mien {
namespace {

class OwnClassifier {
 public:
  explicit OwnClassifier(const std::string& activation) {
    const std::vector<std::int64_t> in{-1, 3, 8, 8};
    const std::vector<std::int64_t> out{-1, 3};
    OnnxGraph graph("colours");
    graph.input("image", in);
    const std::string pooled = graph.node("GlobalAveragePool", {"image"});
    graph.node("Flatten", {pooled}, {{"axis", std::int64_t{1}}}, "logits");
    graph.output("logits", out);
    const std::string bytes = graph.serialise().value();
    std::ofstream(folder_.path() / "colours.onnx", std::ios::binary) << bytes;
    const nlohmann::json manifest = {
        {"id", "colours"},
        {"version", "1"},
        {"role", "objects"},
        {"licence", "none"},
        {"source", {{"format", "onnx"}}},
        {"onnx_file", "colours.onnx"},
        {"onnx_sha256", sha256_of_bytes(bytes)},
        {"input", {{"name", "image"}, {"shape", in}, {"meaning", "picture"}}},
        {"colour_order", "rgb"},
        {"scaling", {{"subtract", {0, 0, 0}}, {"multiply", 1.0 / 255}}},
        {"outputs", {{{"name", "logits"}, {"shape", out}, {"meaning", "one a class"}}}},
        {"labels", {"red thing", "green thing", "blue thing"}},
        {"activation", activation},
        {"whose_labels", "the test's"},
        {"intended_use", "the test"},
        {"known_limits", {"knows colours"}}};
    std::ofstream(folder_.path() / "colours.json") << manifest.dump();
  }
  ModelSet models() const {
    const auto root = testing::source_dir();
    return ModelSet::open(root / "models", root / "build/models", {folder_.path() / "colours.json"})
        .value();
  }

 private:
  testing::TemporaryFolder folder_;
};

Image red_middle() {  // 24 x 8, its middle square red, the rest blue
  Image image(24, 8);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 24; ++x) image.row(y)[x * 3 + (x >= 8 && x < 16 ? 0 : 2)] = 255;
  }
  return image;
}

TEST(PictureNetwork, RunsAUsersOwnNetworkOnTheMiddleOfThePicture) {
  const OwnClassifier own("none");
  auto classifier = PictureNetwork::open(own.models(), "colours");
  ASSERT_TRUE(classifier.ok()) << classifier.error().message;
  const auto probs = classifier->classify(red_middle().view());
  ASSERT_TRUE(probs.ok()) << probs.error().message;
  ASSERT_EQ(probs->size(), 3U);
  EXPECT_NEAR((*probs)[0], 1, 1e-5);
  EXPECT_NEAR((*probs)[1], 0, 1e-5);
  EXPECT_NEAR((*probs)[2], 0, 1e-5);
}

TEST(PictureNetwork, TurnsLogitsIntoProbabilitiesAsTheManifestSays) {
  const OwnClassifier softmax("softmax");
  const OwnClassifier sigmoid("sigmoid");
  const auto by = [](const OwnClassifier& own) {
    return PictureNetwork::open(own.models(), "colours").value().classify(red_middle().view());
  };
  const float e = std::exp(1.0F);
  EXPECT_NEAR(by(softmax).value()[0], e / (e + 2), 1e-5);
  EXPECT_NEAR(by(softmax).value()[1], 1 / (e + 2), 1e-5);
  EXPECT_NEAR(by(sigmoid).value()[0], e / (e + 1), 1e-5);
  EXPECT_NEAR(by(sigmoid).value()[1], 0.5, 1e-5);
}

TEST(PictureNetwork, IsToldFromAnObjectDetectorByItsOutput) {
  const OwnClassifier own("none");
  const ModelSet models = own.models();
  EXPECT_TRUE(is_picture_classifier(models.find("colours").value()));
  EXPECT_FALSE(is_picture_classifier(models.find("centernet").value()));
  EXPECT_FALSE(is_picture_classifier(models.find("emotion").value()));
}

}  // namespace
}  // namespace mien
