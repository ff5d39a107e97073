// Which frames come out of a video, and at which times.
#include "media/video_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/media_fixtures.h"
#include "support/paths.h"

#include "media/grid_sampler.h"
#include "media/reader_fixture.h"

namespace mien {
namespace {

using testing::Arguments;
using testing::counted;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::encode;
using testing::numbered_frame;
using testing::numbered_video;
using testing::open;
using testing::painted;
using testing::pixel_at;
using testing::Read;
using testing::read_all;
using testing::Rgb;
using testing::TemporaryFolder;
using testing::times;

TEST(VideoReader, ReadsEveryFrameWithItsTime) {
  const TemporaryFolder folder;
  VideoReader reader = open(numbered_video(folder.path() / "a.mp4", 30, 25));
  const Read read = read_all(reader);
  EXPECT_THAT(read.numbers, ElementsAreArray(counted(30)));
  EXPECT_THAT(read.pts_us, ElementsAreArray(times(30, 25)));
  const MediaInfo& info = reader.info();
  EXPECT_EQ(info.kind, MediaKind::kVideo);
  EXPECT_EQ(info.codec, "h264");
  EXPECT_EQ(info.pixel_format, "yuv420p");
  EXPECT_EQ(info.width_px, 64);
  EXPECT_EQ(info.height_px, 48);
  EXPECT_NEAR(info.duration_s.value_or(0), 1.2, 1e-6);
  EXPECT_NEAR(info.average_rate_hz.value_or(0), 25, 1e-6);
  EXPECT_EQ(info.frame_count, 30);
  EXPECT_FALSE(info.has_audio);
  EXPECT_EQ(reader.frames_decoded(), 30);
  EXPECT_EQ(reader.damaged_packets(), 0);
  EXPECT_FALSE(reader.variable_rate());
  EXPECT_NEAR(reader.last_frame_end_s().value_or(0), 1.2, 1e-6);
  EXPECT_EQ(reader.condition().reason, MediaReason::kNone);
}

struct Coding {
  const char* name;
  const char* file;
  const char* codec;
  Arguments output;
};

class AnyCoding : public ::testing::TestWithParam<Coding> {};

TEST_P(AnyCoding, GivesTheSameFramesAndTimes) {
  const Coding& coding = GetParam();
  const TemporaryFolder folder;
  std::vector<Image> frames;
  for (int i = 0; i < 24; ++i) frames.push_back(numbered_frame(64, 48, i));
  VideoReader reader =
      open(encode(frames, folder.path() / coding.file, {"-r", "24"}, coding.output));
  EXPECT_EQ(reader.info().codec, coding.codec);
  const Read read = read_all(reader);
  EXPECT_THAT(read.numbers, ElementsAreArray(counted(24)));
  ASSERT_EQ(read.pts_us.size(), 24U);
  EXPECT_EQ(read.pts_us.front(), 0);
  // Containers round to their own clock: Matroska, FLV and WebM to 1 ms.
  const std::vector<std::int64_t> expected = times(24, 24);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(read.pts_us[i], expected[i], 1000);
  EXPECT_FALSE(reader.variable_rate());
  EXPECT_EQ(reader.condition().reason, MediaReason::kNone) << reader.condition().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, AnyCoding,
    ::testing::Values(
        Coding{"H264WithBFrames",
               "a.mp4",
               "h264",
               {"-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "10", "-bf", "3"}},
        Coding{"H264TenBit",
               "a.mp4",
               "h264",
               {"-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-crf", "10"}},
        Coding{"H264Grey", "a.mp4", "h264", {"-c:v", "libx264", "-pix_fmt", "gray", "-crf", "10"}},
        Coding{"H264Fragmented",
               "a.mp4",
               "h264",
               {"-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "10", "-movflags",
                "frag_keyframe+empty_moov", "-bf", "0"}},
        Coding{"HevcInMatroska",
               "a.mkv",
               "hevc",
               {"-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-crf", "10", "-x265-params",
                "log-level=none:pools=1"}},
        Coding{
            "Vp8InWebm", "a.webm", "vp8", {"-c:v", "libvpx", "-b:v", "2M", "-auto-alt-ref", "0"}},
        Coding{"Vp9InWebm",
               "a.webm",
               "vp9",
               {"-c:v", "libvpx-vp9", "-crf", "10", "-b:v", "0", "-cpu-used", "8"}},
        Coding{"Mpeg2InTransportStream", "a.ts", "mpeg2video", {"-c:v", "mpeg2video", "-q:v", "1"}},
        Coding{"Mpeg4InAvi", "a.avi", "mpeg4", {"-c:v", "mpeg4", "-q:v", "1"}},
        Coding{"FlashVideo", "a.flv", "flv1", {"-c:v", "flv", "-q:v", "1"}},
        Coding{"TheoraInOgg", "a.ogv", "theora", {"-c:v", "libtheora", "-q:v", "10"}},
        Coding{"MotionJpegInMov",
               "a.mov",
               "mjpeg",
               {"-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "1"}},
        Coding{"ProResTenBit", "a.mov", "prores", {"-c:v", "prores", "-pix_fmt", "yuv422p10le"}},
        Coding{"LosslessGrey16", "a.mkv", "ffv1", {"-c:v", "ffv1", "-pix_fmt", "gray16le"}},
        Coding{"LosslessRgb", "a.mkv", "ffv1", {"-c:v", "ffv1", "-pix_fmt", "bgr0"}},
        Coding{"RawInAvi", "a.avi", "rawvideo", {"-c:v", "rawvideo", "-pix_fmt", "bgr24"}},
        Coding{"WindowsMedia", "a.wmv", "wmv2", {"-c:v", "wmv2", "-q:v", "1"}},
        Coding{"BareH264",
               "a.h264",
               "h264",
               {"-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "10", "-bf", "0", "-f", "h264"}}),
    [](const auto& coding) { return std::string(coding.param.name); });

TEST(VideoReader, MovingGifIsAVideoAndAStillOneAStill) {
  const TemporaryFolder folder;
  VideoReader moving =
      open(numbered_video(folder.path() / "m.gif", 5, 10, {"-c:v", "gif", "-pix_fmt", "gray"}));
  EXPECT_EQ(moving.info().kind, MediaKind::kVideo);
  EXPECT_THAT(read_all(moving).pts_us, ElementsAreArray(times(5, 10)));
  VideoReader still =
      open(numbered_video(folder.path() / "s.gif", 1, 10, {"-c:v", "gif", "-pix_fmt", "gray"}));
  EXPECT_EQ(still.info().kind, MediaKind::kStill);
  EXPECT_EQ(read_all(still).pts_us.size(), 1U);
}

TEST(VideoReader, StillsAreOneFrameAtTimeZero) {
  const TemporaryFolder folder;
  const Image picture = painted(40, 30, [](int x, int) {
    return x < 20 ? Rgb{200, 40, 40} : Rgb{30, 60, 180};
  });
  for (const char* name : {"a.jpg", "a.png", "a.bmp", "a.tiff", "a.ppm", "a.webp", "a.gif"}) {
    Arguments output = {"-frames:v", "1"};
    if (std::string(name) == "a.webp") output = {"-c:v", "libwebp", "-lossless", "1"};
    if (std::string(name) == "a.jpg") output = {"-q:v", "1", "-pix_fmt", "yuvj444p"};
    VideoReader reader = open(encode({picture}, folder.path() / name, {}, output));
    EXPECT_EQ(reader.info().kind, MediaKind::kStill) << name;
    EXPECT_FALSE(reader.info().duration_s.has_value()) << name;
    auto frame = reader.next();
    ASSERT_TRUE(frame.ok() && frame->has_value()) << name;
    EXPECT_EQ((*frame)->pts_us, 0) << name;
    const ImageView view = (*frame)->image.view();
    ASSERT_EQ(view.width_px, 40) << name;
    // ffmpeg's GIF has 8 levels of red and 4 of blue, its JPEG rounds.
    const bool is_gif = std::string(name) == "a.gif";
    EXPECT_NEAR(pixel_at(view, 5, 15).red, 200, is_gif ? 36 : 2) << name;
    EXPECT_NEAR(pixel_at(view, 35, 15).blue, 180, is_gif ? 85 : 2) << name;
    EXPECT_FALSE(reader.next().value().has_value()) << name;
    EXPECT_EQ(reader.condition().reason, MediaReason::kNone) << reader.condition().message;
  }
}

TEST(VideoReader, VariableRateIsHonoured) {
  const TemporaryFolder folder;
  for (const char* name : {"v.mp4", "v.mkv"}) {
    // Frame n at n^2 * 10 ms.
    VideoReader reader =
        open(numbered_video(folder.path() / name, 8, 25,
                            {"-vf", "settb=1/1000,setpts=N*N*10", "-vsync", "passthrough",
                             "-enc_time_base", "1/1000", "-bf", "0"}));
    const Read read = read_all(reader);
    EXPECT_THAT(read.pts_us, ElementsAre(0, 10000, 40000, 90000, 160000, 250000, 360000, 490000))
        << name;
    EXPECT_THAT(read.numbers, ElementsAreArray(counted(8))) << name;
    EXPECT_TRUE(reader.variable_rate()) << name;
  }
}

TEST(VideoReader, LateStartIsKeptAndTransportStreamsBeginAtTheirOrigin) {
  const TemporaryFolder folder;
  VideoReader late =
      open(numbered_video(folder.path() / "late.mkv", 3, 10, {"-output_ts_offset", "1.5"}));
  EXPECT_THAT(read_all(late).pts_us, ElementsAre(1500000, 1600000, 1700000));
  // A transport stream starts at 1.4 s by the muxer's delay, or anywhere.
  VideoReader stream =
      open(numbered_video(folder.path() / "a.ts", 3, 10, {"-output_ts_offset", "4000"}));
  EXPECT_THAT(read_all(stream).pts_us, ElementsAre(0, 100000, 200000));
}

TEST(VideoReader, EditListHidesWhatItCutsOff) {
  const TemporaryFolder folder;
  const auto whole = numbered_video(folder.path() / "whole.mp4", 20, 10, {"-g", "10"});
  // Copying from 1.5 s keeps the packets from the key frame at 1.0 s and hides five by edit list.
  const auto cut = folder.path() / "cut.mp4";
  testing::run_ffmpeg({"-ss", "1.5", "-i", whole.string(), "-c", "copy", cut.string()});
  VideoReader reader = open(cut);
  const Read read = read_all(reader);
  EXPECT_THAT(read.numbers, ElementsAre(15, 16, 17, 18, 19));
  EXPECT_THAT(read.pts_us, ElementsAreArray(times(5, 10)));
}

TEST(VideoReader, JoinedTransportStreamsKeepRising) {
  const TemporaryFolder folder;
  const auto part = numbered_video(folder.path() / "part.ts", 10, 10);
  const std::string bytes = testing::read_bytes(part);
  VideoReader reader = open(testing::write_bytes(folder.path() / "joined.ts", bytes + bytes));
  const Read read = read_all(reader);
  EXPECT_GE(read.pts_us.size(), 19U);  // the joint may cost a frame
  for (std::size_t i = 1; i < read.pts_us.size(); ++i)
    EXPECT_GT(read.pts_us[i], read.pts_us[i - 1]);
  EXPECT_LT(read.pts_us.back(), 2500000);
}

TEST(VideoReader, OneFrameVideoAndOnePixelPicture) {
  const TemporaryFolder folder;
  VideoReader video = open(numbered_video(folder.path() / "one.mp4", 1, 25));
  EXPECT_EQ(video.info().kind, MediaKind::kVideo);
  EXPECT_EQ(read_all(video).pts_us, std::vector<std::int64_t>{0});
  const Image pixel = painted(1, 1, [](int, int) { return Rgb{10, 200, 30}; });
  VideoReader still = open(encode({pixel}, folder.path() / "pixel.png", {}, {}));
  auto frame = still.next();
  ASSERT_TRUE(frame.ok() && frame->has_value());
  EXPECT_EQ(pixel_at((*frame)->image.view(), 0, 0).green, 200);
  VideoReader tiny = open(encode({pixel, pixel}, folder.path() / "pixel.mkv", {"-r", "5"},
                                 {"-c:v", "ffv1", "-pix_fmt", "yuv420p"}));
  EXPECT_EQ(read_all(tiny).pts_us.size(), 2U);
}

}  // namespace
}  // namespace mien
