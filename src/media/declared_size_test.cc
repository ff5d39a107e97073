// Headers that ask for more than any honest file needs are refused before FFmpeg acts on them.
#include "media/declared_size.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/hostile_media.h"
#include "support/media_fixtures.h"
#include "support/paths.h"

#include "media/video_reader.h"

namespace mien {
namespace {

using testing::TemporaryFolder;
using testing::write_bytes;

MediaReason refusal(const std::filesystem::path& path) {
  return reason_of(VideoReader::open(path, ReaderOptions{}).error());
}

TEST(DeclaredSize, PicturesThatFfmpegCallsDamageAreTooLarge) {
  const TemporaryFolder folder;
  const auto png = folder.path() / "a.png";
  for (const std::uint32_t side_px : {17'000U, 60'000U, 2'000'000'000U}) {
    write_bytes(png, testing::png_header_only(side_px, side_px));
    EXPECT_EQ(refusal(png), MediaReason::kTooLarge) << side_px;
  }
  const auto jpeg = folder.path() / "a.jpg";
  testing::run_ffmpeg(
      {"-f", "lavfi", "-i", "testsrc2=s=64x48", "-frames:v", "1", "-y", jpeg.string()});
  const std::string small = testing::read_bytes(jpeg);
  write_bytes(jpeg, testing::with_jpeg_size(small, 65'500, 65'499));
  EXPECT_EQ(refusal(jpeg), MediaReason::kTooLarge);
  auto file = SourceFile::open(jpeg);
  ASSERT_TRUE(file.ok());
  const auto size = declared_picture_size(**file);
  ASSERT_TRUE(size.has_value());
  EXPECT_EQ(size->width_px, 65'500);
  EXPECT_EQ(size->height_px, 65'499);
}

TEST(DeclaredSize, ACompressedIndexMayNotInflateToAnything) {
  const TemporaryFolder folder;
  const auto mov = folder.path() / "a.mov";
  for (const std::uint32_t bytes : {1'000'000U, 100'000'000U}) {
    write_bytes(mov, testing::mov_with_index_bomb(bytes));
    auto file = SourceFile::open(mov);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(inflated_index_bytes(**file), bytes);
    const auto reader = VideoReader::open(mov, ReaderOptions{});
    ASSERT_FALSE(reader.ok());
    EXPECT_EQ(reason_of(reader.error()), MediaReason::kNotMedia);
    const bool is_named = reader.error().message.find("compressed index") != std::string::npos;
    EXPECT_EQ(is_named, bytes == 100'000'000) << reader.error().message;
  }
}

TEST(DeclaredSize, ManyStreamsAreReadAndTooManyAreRefused) {
  const TemporaryFolder folder;
  const auto seed = testing::numbered_video(folder.path() / "seed.mp4", 1, 25);
  const auto mp4 = folder.path() / "a.mp4";
  for (const int streams : {100, 129}) {
    testing::Arguments arguments = {"-i", seed.string(), "-c", "copy"};
    for (int i = 0; i < streams; ++i) arguments.insert(arguments.end(), {"-map", "0:v"});
    arguments.push_back(mp4.string());
    testing::run_ffmpeg(arguments);
    if (streams == 100) {
      EXPECT_TRUE(VideoReader::open(mp4, ReaderOptions{}).ok());
    } else {
      EXPECT_EQ(refusal(mp4), MediaReason::kUnsupported);
    }
  }
}

}  // namespace
}  // namespace mien
