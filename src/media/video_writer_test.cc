#include "media/video_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "support/media_fixtures.h"
#include "support/paths.h"

#include "media/video_reader.h"

namespace mien {
namespace {

using ::testing::ElementsAreArray;
using testing::painted;
using testing::pixel_at;
using testing::Rgb;
using testing::TemporaryFolder;

const std::vector<std::int64_t> kTimes = {0, 166667, 333333, 350000, 2000000, 2000001};

VideoWriter create(const std::filesystem::path& path, int width_px, int height_px) {
  auto writer = VideoWriter::create(path, width_px, height_px);
  EXPECT_TRUE(writer.ok()) << writer.error().message;
  if (!writer.ok()) std::abort();
  return std::move(writer).value();
}

void write_numbered(const std::filesystem::path& path, const std::vector<std::int64_t>& times_us) {
  VideoWriter writer = create(path, 64, 48);
  for (std::size_t i = 0; i < times_us.size(); ++i) {
    const Image image = testing::numbered_frame(64, 48, static_cast<int>(i));
    ASSERT_TRUE(writer.write(image.view(), times_us[i]).ok());
  }
  const Status finished = writer.finish();
  ASSERT_TRUE(finished.ok()) << finished.error().message;
}

std::size_t files_in(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

TEST(VideoWriter, FramesAndTimesComeBack) {
  const TemporaryFolder folder;
  std::vector<std::int64_t> late = kTimes;
  for (std::int64_t& time : late) time += 700000;
  for (const auto& times : {kTimes, late}) {
    const auto path = folder.path() / "w.mp4";
    write_numbered(path, times);
    auto reader = VideoReader::open(path);
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    std::vector<std::int64_t> found;
    for (;;) {
      auto frame = reader->next().value();
      if (!frame.has_value()) break;
      EXPECT_EQ(testing::frame_number(frame->image.view()), static_cast<int>(found.size()));
      found.push_back(frame->pts_us);
    }
    EXPECT_THAT(found, ElementsAreArray(times));
    EXPECT_EQ(reader->condition().reason, MediaReason::kNone);
  }
}

TEST(VideoWriter, IsWhatBrowsersPlay) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "w.mp4";
  write_numbered(path, kTimes);
  const auto info = probe(path);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->codec, "h264");
  EXPECT_EQ(info->pixel_format, "yuv420p");
  EXPECT_EQ(info->colour_matrix, "bt709");
  EXPECT_EQ(info->colour_range, "limited");
  const std::string bytes = testing::read_bytes(path);
  const std::size_t index = bytes.find("moov");
  ASSERT_NE(index, std::string::npos);
  EXPECT_LT(index, bytes.find("mdat")) << "the index stands in front";
}

TEST(VideoWriter, WebmComesBackToTheMillisecond) {
  const TemporaryFolder folder;
  std::string bytes;
  for (const char* name : {"a.webm", "b.webm"}) {
    const auto path = folder.path() / name;
    auto writer = VideoWriter::create(path, 64, 48, VideoFormat::kWebm);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(writer->write(testing::numbered_frame(64, 48, i).view(), i * 40'000).ok());
    }
    ASSERT_TRUE(writer->finish().ok());
    const auto info = probe(path);
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(info->codec, "vp9");
    EXPECT_EQ(info->colour_matrix, "bt709");
    EXPECT_FALSE(info->has_audio);
    auto reader = VideoReader::open(path);
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    for (int i = 0; i < 5; ++i) {
      const auto frame = reader->next().value();
      ASSERT_TRUE(frame.has_value());
      EXPECT_EQ(testing::frame_number(frame->image.view()), i);
      EXPECT_EQ(frame->pts_us, i * 40'000);
    }
    EXPECT_FALSE(reader->next().value().has_value());
    EXPECT_EQ(reader->condition().reason, MediaReason::kNone);
    if (!bytes.empty()) {
      EXPECT_EQ(testing::read_bytes(path), bytes);
    }
    bytes = testing::read_bytes(path);
  }
  EXPECT_EQ(files_in(folder.path()), 2U);
}

TEST(VideoWriter, ColoursComeBack) {
  const TemporaryFolder folder;
  const Rgb colours[] = {{220, 40, 40}, {40, 200, 60}, {50, 60, 220}, {198, 134, 110}};
  const Image image = painted(128, 32, [&](int x, int) { return colours[x / 32]; });
  VideoWriter writer = create(folder.path() / "c.mp4", 128, 32);
  ASSERT_TRUE(writer.write(image.view(), 0).ok());
  ASSERT_TRUE(writer.finish().ok());
  auto reader = VideoReader::open(folder.path() / "c.mp4");
  ASSERT_TRUE(reader.ok());
  const Frame frame = *std::move(reader->next()).value();
  for (int i = 0; i < 4; ++i) {
    const Rgb found = pixel_at(frame.image.view(), 32 * i + 16, 16);
    EXPECT_NEAR(found.red, colours[i].red, 4) << i;
    EXPECT_NEAR(found.green, colours[i].green, 4) << i;
    EXPECT_NEAR(found.blue, colours[i].blue, 4) << i;
  }
}

TEST(VideoWriter, SameFramesGiveTheSameBytes) {
  const TemporaryFolder folder;
  write_numbered(folder.path() / "a.mp4", kTimes);
  write_numbered(folder.path() / "b.mp4", kTimes);
  EXPECT_EQ(testing::read_bytes(folder.path() / "a.mp4"),
            testing::read_bytes(folder.path() / "b.mp4"));
}

TEST(VideoWriter, OddSizesRepeatTheLastRowAndColumn) {
  const TemporaryFolder folder;
  const Image image = painted(33, 21, [](int x, int y) {
    return x == 32 || y == 20 ? Rgb{230, 230, 230} : Rgb{40, 40, 40};
  });
  VideoWriter writer = create(folder.path() / "o.mp4", 33, 21);
  ASSERT_TRUE(writer.write(image.view(), 0).ok());
  ASSERT_TRUE(writer.finish().ok());
  auto reader = VideoReader::open(folder.path() / "o.mp4");
  ASSERT_TRUE(reader.ok());
  const Frame frame = *std::move(reader->next()).value();
  ASSERT_EQ(frame.image.width_px(), 34);
  ASSERT_EQ(frame.image.height_px(), 22);
  EXPECT_NEAR(pixel_at(frame.image.view(), 33, 10).green, 230, 20);
  EXPECT_NEAR(pixel_at(frame.image.view(), 10, 21).green, 230, 20);
  EXPECT_NEAR(pixel_at(frame.image.view(), 16, 10).green, 40, 6);
}

TEST(VideoWriter, DroppedWriterLeavesNothingAndKeepsTheOldFile) {
  const TemporaryFolder folder;
  const auto path = testing::write_bytes(folder.path() / "w.mp4", "the old one");
  {
    VideoWriter writer = create(path, 64, 48);
    ASSERT_TRUE(writer.write(testing::numbered_frame(64, 48, 1).view(), 0).ok());
    EXPECT_EQ(files_in(folder.path()), 2U);
  }
  EXPECT_EQ(files_in(folder.path()), 1U);
  EXPECT_EQ(testing::read_bytes(path), "the old one");
  write_numbered(path, kTimes);
  EXPECT_EQ(files_in(folder.path()), 1U);
  EXPECT_TRUE(probe(path).ok());
}

TEST(VideoWriter, UnwritablePlaceIsAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "none" / "w.mp4";
  const auto writer = VideoWriter::create(path, 64, 48);
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.error().code, ErrorCode::kIo);
  EXPECT_NE(writer.error().message.find(path.string()), std::string::npos);
}

TEST(VideoWriter, FullDiskIsAnError) {
  // Linux's device that is always full; the temporary name cannot stand there, so the folder's
  // part of the path is a link to it.
  const TemporaryFolder folder;
  const auto path = folder.path() / "w.mp4";
  std::filesystem::path temporary = path;
  temporary += ".part-" + std::to_string(::getpid());
  std::filesystem::create_symlink("/dev/full", temporary);
  bool failed = false;
  {
    auto writer = VideoWriter::create(path, 640, 480);
    failed = !writer.ok();
    for (int i = 0; !failed && i < 60; ++i) {
      const Image image = painted(640, 480, [&](int x, int y) {
        return Rgb{static_cast<std::uint8_t>(x * y * (i + 1)), static_cast<std::uint8_t>(y * i),
                   static_cast<std::uint8_t>(x ^ y)};
      });
      failed = !writer->write(image.view(), i * 100000).ok();
    }
    failed = failed || !writer->finish().ok();
  }
  EXPECT_TRUE(failed);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(VideoWriter, NoFramesIsAnError) {
  const TemporaryFolder folder;
  {
    VideoWriter writer = create(folder.path() / "w.mp4", 64, 48);
    EXPECT_FALSE(writer.finish().ok());
  }
  EXPECT_EQ(files_in(folder.path()), 0U);
}

}  // namespace
}  // namespace mien
