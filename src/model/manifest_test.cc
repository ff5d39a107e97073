// Manifests come from packages and from users: whatever is wrong is said by field, and nothing
// crashes.
#include "model/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "support/paths.h"

namespace mien {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

json expression_manifest() {
  return json::parse(text_of(testing::source_dir() / "models/face_expression.json"));
}

std::string problem_with(const json& manifest) {
  const auto read = parse_manifest(manifest.dump(), "m.json");
  return read.ok() ? "" : read.error().message;
}

TEST(Manifest, ReadsTheProjectsOwn) {
  const auto manifests = read_manifests(testing::source_dir() / "models");
  ASSERT_TRUE(manifests.ok()) << manifests.error().message;
  std::vector<std::string> ids;
  for (const Manifest& manifest : *manifests) ids.push_back(manifest.id);
  EXPECT_THAT(ids,
              ::testing::IsSupersetOf({"blazeface", "emotion", "face_expression", "facemesh",
                                       "facemesh_attention", "faceres", "iris", "mobilefacenet"}));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

TEST(Manifest, CarriesLabelsInOutputOrder) {
  const auto manifest = parse_manifest(expression_manifest().dump(), "m.json");
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_EQ(manifest->channel, "basic7");
  EXPECT_THAT(manifest->labels, ::testing::ElementsAre("neutral", "happy", "sad", "angry",
                                                       "fearful", "disgusted", "surprised"));
  EXPECT_FLOAT_EQ(manifest->scaling.subtract.at(1), 117.001F);
}

TEST(Manifest, ClassesOfObjectsAreAnyWordsButNoTwoAlike) {
  json objects = json::parse(text_of(testing::source_dir() / "models/centernet.json"));
  const auto manifest = parse_manifest(objects.dump(), "m.json");
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_EQ(manifest->role, ModelRole::kObjects);
  EXPECT_EQ(manifest->labels.size(), 80U);
  EXPECT_EQ(manifest->activation, "none");
  const auto with = [&](const char* key, const json& value) {
    json changed = objects;
    changed[key] = value;
    return problem_with(changed);
  };
  EXPECT_THAT(with("labels", json::array()), HasSubstr("labels must not be empty"));
  EXPECT_THAT(with("labels", {"wine glass", "wine glass"}), HasSubstr("'wine glass' twice"));
  EXPECT_THAT(with("labels", {""}), HasSubstr("1 to 200 bytes"));
  EXPECT_THAT(with("activation", "relu"), HasSubstr("none, softmax or sigmoid"));
}

TEST(Manifest, NamesAnyFieldThatIsMissing) {
  const json whole = expression_manifest();
  for (const auto& [key, unused] : whole.items()) {
    json lacking = whole;
    lacking.erase(key);
    EXPECT_THAT(problem_with(lacking), HasSubstr(key)) << key;
    EXPECT_THAT(problem_with(lacking), HasSubstr("m.json")) << key;
  }
}

TEST(Manifest, NamesAnyFieldOfAnotherKind) {
  const json whole = expression_manifest();
  for (const auto& [key, unused] : whole.items()) {
    json wrong = whole;
    wrong[key] = false;
    EXPECT_THAT(problem_with(wrong), HasSubstr(key)) << key;
  }
}

struct Wrong {
  const char* pointer;
  json value;
  const char* field;
};

TEST(Manifest, RefusesWhatCannotBe) {
  const std::vector<Wrong> cases = {
      {"/onnx_sha256", "abc", "onnx_sha256"},
      {"/onnx_file", "../x.onnx", "onnx_file"},
      {"/source/files/0/path", "../../secret", "path"},
      {"/source/files/0/path", "/etc/passwd", "path"},
      {"/source/package", "npm:../elsewhere@1", "package"},
      {"/source/package", "npm:/etc@1", "package"},
      {"/input/shape", json::array({1, 112, 112, 4}), "shape"},
      {"/input/shape", json::array({-1, 3, 112}), "shape"},
      {"/input/shape", json::array({-1, -1, 112, 3}), "shape"},
      {"/input/shape", json::array({-1, 1000000, 1000000, 3}), "shape"},
      {"/input/shape", json::array({64, 112, 112, 3}), "shape"},
      {"/outputs", json::array(), "outputs"},
      {"/outputs/0/shape", json::array(), "shape"},
      {"/outputs/0/shape", json::array({0, 7}), "shape"},
      {"/scaling/multiply", 1e300, "multiply"},
      {"/scaling/subtract", json::array({1e300, 0, 0}), "subtract"},
      {"/scaling/subtract", json::array({1, 2}), "subtract"},
      {"/labels/0", "Neutral Face", "labels"},
      {"/labels/0", "happy", "labels"},
      {"/labels", json::array(), "labels"},
      {"/activation", "relu", "activation"},
      {"/role", "oracle", "role"},
      {"/colour_order", "grey", "shape"},
  };
  for (const Wrong& wrong : cases) {
    json manifest = expression_manifest();
    manifest[json::json_pointer(wrong.pointer)] = wrong.value;
    EXPECT_THAT(problem_with(manifest), HasSubstr(wrong.field)) << wrong.pointer << wrong.value;
  }
}

TEST(Manifest, TellsRowsFromChannels) {
  json manifest = expression_manifest();
  const PictureShape last = picture_shape(parse_manifest(manifest.dump(), "m").value());
  EXPECT_FALSE(last.channels_second);
  manifest["input"]["shape"] = {-1, 3, 48, 64};
  const PictureShape second = picture_shape(parse_manifest(manifest.dump(), "m").value());
  EXPECT_TRUE(second.channels_second);
  EXPECT_EQ(second.rows, 48);
  EXPECT_EQ(second.columns, 64);
}

TEST(Manifest, RefusesTwoOfOneId) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"a.json", "b.json"})
    std::ofstream(folder.path() / name) << expression_manifest().dump();
  const auto manifests = read_manifests(folder.path());
  ASSERT_FALSE(manifests.ok());
  EXPECT_THAT(manifests.error().message, HasSubstr("a.json"));
  EXPECT_THAT(manifests.error().message, HasSubstr("b.json"));
}

TEST(Manifest, SurvivesDamagedBytes) {
  std::mt19937 random(7);
  const std::string whole = expression_manifest().dump();
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text = whole;
    for (std::size_t edits = 1 + random() % 4; edits > 0; --edits) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
      if (random() % 8 == 0) text.resize(1 + random() % text.size());
    }
    refused += parse_manifest(text, "m.json").ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 1000);  // the others changed only a word of prose
}

}  // namespace
}  // namespace mien
