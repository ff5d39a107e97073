// Models of the user's own that name contexts, loaded and run as `mien annotate --context-model`
// does, with networks trained here (tests/support/scene_models.h).
#include "context/context_namer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "support/paths.h"
#include "support/scene_models.h"

#include "context/context_map.h"
#include "context/picture_network.h"
#include "context/sentence_encoder.h"
#include "context/text_vectors.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Of four numbers, so that the scenes do not stand at right angles.
const std::vector<std::vector<float>> kTargets = {
    {0.9F, 0.1F, 0.0F, 0.3F}, {0.1F, 0.8F, 0.2F, 0.3F}, {-0.2F, 0.1F, 0.9F, 0.3F}};

// Trained once for all tests.
const std::string& network() {
  static const std::string onnx = testing::trained_scene_network(kTargets);
  return onnx;
}

class OwnModels : public ::testing::Test {
 protected:
  OwnModels() { testing::write_scene_vocabulary(vocabulary()); }

  fs::path vocabulary() const { return folder_.path() / "scenes.csv"; }

  fs::path image_text(json texts, const json& more = {{"activation", "softmax"}}) {
    json fields = more;
    fields["role"] = "image_text";
    fields["texts"] = std::move(texts);
    return testing::write_scene_model(folder_.path(), "clip", network(), 4, fields);
  }

  // As an export of the text tower writes them.
  json vectors_file(const json& vectors = {{"contexts", testing::kScenes}, {"vectors", kTargets}}) {
    const std::string text = vectors.dump();
    std::ofstream(folder_.path() / "vectors.json") << text;
    return {{"vectors", "vectors.json"},
            {"vectors_sha256", sha256_of_bytes(text)},
            {"logit_scale", 20},
            {"threshold_prob", 0.6}};
  }

  // A probe over the network "embed": one logit a scene, by least squares on its vectors.
  fs::path probe(const std::string& onnx_of_network, std::int64_t dimensions = 4) {
    std::vector<float> matrix;
    for (std::size_t k = 0; k < 3; ++k) {
      for (std::int64_t d = 0; d < dimensions; ++d)
        matrix.push_back(d < 4 ? 8 * kTargets[k][static_cast<std::size_t>(d)] : 0);
    }
    OnnxGraph graph("probe");
    graph.input("vector", std::vector<std::int64_t>{-1, dimensions});
    const std::string w = graph.floats(matrix, std::vector<std::int64_t>{3, dimensions});
    const std::string b =
        graph.floats(std::vector<float>{-5, -5, -5}, std::vector<std::int64_t>{3});
    graph.node("Gemm", {"vector", w, b}, {{"transB", std::int64_t{1}}}, "logits");
    graph.output("logits", std::vector<std::int64_t>{-1, 3});
    const std::string bytes = graph.serialise().value();
    std::ofstream(folder_.path() / "probe.onnx", std::ios::binary) << bytes;
    const json manifest = {
        {"id", "probe"},
        {"version", "1"},
        {"role", "context_probe"},
        {"licence", "none"},
        {"source", {{"format", "onnx"}}},
        {"onnx_file", "probe.onnx"},
        {"onnx_sha256", sha256_of_bytes(bytes)},
        {"input", {{"name", "vector"}, {"shape", {-1, dimensions}}, {"meaning", "a vector"}}},
        {"outputs", {{{"name", "logits"}, {"shape", {-1, 3}}, {"meaning", "one a context"}}}},
        {"embedding", {{"model", "embed"}, {"onnx_sha256", onnx_of_network}, {"output", "vector"}}},
        {"labels", testing::kScenes},
        {"threshold_prob", {0.5, 0.6, 0.7}},
        {"activation", "sigmoid"},
        {"whose_labels", "the test's"},
        {"intended_use", "the test"},
        {"known_limits", {"none"}}};
    std::ofstream(folder_.path() / "probe.json") << manifest.dump();
    return folder_.path() / "probe.json";
  }

  fs::path embedding() {
    return testing::write_scene_model(folder_.path(), "embed", network(), 4, json::object());
  }

  static ModelSet models(const std::vector<fs::path>& manifests) {
    const fs::path root = testing::source_dir();
    auto set = ModelSet::open(root / "models", root / "build/models", manifests);
    EXPECT_TRUE(set.ok()) << set.error().message;
    return std::move(set).value();
  }

