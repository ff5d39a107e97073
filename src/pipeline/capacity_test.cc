// What is predicted from known costs.
#include "pipeline/capacity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.h"

#include "pipeline/measured_run.h"
#include "pipeline/program_version.h"

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
  known.tables["media"] = {true, 1, 60, 900};
  known.tables["tracks"] = {false, 0.5, 100, 900};
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
  EXPECT_NEAR(estimate->table_bytes.at("tracks"), 0.5 * 30e6 * 100 + 200 * 900, 1e-3);
  // Twice the lines, four times the pixels.
  request.height = 360;
  const double low = estimate_capacity(known_costs(), request)->stages.front().core_hours;
  request.height = 720;
  const double high = estimate_capacity(known_costs(), request)->stages.front().core_hours;
  EXPECT_NEAR(high - low, 1e6 * 30 * 0.01 * 3 * 360 * 640 * 25 / 1e6 / 3600, 1e-6);
  request.videos = 0;
  EXPECT_EQ(estimate_capacity(known_costs(), request).error().code, ErrorCode::kUsage);
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
