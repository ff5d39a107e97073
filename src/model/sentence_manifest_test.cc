// Manifests of sentence encoders come from packages and from users: whatever is wrong is said by
// field.
#include "model/sentence_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/paths.h"

#include "base/sha256.h"
#include "model/import/onnx_graph.h"
#include "model/import/sentence_import.h"
#include "model/import/use_lite.h"
#include "model/sentence_session.h"

namespace mien {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

json use_lite() {
  std::ifstream file(testing::source_dir() / "models/sentence/use_lite.json");
  return json::parse(file);
}

std::string problem_with(const json& manifest) {
  const auto read = parse_sentence_manifest(manifest.dump(), "m.json");
  return read.ok() ? "" : read.error().message;
}

TEST(SentenceManifest, ReadsTheProjectsOwn) {
  const auto manifests = read_sentence_manifests(testing::source_dir() / "models/sentence");
  ASSERT_TRUE(manifests.ok()) << manifests.error().message;
  std::vector<std::string> ids;
  for (const SentenceManifest& manifest : *manifests) ids.push_back(manifest.id);
  EXPECT_THAT(ids, Contains("use_lite"));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

TEST(SentenceManifest, NamesAnyFieldThatIsMissing) {
  const json whole = use_lite();
  for (const auto& [key, unused] : whole.items()) {
    if (key == "batch") continue;  // 1 where nothing is said
    json lacking = whole;
    lacking.erase(key);
    EXPECT_THAT(problem_with(lacking), HasSubstr("m.json: manifest." + key)) << key;
  }
}

TEST(SentenceManifest, RefusesImpossibleFields) {
  const json changes = json::parse(R"([
    ["/max_tokens", 0], ["/max_tokens", 1000000], ["/max_tokens", 18446744073709551615],
    ["/max_tokens", "128"], ["/batch", 0], ["/batch", 65], ["/dimensions", -1], ["/dimensions", 1e9], ["/pooling", "max"],
    ["/inputs", []], ["/inputs", {}], ["/inputs", [{"name": "a", "holds": "mask"}]],
    ["/inputs", [{"name": "a", "holds": "ids"}, {"name": "b", "holds": "ids"}]],
    ["/inputs/0/holds", "words"], ["/inputs/0/name", ""], ["/languages", []],
    ["/languages", ["English"]], ["/languages", ["E"]], ["/onnx_file", "../x"],
    ["/tokenizer/file", "a/b"], ["/tokenizer/kind", "bpe"], ["/tokenizer/sha256", "0"],
    ["/tokenizer", 3], ["/begin_ids", [-1]], ["/begin_ids", [1,2,3,4,5,6,7,8,9]],
    ["/end_ids", "2"], ["/source/package", "file:/etc"], ["/source/package", "npm:/etc"],
    ["/source/package", "npm:a/../../b"], ["/source/files/0/path", "/etc/passwd"],
    ["/source/files/0/path", "../../x"], ["/prefix", 3]])");
  for (const json& change : changes) {
    json manifest = use_lite();
    manifest[json::json_pointer(change[0].get<std::string>())] = change[1];
    EXPECT_THAT(problem_with(manifest), HasSubstr("m.json: ")) << change;
  }
  for (const char* text : {"", "{", "[]", "null"})
    EXPECT_FALSE(parse_sentence_manifest(text, "m.json").ok()) << text;
}

TEST(SentenceManifest, AUsersOwnNetworkNeedsNoPackage) {
  json manifest = use_lite();
  manifest["source"] = {{"format", "onnx"}};
  manifest["prefix"] = "query: ";
  manifest["begin_ids"] = {0};
  manifest["end_ids"] = {2};
  manifest["pooling"] = "mean";
  const auto read = parse_sentence_manifest(manifest.dump(), "m.json");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->prefix, "query: ");
  EXPECT_EQ(read->pooling, Pooling::kMean);
  EXPECT_EQ(read->end_ids, std::vector<std::int64_t>{2});
}

TEST(SentenceImport, NamesAWeightThatIsMissing) {
  auto manifest = parse_sentence_manifest(use_lite().dump(), "m.json");
  ASSERT_TRUE(manifest.ok());
  const auto made = build_use_lite({}, *manifest);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("Embeddings_en"));
  manifest->source.format = "other";
  EXPECT_EQ(convert_sentence_model(*manifest, {}).error().code, ErrorCode::kUnsupported);
}

TEST(SentenceImport, RepairsScores) {
  const auto made = build_use_lite_tokenizer(
      R"([["?",0],["<s>",0],["</s>",0],["x",0],["y",0],["z",0],["a",-1],[":",null],["b",-2],[":30",30]])");
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(
      json::parse(*made).at("pieces"),
      json::parse(R"([null,null,null,null,null,null,["a",-1],[":",-1],["b",-2],[":30",-2]])"));
  for (const char* bad : {"", "{}", "[]", "[1,2,3,4,5,6,7]", R"([[],[],[],[],[],[],["a",-1]])"})
    EXPECT_FALSE(build_use_lite_tokenizer(bad).ok()) << bad;
}

