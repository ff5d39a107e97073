// What is predicted from known costs.
#include "pipeline/cluster/capacity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.h"

#include "pipeline/cluster/measured_run.h"
#include "pipeline/study/program_version.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

CapacityCalibration known_costs() {
  CapacityCalibration known;
  known.program_version = std::string(kProgramVersion);
  known.processor = "a machine";
  known.videos = 4;
  known.seconds = 40;
  known.megapixels_a_second = 2;
  known.frames_a_second = 25;
  known.start_s = 1;
  known.second_s = 0.5;
  known.megapixel_s = 0.01;
  known.worker_memory_mb = 300;
  known.tables["media"] = {1, 0, 60, 900};
  known.tables["tracks"] = {2, 0.5, 100, 900};
  known.texts = StageCost{2, 0.001, 200, 0};
  known.associate = StageCost{3, 1e-5, 150, 2};
  return known;
}

TEST(Capacity, RatesOfVideosAreFoundAndNeverNegative) {
  std::vector<VideoCost> videos;
  for (const auto& [seconds, megapixels] :
       {std::pair(10.0, 5.0), {20.0, 200.0}, {5.0, 130.0}, {30.0, 60.0}}) {
    videos.push_back({seconds, megapixels, 1.5 + 0.4 * seconds + 0.02 * megapixels});
  }
  const VideoRates rates = fit_video_rates(videos, 1.5);
  EXPECT_NEAR(rates.second_s, 0.4, 1e-9);
  EXPECT_NEAR(rates.megapixel_s, 0.02, 1e-9);
  for (VideoCost& video : videos)
    video.cpu_s = 1.5 + 0.4 * video.seconds - 0.001 * video.megapixels;
  EXPECT_EQ(fit_video_rates(videos, 1.5).megapixel_s, 0);
  EXPECT_GT(fit_video_rates(videos, 1.5).second_s, 0.3);
  // Two videos, or pixels alike, do not tell decoding apart.
  EXPECT_EQ(fit_video_rates({videos[0], videos[1]}, 1.5).megapixel_s, 0);
  const StageCost stage = fit_stage_cost(100, 3, 1100, 5);
  EXPECT_NEAR(stage.unit_s, 0.002, 1e-12);
  EXPECT_NEAR(stage.start_s, 2.8, 1e-12);
}

TEST(Capacity, AnEstimateIsTheSumOfItsParts) {
  CapacityRequest request;
  request.videos = 1e6;
  request.seconds = 30;
  request.nodes = 10;
  request.cores = 20;
  const auto estimate = estimate_capacity(known_costs(), request);
  ASSERT_TRUE(estimate.ok());
  EXPECT_EQ(estimate->shards, 200);
  const CapacityStage& annotate = estimate->stages.front();
  EXPECT_NEAR(annotate.core_hours, (1e6 * 30 * (0.5 + 0.01 * 2) + 200) / 3600, 1e-6);
  EXPECT_NEAR(annotate.wall_hours, annotate.core_hours / 200, 1e-9);
  EXPECT_EQ(annotate.memory_mb, 300);
  EXPECT_EQ(estimate->stages[1].stage, "contexts text");
  EXPECT_NEAR(estimate->stages[1].core_hours, (2 * 200 + 1000) / 3600.0, 1e-9);
  EXPECT_NEAR(estimate->stages[2].memory_mb, 150 + 2.0 * 5000 / 1024, 1e-9);
  EXPECT_NEAR(estimate->table_bytes.at("media"), 60e6 + 200 * 900, 1e-3);
  EXPECT_NEAR(estimate->table_bytes.at("tracks"), (2 + 0.5 * 30) * 1e6 * 100 + 200 * 900, 1e-3);
  // Twice the lines, four times the pixels.
  request.height = 360;
  const double low = estimate_capacity(known_costs(), request)->stages.front().core_hours;
  request.height = 720;
  const double high = estimate_capacity(known_costs(), request)->stages.front().core_hours;
  EXPECT_NEAR(high - low, 1e6 * 30 * 0.01 * 3 * 360 * 640 * 25 / 1e6 / 3600, 1e-6);
  request.videos = 0;
  EXPECT_EQ(estimate_capacity(known_costs(), request).error().code, ErrorCode::kUsage);
}

