// The chunks of one video over several threads: the tables are those of one thread. Built for the
// thread sanitizer as well, so it is kept small.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "program/clips.h"
#include "support/paths.h"

#include "pipeline/annotate/video_job.h"
#include "store/text_export.h"

namespace mien {
namespace {

class PipelineThreads : public ::testing::Test {
 protected:
  PipelineThreads() {
    options_.rate_hz = 12;
    options_.frames_table = true;
    options_.face.small_faces = false;
    options_.channels.label = false;
    options_.channels.action = false;
  }

  // Every table's rows as text, and what the overlay shows.
  std::map<std::string, std::string> tables_of(const std::filesystem::path& video, int threads) {
    std::map<std::string, std::string> tables;
    VideoJob job;
    job.video_id = "clip";
    job.path = video;
    job.threads = threads;
    job.sink = [&](const std::string& table, const Table& batch) -> Status {
      append_json_lines(batch, tables[table]);
      return Ok{};
    };
    double position_s = -1;
    job.progress = [&](const VideoFacts& facts, double now_s, double) {
      EXPECT_GT(now_s, position_s);  // chunks are joined in order
      EXPECT_GT(facts.frames_analysed, 0);
      position_s = now_s;
    };
    job.on_frame = [&](const OverlayFrame& frame) {
      tables["overlay"] += std::to_string(frame.pts_us) + " ";
      for (const OverlayFace& face : frame.faces) tables["overlay"] += face.leading_label + " ";
    };
    EnginePool engines(models_, options_);
    const auto facts = annotate_video(job, options_, engines);
    EXPECT_TRUE(facts.ok());
    EXPECT_EQ(facts.value().status, "ok") << facts.value().message;
    return tables;
  }

  ModelSet models_ =
      ModelSet::open(testing::source_dir() / "models", testing::source_dir() / "build/models")
          .value();
  AnnotateOptions options_;
};

TEST_F(PipelineThreads, GiveTheTablesOfOneThread) {
  const testing::TemporaryFolder folder;
  const auto clip = testing::face_clip(folder.path() / "clip.mp4", 2, 5);  // three chunks
  const auto expected = tables_of(clip, 1);
  EXPECT_EQ(expected.size(), 6U);
  for (const auto& [table, rows] : expected) EXPECT_FALSE(rows.empty()) << table;
  EXPECT_EQ(tables_of(clip, 2), expected);
}

TEST_F(PipelineThreads, MayBeMoreThanChunks) {
  const testing::TemporaryFolder folder;
  const auto clip = testing::face_clip(folder.path() / "clip.mp4", 2, 1);
  EXPECT_EQ(tables_of(clip, 4), tables_of(clip, 1));
}

}  // namespace
}  // namespace mien
