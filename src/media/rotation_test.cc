// Display matrices of MP4 and orientations of Exif, through decoder and converter.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/media_fixtures.h"
#include "support/paths.h"

#include "media/video_reader.h"

namespace mien {
namespace {

using testing::painted;
using testing::pixel_at;
using testing::Rgb;
using testing::TemporaryFolder;

constexpr int kStoredWidth = 96;
constexpr int kStoredHeight = 64;

// Greys, so that JPEG and 4:2:0 keep them: dark top left, brighter clockwise.
Image corners() {
  return painted(kStoredWidth, kStoredHeight, [](int x, int y) {
    const bool right = x >= kStoredWidth / 2;
    const bool bottom = y >= kStoredHeight / 2;
    const std::uint8_t grey = right ? (bottom ? 150 : 90) : (bottom ? 210 : 30);
    return Rgb{grey, grey, grey};
  });
}

// 1 to 4 for the corners' own places, clockwise from the top left: "1234" is upright.
std::string corner_order(const ImageView& image) {
  const int left = image.width_px / 4;
  const int right = image.width_px * 3 / 4;
  const int top = image.height_px / 4;
  const int bottom = image.height_px * 3 / 4;
  std::string order;
  for (const auto& [x, y] : {std::pair(left, top), std::pair(right, top), std::pair(right, bottom),
                             std::pair(left, bottom)}) {
    order += static_cast<char>('1' + pixel_at(image, x, y).green / 60);
  }
  return order;
}

struct Expected {
  std::string order;
  int rotation_deg;
  bool mirrored;
};

void expect_shown(const std::filesystem::path& path, const Expected& expected) {
  auto reader = VideoReader::open(path);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  const bool swaps = expected.rotation_deg % 180 != 0;
  EXPECT_EQ(reader->info().width_px, swaps ? kStoredHeight : kStoredWidth);
  EXPECT_EQ(reader->info().height_px, swaps ? kStoredWidth : kStoredHeight);
  EXPECT_EQ(reader->info().rotation_deg, expected.rotation_deg);
  EXPECT_EQ(reader->info().mirrored, expected.mirrored);
  const Frame frame = *std::move(reader->next()).value();
  EXPECT_EQ(frame.image.width_px(), reader->info().width_px);
  EXPECT_EQ(frame.image.height_px(), reader->info().height_px);
  EXPECT_EQ(corner_order(frame.image.view()), expected.order) << path;
  const auto probed = probe(path);
  ASSERT_TRUE(probed.ok());
  EXPECT_EQ(probed->rotation_deg, expected.rotation_deg);
}

TEST(Rotation, DisplayMatrixOfPhoneVideoIsApplied) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "phone.mp4";
  testing::encode({corners(), corners()}, path, {"-r", "5"},
                  {"-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "5"});
  const std::int32_t one = 1 << 16;
  const struct {
    std::vector<std::int32_t> matrix;
    Expected expected;
  } cases[] = {
      {{one, 0, 0, 0, one, 0, 0, 0, 1 << 30}, {"1234", 0, false}},
      {{0, one, 0, -one, 0, 0, kStoredHeight * one, 0, 1 << 30}, {"4123", 90, false}},
      {{-one, 0, 0, 0, -one, 0, kStoredWidth * one, kStoredHeight * one, 1 << 30},
       {"3412", 180, false}},
      {{0, -one, 0, one, 0, 0, 0, kStoredWidth * one, 1 << 30}, {"2341", 270, false}},
      {{-one, 0, 0, 0, one, 0, kStoredWidth * one, 0, 1 << 30}, {"2143", 0, true}},
      {{one, 0, 0, 0, -one, 0, 0, kStoredHeight * one, 1 << 30}, {"4321", 180, true}},
      {{0, one, 0, one, 0, 0, 0, 0, 1 << 30}, {"1432", 270, true}},
  };
  for (const auto& test : cases) {
    testing::set_display_matrix(path, test.matrix);
    expect_shown(path, test.expected);
  }
}

TEST(Rotation, ScalesBeforeItTurns) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "phone.mp4";
  testing::encode({corners()}, path, {"-r", "5"}, {"-c:v", "libx264", "-pix_fmt", "yuv420p"});
  testing::set_display_matrix(path, {0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30});
  ReaderOptions options;
  options.max_side_px = 48;
  auto reader = VideoReader::open(path, options);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader->info().height_px, kStoredWidth);
  const Frame frame = *std::move(reader->next()).value();
  EXPECT_EQ(frame.image.width_px(), 32);
  EXPECT_EQ(frame.image.height_px(), 48);
  EXPECT_DOUBLE_EQ(frame.scale, 2);
  EXPECT_EQ(corner_order(frame.image.view()), "4123");
}

TEST(Rotation, ExifOrientationOfPicturesIsApplied) {
  const TemporaryFolder folder;
  // The eight values of Exif 2.3, tag 0x0112, as clockwise turns after an optional mirror.
  const Expected expected[] = {{"1234", 0, false},  {"2143", 0, true},   {"3412", 180, false},
                               {"4321", 180, true}, {"1432", 270, true}, {"4123", 90, false},
                               {"3214", 90, true},  {"2341", 270, false}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto path = folder.path() / (std::to_string(orientation) + ".jpg");
    testing::encode({corners()}, path, {}, {"-q:v", "1"});
    testing::set_exif_orientation(path, orientation);
    expect_shown(path, expected[orientation - 1]);
  }
}

}  // namespace
}  // namespace mien