// One machine alone cuts shards of 64 videos and starts a worker a core, once.
TEST(Capacity, OneMachineHasShardsAsAnnotateCutsThem) {
  CapacityRequest request;
  request.videos = 9;
  request.cores = 2;
  const auto few = estimate_capacity(known_costs(), request);
  ASSERT_TRUE(few.ok());
  EXPECT_EQ(few->shards, 1);
  EXPECT_NEAR(few->stages.front().core_hours, (9 * 30 * (0.5 + 0.01 * 2) + 2) / 3600, 1e-9);
  request.videos = 640;
  EXPECT_EQ(estimate_capacity(known_costs(), request)->shards, 10);
  request.shards = 3;  // tasks
  EXPECT_EQ(estimate_capacity(known_costs(), request)->shards, 3);
}

// Whichever of the two explains the costs, the calibration's own total comes back.
TEST(Capacity, RatesGiveBackTheCalibrationsTotal) {
  const std::vector<std::vector<VideoCost>> cases = {
      {{30, 75, 2.9}, {53, 160, 4.7}, {3, 33, 1.6}, {3, 33, 2.0}},      // pixels
      {{30, 75, 29}, {53, 100, 54}, {3, 33, 2.9}, {3, 1, 3.2}},         // seconds
      {{10, 5, 4.2}, {20, 200, 11.7}, {5, 130, 4.7}, {30, 60, 13.3}}};  // both
  for (const std::vector<VideoCost>& videos : cases) {
    const VideoRates rates = fit_video_rates(videos, 0);
    double told = 0;
    double measured = 0;
    for (const VideoCost& video : videos) {
      told += rates.second_s * video.seconds + rates.megapixel_s * video.megapixels;
      measured += video.cpu_s;
    }
    EXPECT_NEAR(told, measured, 1e-9);
  }
}

// Tracks go by the video, windows by video and second.
TEST(Capacity, RowsAreToldByVideoAndSecond) {
  const RowRates tracks = fit_row_rates({{1, 30, 2}, {1, 60, 2}, {1, 3, 2}});
  EXPECT_NEAR(tracks.a_video, 2, 1e-9);
  EXPECT_NEAR(tracks.a_second, 0, 1e-9);
  const RowRates windows = fit_row_rates({{1, 30, 4}, {1, 60, 7}, {2, 20, 4}});
  EXPECT_NEAR(windows.a_video, 1, 1e-9);
  EXPECT_NEAR(windows.a_second, 0.1, 1e-9);
  // Of two videos, or lengths alike, all goes by the second.
  EXPECT_NEAR(fit_row_rates({{1, 30, 4}, {1, 60, 5}}).a_second, 0.1, 1e-9);
}

TEST(Capacity, ACalibrationSurvivesItsFile) {
  const nlohmann::json json = to_json(known_costs());
  const auto read = parse_calibration(json.dump());
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(to_json(*read), json);
  EXPECT_EQ(parse_calibration("{").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(parse_calibration("[]").error().code, ErrorCode::kCorrupt);
  nlohmann::json old = json;
  old["program_version"] = "0.0.0";
  const auto refused = parse_calibration(old.dump());
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("--calibrate"));
}

TEST(Capacity, ARunIsMeasuredWithItsChildren) {
  testing::TemporaryFolder folder;
  const auto run =
      run_measured("/bin/sh", {"-c", "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'"},
                   folder.path() / "out");
  ASSERT_TRUE(run.ok()) << run.error().message;
  EXPECT_GT(run->cpu_s, 0.01);
  EXPECT_GT(run->memory_mb, 0.5);
  EXPECT_FALSE(run_measured("/bin/sh", {"-c", "exit 3"}, folder.path() / "out").ok());
}

}  // namespace
}  // namespace mien