  Result<ContextNamer> open(const std::vector<fs::path>& manifests) const {
    VisualOptions options;
    options.masked = true;
    options.vocabulary = vocabulary();
    return ContextNamer::open(models(manifests), options);
  }

  // The share of held-out pictures whose best context is the scene.
  static double right(ContextNamer& namer) {
    int count = 0;
    for (std::uint64_t i = 0; i < 60; ++i) {
      const Image image = testing::scene_picture(i % 3, i);
      const auto scores = namer.name(image.view(), {});
      EXPECT_TRUE(scores.ok()) << scores.error().message;
      const auto best = std::ranges::max_element(*scores) - scores->begin();
      count += static_cast<std::size_t>(best) == i % 3 ? 1 : 0;
    }
    return count / 60.0;
  }

  std::string refusal(const std::vector<fs::path>& manifests) const {
    const auto namer = open(manifests);
    return namer.ok() ? "" : namer.error().message;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(OwnModels, AnImageTextModelNamesContextsByTheirVectors) {
  auto namer = open({image_text(vectors_file())});
  ASSERT_TRUE(namer.ok()) << namer.error().message;
  EXPECT_THAT(namer->contexts(), ElementsAre("sea", "forest", "fire"));
  EXPECT_NEAR(namer->thresholds()[0], 0.6, 1e-6);
  EXPECT_GT(right(*namer), 0.95);
  const auto scores = namer->name(testing::scene_picture(1, 7).view(), {});
  EXPECT_NEAR((*scores)[0] + (*scores)[1] + (*scores)[2], 1, 1e-5);
}

TEST_F(OwnModels, ASimilarityBecomesAProbabilityAsTheManifestSays) {
  json texts = vectors_file();
  texts.update({{"logit_bias", -6.5}, {"slope", 0.5}, {"intercept", 0.25}});
  const fs::path manifest = image_text(texts, {{"activation", "sigmoid"}});
  auto namer = open({manifest});
  ASSERT_TRUE(namer.ok()) << namer.error().message;
  const Image image = testing::scene_picture(2, 11);
  auto tower = PictureNetwork::open(models({manifest}), "clip").value();
  const std::vector<float> vector = tower.see(image.view()).value().front().data;
  const auto scores = namer->name(image.view(), {});
  for (std::size_t k = 0; k < 3; ++k) {
    double dot = 0;
    double of_image = 0;
    double of_text = 0;
    for (std::size_t d = 0; d < 4; ++d) {
      dot += double{vector[d]} * double{kTargets[k][d]};
      of_image += double{vector[d]} * double{vector[d]};
      of_text += double{kTargets[k][d]} * double{kTargets[k][d]};
    }
    const double logit = 20 * dot / std::sqrt(of_image * of_text) - 6.5;
    EXPECT_NEAR((*scores)[k], 1 / (1 + std::exp(-(0.5 * logit + 0.25))), 1e-4) << k;
  }
}

// The real text tower here is the sentence encoder that Mien has; the image tower is trained to
// reach its vectors.
TEST_F(OwnModels, ATextTowerGivesTheVectorsOfAnyVocabulary) {
  const fs::path root = testing::source_dir();
  fs::copy_file(root / "models/sentence/use_lite.json", folder_.path() / "tower.json");
  for (const auto& entry : fs::directory_iterator(root / "build/models")) {
    if (!entry.path().filename().string().starts_with("use_lite")) continue;
    fs::create_symlink(fs::absolute(entry.path()), folder_.path() / entry.path().filename());
  }
  const auto tower = open_sentence_encoder(folder_.path() / "tower.json", folder_.path());
  ASSERT_TRUE(tower.ok()) << tower.error().message;
  const std::vector<std::string> prompts{"a photo of {}", "this shows {}."};
  const ContextVocabulary words = read_vocabulary(vocabulary()).value();
  const auto vectors = encode_text_vectors(**tower, prompts, (*tower)->dimensions(), words);
  ASSERT_TRUE(vectors.ok()) << vectors.error().message;
  const std::size_t dimensions = (*tower)->dimensions();
  std::vector<std::vector<float>> targets;
  for (std::size_t k = 0; k < 3; ++k) {
    const auto begin = vectors->vectors.begin() + static_cast<std::ptrdiff_t>(k * dimensions);
    targets.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(dimensions));
  }
  const fs::path manifest = testing::write_scene_model(
      folder_.path(), "lit", testing::trained_scene_network(targets), dimensions,
      {{"role", "image_text"},
       {"activation", "softmax"},
       {"texts",
        {{"encoder", "tower.json"},
         {"prompts", prompts},
         {"logit_scale", 40},
         {"threshold_prob", 0.5}}}});
  auto namer = open({manifest});
  ASSERT_TRUE(namer.ok()) << namer.error().message;
  EXPECT_GT(right(*namer), 0.95);
  EXPECT_THAT(encode_text_vectors(**tower, prompts, 4, words).error().message,
              HasSubstr("have 512 numbers, those of the image tower 4"));
}

TEST_F(OwnModels, AProbeNamesContextsFromAnotherNetworksVectors) {
  const fs::path embed = embedding();
  const std::string hash = models({embed}).find("embed")->onnx_sha256;
  auto namer = open({probe(hash), embed});
  ASSERT_TRUE(namer.ok()) << namer.error().message;
  EXPECT_THAT(namer->contexts(), ElementsAre("sea", "forest", "fire"));
  EXPECT_NEAR(namer->thresholds()[2], 0.7, 1e-6);
  EXPECT_GT(right(*namer), 0.95);
}

// Of a context with a model of its own, what objects speak for does not count.
TEST_F(OwnModels, StandBesideTheNetworksThatComeWithMien) {
  const json vectors = {{"contexts", {"beach", "camping"}},
                        {"vectors", {kTargets[0], kTargets[1]}}};
  VisualOptions options;
  options.masked = true;
  options.data = testing::source_dir() / "data/contexts";
  auto namer = ContextNamer::open(models({image_text(vectors_file(vectors))}), options);
  ASSERT_TRUE(namer.ok()) << namer.error().message;
  EXPECT_GT(namer->contexts().size(), 40U);
  const auto at = std::ranges::find(namer->contexts(), "beach") - namer->contexts().begin();
  ASSERT_LT(static_cast<std::size_t>(at), namer->contexts().size());
  EXPECT_NEAR(namer->thresholds()[static_cast<std::size_t>(at)], 0.6, 1e-6);
  const auto scores = namer->name(testing::scene_picture(0, 5).view(), {});
  EXPECT_GT((*scores)[static_cast<std::size_t>(at)], 0.5);
}

TEST_F(OwnModels, SayWhatDisagreesAndWhatToDo) {
  const auto with = [&](const json& vectors) {
    return refusal({image_text(vectors_file(vectors))});
  };
  EXPECT_THAT(with({{"contexts", testing::kScenes}, {"vectors", {kTargets[0]}}}),
              HasSubstr("vectors.json: 3 contexts and 1 vectors; remedy"));
  EXPECT_THAT(with({{"contexts", {"sea", "sea"}}, {"vectors", {kTargets[0], kTargets[1]}}}),
              HasSubstr("contexts[1]: 'sea' stands there twice; remedy"));
  EXPECT_THAT(with({{"contexts", {"sea"}}, {"vectors", {{1, 2}}}}),
              HasSubstr("vectors[0] ('sea') has 2 numbers, the image tower gives 4; remedy"));
  EXPECT_THAT(with({{"contexts", {"moon"}}, {"vectors", {kTargets[0]}}}),
              HasSubstr("contexts[0]: the vocabulary has no context 'moon'; remedy"));
  EXPECT_THAT(with({{"contexts", {"sea"}}, {"vectors", {{0, 0, 0, 0}}}}), HasSubstr("all zeros"));
  EXPECT_THAT(with({{"contexts", {"sea"}}, {"vectors", {{1, "x", 0, 0}}}}),
              HasSubstr("holds no numbers"));
  EXPECT_THAT(with({{"contexts", "sea"}}), HasSubstr("no JSON object with the lists"));
  json other = vectors_file();
  other["vectors_sha256"] = std::string(64, '0');
  EXPECT_THAT(refusal({image_text(other)}), HasSubstr("the manifest says 0000"));

  const fs::path embed = embedding();
  const std::string hash = models({embed}).find("embed")->onnx_sha256;
  EXPECT_THAT(refusal({probe(hash)}), HasSubstr("the vectors of 'embed', which is not there"));
  EXPECT_THAT(refusal({probe(std::string(64, '1')), embed}),
              HasSubstr("trained on the vectors of another 'embed'"));
  EXPECT_THAT(refusal({probe(hash, 5), embed}), HasSubstr("no output 'vector' of 5 numbers"));
  EXPECT_THAT(refusal({probe(hash), embed, image_text(vectors_file())}),
              HasSubstr("'sea' is named by the model 'probe' too; remedy"));
  EXPECT_THAT(refusal({}), HasSubstr("no model names any of its contexts; remedy"));
}

TEST_F(OwnModels, AManifestThatCannotBeIsRefusedByItsField) {
  const auto problem = [&](const std::function<void(json&)>& spoil) {
    const fs::path file = image_text(vectors_file());
    json manifest = json::parse(std::ifstream(file));
    spoil(manifest);
    const auto parsed = parse_manifest(manifest.dump(), "m.json");
    return parsed.ok() ? "" : parsed.error().message;
  };
  EXPECT_EQ(problem([](json&) {}), "");
  EXPECT_THAT(problem([](json& m) { m["activation"] = "none"; }),
              HasSubstr("m.json: manifest.activation"));
  EXPECT_THAT(problem([](json& m) { m.erase("texts"); }), HasSubstr("manifest.texts is missing"));
  EXPECT_THAT(problem([](json& m) { m["texts"]["logit_scale"] = 0; }),
              HasSubstr("texts.logit_scale"));
  EXPECT_THAT(problem([](json& m) { m["texts"]["threshold_prob"] = 1.5; }),
              HasSubstr("texts.threshold_prob"));
  EXPECT_THAT(problem([](json& m) { m["texts"]["encoder"] = "t.json"; }), HasSubstr("not both"));
  EXPECT_THAT(problem([](json& m) {
                m["texts"].erase("vectors");
                m["texts"].update({{"encoder", "t.json"}, {"prompts", {"no place"}}});
              }),
              HasSubstr("texts.prompts must each hold {} once"));
  EXPECT_THAT(problem([](json& m) { m["texts"]["vectors"] = "../x"; }), HasSubstr("a file name"));
  EXPECT_THAT(problem([](json& m) { m["framing"] = "round"; }), HasSubstr("middle or stretched"));
  EXPECT_THAT(problem([](json& m) {
                m["outputs"][0]["shape"] = {-1, 2, 2};
              }),
              HasSubstr("batch x dimensions"));
  const auto of_probe = [&](const std::function<void(json&)>& spoil) {
    json manifest = json::parse(std::ifstream(probe(std::string(64, '1'))));
    spoil(manifest);
    const auto parsed = parse_manifest(manifest.dump(), "p.json");
    return parsed.ok() ? "" : parsed.error().message;
  };
  EXPECT_EQ(of_probe([](json&) {}), "");
  EXPECT_THAT(of_probe([](json& m) { m["threshold_prob"] = {0.5}; }),
              HasSubstr("manifest.threshold_prob must have one number"));
  EXPECT_THAT(of_probe([](json& m) { m["activation"] = "softmax"; }), HasSubstr("must be sigmoid"));
  EXPECT_THAT(of_probe([](json& m) { m["embedding"].erase("output"); }),
              HasSubstr("embedding.output is missing"));
  EXPECT_THAT(of_probe([](json& m) {
                m["input"]["shape"] = {-1, 3, 8, 8};
              }),
              HasSubstr("batch x dimensions"));
}

// A label too many or too few shows when the file is opened.
TEST_F(OwnModels, AProbeWhoseLabelsAndLogitsDifferIsRefused) {
  const fs::path embed = embedding();
  const fs::path file = probe(models({embed}).find("embed")->onnx_sha256);
  json manifest = json::parse(std::ifstream(file));
  manifest["labels"] = {"sea", "forest"};
  manifest["threshold_prob"] = {0.5, 0.5};
  std::ofstream(file) << manifest.dump();
  EXPECT_THAT(refusal({file, embed}), HasSubstr("names 2 labels, the output logits is"));
}

}  // namespace
}  // namespace mien