// A network that looks up a row of 4 numbers a token, as one vector or one a token.
class SmallNetwork {
 public:
  explicit SmallNetwork(bool is_pooled) {
    OnnxGraph graph("small");
    graph.integer_input("input_ids", std::vector<std::int64_t>{-1, -1});
    graph.input("mask", std::vector<std::int64_t>{-1, -1});
    const std::vector<float> rows = {1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0};
    const std::string table = graph.floats(rows, std::vector<std::int64_t>{4, 4});
    const std::string mask = graph.node(
        "Unsqueeze",
        {"mask", graph.integers(std::vector<std::int64_t>{2}, std::vector<std::int64_t>{1})});
    const std::string tokens = graph.node("Mul", {graph.node("Gather", {table, "input_ids"}), mask},
                                          {}, is_pooled ? "" : "out");
    if (is_pooled)
      graph.node("ReduceMean", {tokens},
                 {{"axes", std::vector<std::int64_t>{1}}, {"keepdims", std::int64_t{0}}}, "out");
    graph.output(
        "out", is_pooled ? std::vector<std::int64_t>{-1, 4} : std::vector<std::int64_t>{-1, -1, 4});
    const auto bytes = graph.serialise();
    std::ofstream(folder_.path() / "small.onnx", std::ios::binary) << *bytes;
    json manifest = use_lite();
    manifest["source"] = {{"format", "onnx"}};
    manifest["onnx_file"] = "small.onnx";
    manifest["onnx_sha256"] = sha256_of_bytes(*bytes);
    manifest["inputs"] = {{{"name", "input_ids"}, {"holds", "ids"}},
                          {{"name", "mask"}, {"holds", "mask"}}};
    manifest["output"] = "out";
    manifest["pooling"] = is_pooled ? "none" : "mean";
    manifest["dimensions"] = 4;
    manifest_ = *parse_sentence_manifest(manifest.dump(), "small.json");
  }

  SentenceManifest& manifest() { return manifest_; }
  Result<SentenceSession> open() const { return SentenceSession::open(manifest_, folder_.path()); }
  std::string problem() const {
    const auto session = open();
    return session.ok() ? "" : session.error().message;
  }

 private:
  testing::TemporaryFolder folder_;
  SentenceManifest manifest_;
};

TEST(SentenceSession, PoolsInsideAndOutsideAlike) {
  for (const bool is_pooled : {true, false}) {
    const auto session = SmallNetwork(is_pooled).open();
    ASSERT_TRUE(session.ok()) << session.error().message;
    const auto vector = session->run(std::vector<std::int64_t>{0, 1, 1, 3}, 4);
    ASSERT_TRUE(vector.ok()) << vector.error().message;
    const float length = std::sqrt(17.0F);
    EXPECT_THAT(*vector, ::testing::Pointwise(::testing::FloatEq(),
                                              std::vector<float>{1 / length, 4 / length, 0, 0}));
  }
}

TEST(SentenceSession, SaysWhatANetworkCannotDo) {
  const auto session = SmallNetwork(true).open();
  ASSERT_TRUE(session.ok()) << session.error().message;
  const auto outside = session->run(std::vector<std::int64_t>{9}, 1);
  ASSERT_FALSE(outside.ok());
  EXPECT_THAT(outside.error().message, HasSubstr("it does not run"));
  const auto nothing = session->run(std::vector<std::int64_t>{3}, 1);
  ASSERT_FALSE(nothing.ok());
  EXPECT_THAT(nothing.error().message, HasSubstr("without direction"));
}

TEST(SentenceSession, RefusesWhatDiffersFromTheManifest) {
  SmallNetwork network(false);
  EXPECT_EQ(network.problem(), "");
  SentenceManifest whole = network.manifest();
  const auto with = [&](const auto& change) {
    network.manifest() = whole;
    change(network.manifest());
    return network.problem();
  };
  using M = SentenceManifest;
  EXPECT_THAT(with([](M& m) { m.onnx_sha256[0] = m.onnx_sha256[0] == 'a' ? 'b' : 'a'; }),
              HasSubstr("SHA-256"));
  EXPECT_THAT(with([](M& m) { m.onnx_file = "none.onnx"; }), HasSubstr("mien models import"));
  EXPECT_THAT(with([](M& m) { m.inputs[0].name = "ids"; }), HasSubstr("input_ids, mask"));
  EXPECT_THAT(with([](M& m) { m.inputs.pop_back(); }), HasSubstr("inputs are"));
  EXPECT_THAT(with([](M& m) { m.output = "vectors"; }), HasSubstr("outputs are out"));
  EXPECT_THAT(with([](M& m) { m.dimensions = 5; }), HasSubstr("comes as 1x3x4"));
  EXPECT_THAT(with([](M& m) { m.pooling = Pooling::kNone; }), HasSubstr("1x4 was agreed on"));
}

}  // namespace
}  // namespace mien
