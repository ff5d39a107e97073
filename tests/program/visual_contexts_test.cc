// `mien annotate --contexts` as a person runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "program/clips.h"
#include "program/program.h"

namespace mien::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

ProgramRun annotate(const std::filesystem::path& input, const std::filesystem::path& study,
                    std::vector<std::string> options) {
  options.insert(options.begin(), {"annotate", input.string(), "--out", study.string(),
                                   "--channels", "action", "--no-small-faces"});
  return run_mien(options);
}

TEST(VisualContexts, NamesContextsInEveryArmAndSaysWhatWasAssessed) {
  const TemporaryFolder folder;
  const auto inputs = folder.path() / "in";
  std::filesystem::create_directories(inputs);
  group_picture(inputs / "group.png", 3, 640);
  std::ofstream(inputs / "broken.mp4") << "no video";
  const auto study = folder.path() / "study";
  const ProgramRun run =
      annotate(inputs, study, {"--contexts", "--faces", "masked,visible,patches"});
  ASSERT_EQ(run.exit_status, 0) << run.err;

  std::set<std::string> sources;
  for (const Json& row : table_rows(study, "context_status")) {
    const bool is_broken = row.at("video_id") == "broken.mp4";
    EXPECT_EQ(row.at("status"), is_broken ? "failed" : "ok");
    EXPECT_EQ(row.at("reason").is_null(), !is_broken);
    EXPECT_EQ(row.at("vocabulary"), "everyday");
    sources.insert(row.at("source").get<std::string>());
  }
  EXPECT_THAT(sources, ElementsAre("visual", "visual_patches", "visual_visible"));

  std::map<std::string, int> rows;
  for (const Json& row : table_rows(study, "contexts")) {
    EXPECT_EQ(row.at("video_id"), "group.png");
    const double score = row.at("score_prob");
    EXPECT_GE(score, 0);
    EXPECT_LE(score, 1);
    EXPECT_EQ(row.at("above_threshold").get<bool>(), score >= 0.3);
    ++rows[row.at("source").get<std::string>()];
  }
  ASSERT_EQ(rows.size(), 3U);
  for (const auto& [source, count] : rows) EXPECT_GE(count, 5) << source;

  const std::vector<Json> frames = table_rows(study, "context_frames");
  ASSERT_EQ(frames.size(), 3U);  // one still, three arms
  for (const Json& row : frames) {
    if (row.at("source") == "visual_visible") {
      EXPECT_EQ(row.at("regions"), 0);
      EXPECT_EQ(row.at("filled_share"), 0.0);
      EXPECT_TRUE(row.at("on_heads_share").is_null());
    } else {
      EXPECT_GE(row.at("regions"), 3);  // the picture shows three people
      EXPECT_GT(row.at("filled_share"), 0.05);
    }
    if (row.at("source") == "visual") {
      EXPECT_EQ(row.at("on_heads_share"), 1.0);
    }
  }
  EXPECT_EQ(table_rows(study, "scenes").size(), 1U);
}

TEST(VisualContexts, AreTheSameForAnyNumberOfThreads) {
  const TemporaryFolder folder;
  const auto clip = face_clip(folder.path() / "clip.mp4", 2, 5);
  const std::vector<std::string> options{"--contexts", "--faces", "masked,patches", "--rate", "6"};
  std::vector<std::string> one = options;
  one.insert(one.end(), {"--threads", "1"});
  std::vector<std::string> two = options;
  two.insert(two.end(), {"--threads", "2"});
  ASSERT_EQ(annotate(clip, folder.path() / "one", one).exit_status, 0);
  ASSERT_EQ(annotate(clip, folder.path() / "two", two).exit_status, 0);
  EXPECT_EQ(parquet_hashes(folder.path() / "one"), parquet_hashes(folder.path() / "two"));
  // Five seconds: three runs of two seconds, the last one cut short.
  EXPECT_EQ(table_rows(folder.path() / "one", "context_frames").size(), 6U);
}

// A frame that a head fills is assessed in no arm, so that arms are compared on the same frames.
TEST(VisualContexts, DoNotAssessCloseUps) {
  const TemporaryFolder folder;
  const auto inputs = folder.path() / "in";
  std::filesystem::create_directories(inputs);
  face_clip(inputs / "near.mp4", 2, 1, {"-vf", "crop=160:160:120:70"});
  group_picture(inputs / "far.png", 3, 640);
  const auto study = folder.path() / "study";
  ASSERT_EQ(
      annotate(inputs, study, {"--contexts", "--faces", "masked,visible,patches"}).exit_status, 0);
  for (const Json& row : table_rows(study, "context_status")) {
    const bool is_near = row.at("video_id") == "near.mp4";
    EXPECT_EQ(row.at("status"), is_near ? "skipped" : "ok") << row;
    EXPECT_EQ(row.at("reason"), is_near ? Json("mostly_filled") : Json()) << row;
  }
  for (const Json& row : table_rows(study, "contexts")) EXPECT_EQ(row.at("video_id"), "far.png");
  int close_ups = 0;
  for (const Json& row : table_rows(study, "context_frames")) {
    const bool is_near = row.at("video_id") == "near.mp4";
    EXPECT_EQ(row.at("reason"), is_near ? Json("mostly_filled") : Json()) << row;
    EXPECT_EQ(row.at("score_prob").is_null(), is_near) << row;
    if (!is_near) continue;
    ++close_ups;
    EXPECT_TRUE(row.at("context").is_null());
    EXPECT_GT(row.at("source") == "visual" ? row.at("filled_share").get<double>() : 1, 0.5);
  }
  EXPECT_EQ(close_ups, 3);
}

TEST(VisualContexts, RefusesWhatMeansNothing) {
  const TemporaryFolder folder;
  const auto picture = group_picture(folder.path() / "a.png", 1, 160);
  const ProgramRun unknown =
      annotate(picture, folder.path() / "study", {"--contexts", "--faces", "hidden"});
  EXPECT_EQ(unknown.exit_status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("'hidden' is not one of masked"));
  EXPECT_EQ(annotate(picture, folder.path() / "study", {"--faces", "both"}).exit_status, 2);
}

}  // namespace
}  // namespace mien::testing
