// Sessions refuse what disagrees with the manifest and say how; a user's own network with own
// labels needs a file and a manifest and nothing else.
#include "model/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfenv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "support/paths.h"

#include "base/sha256.h"
#include "model/import/onnx_graph.h"
#include "model/model_set.h"

namespace mien {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Extents = std::vector<std::int64_t>;

enum class Layout { kChannelsLast, kChannelsSecond };

// Mean of each colour channel times `factor`: three numbers a picture of 4 x 2 pixels.
std::string mean_colour_network(Layout layout, float factor = 1) {
  const bool last = layout == Layout::kChannelsLast;
  OnnxGraph graph("mean_colour");
  graph.input("picture", last ? Extents{-1, 4, 2, 3} : Extents{-1, 3, 4, 2});
  const std::string mean =
      graph.node("ReduceMean", {"picture"},
                 {{"axes", last ? Extents{1, 2} : Extents{2, 3}}, {"keepdims", std::int64_t{0}}});
  const std::vector<float> factors{factor};
  graph.node("Mul", {mean, graph.floats(factors, {})}, {}, "moods");
  graph.output("moods", Extents{-1, 3});
  return graph.serialise().value();
}

// A folder with a user's own network and its manifest.
class OwnModel {
 public:
  explicit OwnModel(const std::string& bytes, const Extents& shape = {-1, 4, 2, 3}) {
    std::ofstream(folder_.path() / "own.onnx", std::ios::binary) << bytes;
    manifest_ = {{"id", "own"},
                 {"version", "1"},
                 {"role", "expression"},
                 {"licence", "mine"},
                 {"source", {{"format", "onnx"}}},
                 {"onnx_file", "own.onnx"},
                 {"onnx_sha256", sha256_of_bytes(bytes)},
                 {"input", {{"name", "picture"}, {"shape", shape}, {"meaning", "a face"}}},
                 {"colour_order", "rgb"},
                 {"scaling", {{"subtract", {0, 0, 0}}, {"multiply", 1}}},
                 {"outputs", {{{"name", "moods"}, {"shape", {-1, 3}}, {"meaning", "one a label"}}}},
                 {"channel", "moods"},
                 {"labels", {"calm", "curious", "bored"}},
                 {"activation", "none"},
                 {"whose_labels", "this test's"},
                 {"intended_use", "a test"},
                 {"known_limits", json::array()}};
  }

