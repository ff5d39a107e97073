#include "face/crop.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <tuple>

namespace mien {
namespace {

// A picture whose red is x and whose green is y, in steps of one grey level per `step` pixels.
Image ramps(int width_px, int height_px, int step) {
  Image image(width_px, height_px);
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      std::uint8_t* p = image.row(y) + std::ptrdiff_t{3} * x;
      p[0] = static_cast<std::uint8_t>(x / step);
      p[1] = static_cast<std::uint8_t>(y / step);
      p[2] = 255;
    }
  }
  return image;
}

TEST(CropTest, CoordinatesGoThereAndBack) {
  const CropSquare square = {{320.5F, 97.25F}, 143, 0.4F};
  for (const Point2 p : {Point2{0, 0}, Point2{300, 100}, Point2{321, 97}}) {
    const Point2 in_crop = to_crop(square, 192, p);
    const Point3 back = to_source(square, 192, {in_crop.x, in_crop.y, 2});
    EXPECT_NEAR(back.x, p.x, 1e-3);
    EXPECT_NEAR(back.y, p.y, 1e-3);
    EXPECT_NEAR(back.z, 2 * 143.0 / 192, 1e-5);
  }
}

TEST(CropTest, ACropOfTheWholePictureAtItsOwnSizeIsThePicture) {
  const Image image = ramps(64, 64, 1);
  Image crop = cut(image.view(), 1, {{32, 32}, 64, 0}, 64, CropOutside::kBlack);
  EXPECT_TRUE(std::equal(image.data(), image.data() + 64 * 64 * 3, crop.data()));
}

// What is under a crop's pixel is the source pixel at to_source(), for any shrink, turn and scale.
class CropPlaceTest : public ::testing::TestWithParam<std::tuple<double, double, double>> {};

TEST_P(CropPlaceTest, PixelsComeFromWhereToSourceSays) {
  const auto [side, roll, scale] = GetParam();
  const Image image = ramps(500, 500, 2);  // of a source `scale` times as large
  const CropSquare square = {{static_cast<float>(250 * scale), static_cast<float>(240 * scale)},
                             static_cast<float>(side * scale),
                             static_cast<float>(roll)};
  Image crop = cut(image.view(), scale, square, 48, CropOutside::kGrey);
  for (int v = 4; v < 48; v += 8) {
    for (int u = 4; u < 48; u += 8) {
      const Point3 source =
          to_source(square, 48, {static_cast<float>(u) + 0.5F, static_cast<float>(v) + 0.5F, 0});
      const double x = static_cast<double>(source.x) / scale;
      const double y = static_cast<double>(source.y) / scale;
      if (x < 10 || y < 10 || x > 490 || y > 490) continue;
      const std::uint8_t* p = crop.row(v) + std::ptrdiff_t{3} * u;
      EXPECT_NEAR(p[0], (x - 0.5) / 2 - 0.25, 1.1) << u << " " << v;
      EXPECT_NEAR(p[1], (y - 0.5) / 2 - 0.25, 1.1) << u << " " << v;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, CropPlaceTest,
                         ::testing::Combine(::testing::Values(24.0, 48.0, 97.0, 161.0, 400.0),
                                            ::testing::Values(0.0, 0.3, -1.2, 3.0),
                                            ::testing::Values(1.0, 2.5)));

TEST(CropTest, OutsideIsAsAsked) {
  const Image image = ramps(40, 30, 1);
  const CropSquare square = {{20, 15}, 80, 0};
  for (const auto& [outside, level] :
       {std::pair{CropOutside::kBlack, 0}, std::pair{CropOutside::kGrey, 128}}) {
    Image crop = cut(image.view(), 1, square, 80, outside);
    for (const int corner : {0, 79}) {
      const std::uint8_t* p = crop.row(corner) + std::ptrdiff_t{3} * corner;
      EXPECT_NEAR(p[0], level, 1);
      EXPECT_NEAR(p[2], level, 1);
    }
  }
}

TEST(CropTest, ASquareFarFromThePictureIsAllOutside) {
  const Image image = ramps(40, 30, 1);
  for (const float far : {-500.0F, 900.0F, 1e6F}) {
    for (const float side : {1.0F, 300.0F}) {
      Image crop = cut(image.view(), 1, {{far, 15}, side, 0.2F}, 16, CropOutside::kBlack);
      for (int y = 0; y < 16; ++y) EXPECT_EQ(crop.row(y)[0] + crop.row(y)[2], 0);
    }
  }
}

// Thin lines must not come and go with where they fall: shrinking averages.
TEST(CropTest, ShrinkingKeepsTheMean) {
  Image image(640, 640);
  for (int y = 0; y < 640; ++y) {
    for (int x = 0; x < 640; ++x) {
      const auto value = static_cast<std::uint8_t>(x % 8 == 0 ? 240 : 0);
      std::fill_n(image.row(y) + std::ptrdiff_t{3} * x, 3, value);
    }
  }
  Image crop = cut(image.view(), 1, {{320, 320}, 640, 0}, 80, CropOutside::kBlack);
  for (int x = 1; x < 79; ++x) EXPECT_NEAR(crop.row(40)[std::ptrdiff_t{3} * x], 30, 2) << x;
}

TEST(CropTest, RefusesSquaresThatCannotBeCut) {
  const float nan = std::nanf("");
  EXPECT_FALSE(is_usable({{nan, 0}, 10, 0}));
  EXPECT_FALSE(is_usable({{0, 0}, nan, 0}));
  EXPECT_FALSE(is_usable({{0, 0}, 10, nan}));
  EXPECT_FALSE(is_usable({{0, 0}, 0, 0}));
  EXPECT_FALSE(is_usable({{0, 0}, -3, 0}));
  EXPECT_FALSE(is_usable({{0, 0}, 1e9F, 0}));
  EXPECT_FALSE(is_usable({{1e9F, 0}, 10, 0}));
  EXPECT_TRUE(is_usable({{1, 1}, 1, std::numbers::pi_v<float>}));
}

TEST(CropTest, ScalesAsTheManifestSays) {
  Image image(1, 1);
  image.data()[0] = 0;
  image.data()[1] = 100;
  image.data()[2] = 255;
  std::array<float, 3> out{};
  write_scaled(image.view(), {{127.5F, 127.5F, 127.5F}, 1 / 127.5F}, out);
  EXPECT_FLOAT_EQ(out[0], -1);
  EXPECT_FLOAT_EQ(out[1], (100 - 127.5F) / 127.5F);
  EXPECT_FLOAT_EQ(out[2], 1);
}

TEST(CropTest, ScalesEveryPixelOfRowsOfAnyLength) {
  const Scaling scaling = {{122.782F, 117.001F, 104.298F}, 1 / 255.0F};
  for (const int width : {1, 15, 16, 17, 37, 64}) {
    Image image(width, 3);
    for (std::size_t i = 0; i < image.stride_bytes() * 3; ++i) {
      image.data()[i] = static_cast<std::uint8_t>(i * 37 % 251);
    }
    std::vector<float> out(image.stride_bytes() * 3);
    write_scaled(image.view(), scaling, out);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto pixel = static_cast<float>(image.data()[i]);
      ASSERT_EQ(out[i], (pixel - scaling.subtract[i % 3]) * scaling.multiply) << width << ' ' << i;
    }
  }
}

}  // namespace
}  // namespace mien