  json& manifest() { return manifest_; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path write() const {
    std::ofstream(folder_.path() / "own.json") << manifest_.dump(2);
    return folder_.path() / "own.json";
  }
  Result<Session> open() const {
    const auto manifest = read_manifest(write());
    if (!manifest.ok()) return manifest.error();
    return Session::open(*manifest, folder_.path());
  }
  std::string refusal() const {
    const auto session = open();
    return session.ok() ? "" : session.error().message;
  }

 private:
  testing::TemporaryFolder folder_;
  json manifest_;
};

// Two pictures of 4 x 2: channel c of picture b is 10 b + c everywhere but one pixel.
std::vector<float> two_pictures() {
  std::vector<float> pixels;
  for (int picture = 0; picture < 2; ++picture) {
    for (int pixel = 0; pixel < 8; ++pixel) {
      for (int channel = 0; channel < 3; ++channel)
        pixels.push_back(static_cast<float>(10 * picture + channel + (pixel == 3 ? 8 : 0)));
    }
  }
  return pixels;
}

TEST(Session, RunsAUsersOwnNetworkThroughTheModelSet) {
  OwnModel own(mean_colour_network(Layout::kChannelsLast));
  const auto models =
      ModelSet::open(testing::source_dir() / "models", "no folder is needed", {own.write()});
  ASSERT_TRUE(models.ok()) << models.error().message;
  EXPECT_THAT(models->find("own")->labels, ElementsAre("calm", "curious", "bored"));
  auto session = models->open_session("own");
  ASSERT_TRUE(session.ok()) << session.error().message;
  const std::vector<float> pixels = two_pictures();
  const auto outputs = session->run({{2, 4, 2, 3}, pixels});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_THAT((*outputs)[0].shape, ElementsAre(2, 3));
  EXPECT_THAT((*outputs)[0].data, ElementsAre(1, 2, 3, 11, 12, 13));
  EXPECT_EQ(session->calls(), 1);
  EXPECT_GT(session->seconds(), 0);
}

TEST(Session, TurnsPicturesForNetworksWithChannelsSecond) {
  OwnModel own(mean_colour_network(Layout::kChannelsSecond), {-1, 3, 4, 2});
  auto session = own.open();
  ASSERT_TRUE(session.ok()) << session.error().message;
  const std::vector<float> pixels = two_pictures();
  const auto outputs = session->run({{2, 4, 2, 3}, pixels});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_THAT((*outputs)[0].data, ElementsAre(1, 2, 3, 11, 12, 13));
}

TEST(Session, ShowsBothHashesWhereTheyDiffer) {
  OwnModel own(mean_colour_network(Layout::kChannelsLast));
  const std::string actual = own.manifest()["onnx_sha256"];
  const std::string other(64, 'a');
  own.manifest()["onnx_sha256"] = other;
  EXPECT_THAT(own.refusal(), HasSubstr(actual));
  EXPECT_THAT(own.refusal(), HasSubstr(other));
}

TEST(Session, ShowsWhatElseDiffers) {
  struct Case {
    const char* pointer;
    json value;
    std::vector<std::string> shown;
  };
  const std::vector<Case> cases = {
      {"/input/shape", {-1, 4, 4, 3}, {"picture ?x4x4x3", "?x4x2x3"}},
      {"/input/name", "image", {"image", "picture"}},
      {"/outputs/0/shape", {-1, 5}, {"moods ?x5", "?x3"}},
      {"/outputs/0/name", "mood", {"mood ?x3", "moods ?x3"}},
      {"/labels", {"calm", "curious"}, {"2 labels", "?x3"}},
  };
  for (const Case& wrong : cases) {
    OwnModel own(mean_colour_network(Layout::kChannelsLast));
    own.manifest()[json::json_pointer(wrong.pointer)] = wrong.value;
    const auto session = own.open();
    ASSERT_FALSE(session.ok()) << wrong.pointer;
    EXPECT_EQ(session.error().code, ErrorCode::kMismatch);
    for (const std::string& shown : wrong.shown)
      EXPECT_THAT(session.error().message, HasSubstr(shown)) << wrong.pointer;
    EXPECT_THAT(verify_model(read_manifest(own.write()).value(), own.folder()), SizeIs(1));
  }
}

TEST(Session, VerifyFindsNothingWhereAllAgrees) {
  OwnModel own(mean_colour_network(Layout::kChannelsLast));
  EXPECT_THAT(verify_model(read_manifest(own.write()).value(), own.folder()), IsEmpty());
}

TEST(Session, NamesTheFileThatIsMissingOrNoNetwork) {
  OwnModel garbage("these bytes are no network");
  EXPECT_THAT(garbage.refusal(), HasSubstr("ONNX Runtime refuses it"));
  std::filesystem::remove(garbage.folder() / "own.onnx");
  EXPECT_THAT(garbage.refusal(), HasSubstr("is not there"));
  const std::string whole = mean_colour_network(Layout::kChannelsLast);
  for (const std::size_t size : {whole.size() / 4, whole.size() / 2, whole.size() - 1}) {
    const OwnModel cut(whole.substr(0, size));
    EXPECT_NE(cut.refusal(), "") << size;
  }
}

TEST(Session, RefusesAnIdOrChannelThatIsTaken) {
  OwnModel own(mean_colour_network(Layout::kChannelsLast));
  own.manifest()["id"] = "blazeface";
  const auto same_id = ModelSet::open(testing::source_dir() / "models", ".", {own.write()});
  ASSERT_FALSE(same_id.ok());
  EXPECT_THAT(same_id.error().message, HasSubstr("blazeface"));
  own.manifest()["id"] = "own";
  own.manifest()["channel"] = "basic7";
  const auto same_channel = ModelSet::open(testing::source_dir() / "models", ".", {own.write()});
  ASSERT_FALSE(same_channel.ok());
  EXPECT_THAT(same_channel.error().message, HasSubstr("basic7"));
}

TEST(Session, OneChangedModelChangesTheHashOfTheSet) {
  OwnModel own(mean_colour_network(Layout::kChannelsLast));
  const auto hash = [&] {
    return ModelSet::open(testing::source_dir() / "models", ".", {own.write()}).value().hash();
  };
  const std::string before = hash();
  EXPECT_EQ(hash(), before);
  own.manifest()["onnx_sha256"] = std::string(64, 'b');
  EXPECT_NE(hash(), before);
}

// 1e-30 x 1e-10 is a denormal float.
TEST(Session, FlushesDenormalsOnEveryThreadAndLeavesTheCallerAlone) {
  const volatile float tiny = 1e-30F;
  const volatile float factor = 1e-10F;
  OwnModel own(mean_colour_network(Layout::kChannelsLast, 1e-10F));
  auto run = [&] {
    auto session = own.open();
    ASSERT_TRUE(session.ok()) << session.error().message;
    const std::vector<float> pixels(24, 1e-30F);
    const auto outputs = session->run({{1, 4, 2, 3}, pixels});
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    EXPECT_THAT((*outputs)[0].data, ElementsAre(0, 0, 0));
    EXPECT_GT(tiny * factor, 0) << "the caller's own arithmetic keeps denormals";
  };
  std::thread early([&] { run(); });
  early.join();
  run();
}

// A network whose weights lie in a file of their own, in the folder that the program runs in, is
// held by no SHA-256.
TEST(SessionFiles, WeightsOutsideTheNetworkAreNotLookedFor) {
  const std::filesystem::path seeds =
      std::filesystem::absolute(testing::source_dir()) / "fuzz" / "seeds" / "onnx_model_fuzz";
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "w.bin", std::ios::binary) << std::string(48, '\0');
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  Manifest manifest;
  manifest.id = "seed";
  manifest.input = {"in", {1, 8, 8, 3}, "", ""};
  manifest.outputs = {{"out", {1, 4}, "", ""}};
  for (const char* name : {"network", "external"}) {
    manifest.onnx_file = name;
    manifest.onnx_sha256 = sha256_of_file(seeds / name).value();
    const auto session = Session::open(manifest, seeds);
    EXPECT_EQ(session.ok(), std::string(name) == "network");
    if (!session.ok()) {
      EXPECT_THAT(session.error().message, HasSubstr("xternal"));
    }
  }
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace mien
