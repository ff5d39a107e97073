#include "face/shot_cut.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace mien {
namespace {

// A street of rectangles in many sizes; another seed is another scene.
Image scene(std::uint64_t seed, int width_px, int height_px) {
  Image image(width_px, height_px);
  Random random(seed);
  for (int k = 0; k < 400; ++k) {
    const double x = random.uniform();
    const double y = random.uniform();
    const double side = 0.02 + 0.15 * random.uniform();
    const auto colour = static_cast<std::uint8_t>(random.below(256));
    const int right = std::min(width_px, static_cast<int>((x + side) * width_px));
    const int bottom = std::min(height_px, static_cast<int>((y + side) * height_px));
    for (int row = static_cast<int>(y * height_px); row < bottom; ++row) {
      for (int column = static_cast<int>(x * width_px); column < right; ++column) {
        std::fill_n(image.row(row) + 3 * column, 3, colour);
      }
    }
  }
  return image;
}

ImageView window(const Image& image, int x, int y, int width_px, int height_px) {
  ImageView view = image.view();
  view.data += static_cast<std::size_t>(y) * view.stride_bytes + static_cast<std::size_t>(x) * 3;
  view.width_px = width_px;
  view.height_px = height_px;
  return view;
}

Image lit(const Image& image, double gain, int offset) {
  Image result = image;
  for (int y = 0; y < result.height_px(); ++y) {
    for (int i = 0; i < 3 * result.width_px(); ++i) {
      std::uint8_t& v = result.row(y)[i];
      v = static_cast<std::uint8_t>(std::clamp(static_cast<int>(gain * v) + offset, 0, 255));
    }
  }
  return result;
}

TEST(ShotCut, EverySceneIsACutFromEveryOtherAndNotFromItself) {
  std::vector<std::vector<float>> scenes;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    scenes.push_back(frame_signature(scene(seed, 360, 288).view()));
  }
  for (std::size_t i = 0; i < scenes.size(); ++i) {
    for (std::size_t j = 0; j < scenes.size(); ++j) {
      EXPECT_EQ(is_cut(scenes[i], scenes[j]), i != j) << picture_change(scenes[i], scenes[j]);
      EXPECT_EQ(picture_change(scenes[i], scenes[j]), picture_change(scenes[j], scenes[i]));
    }
    EXPECT_LT(picture_change(scenes[i], scenes[i]), 0.01);
  }
}

TEST(ShotCut, APanOfATenthOfTheWidthIsNoCutAndOneOfAThirdIs) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Image wide = scene(seed, 800, 300);
    const auto start = frame_signature(window(wide, 0, 0, 400, 300));
    EXPECT_FALSE(is_cut(start, frame_signature(window(wide, 20, 0, 400, 300))));
    EXPECT_FALSE(is_cut(start, frame_signature(window(wide, 40, 0, 400, 300))));
    EXPECT_TRUE(is_cut(start, frame_signature(window(wide, 133, 0, 400, 300))));
  }
}

TEST(ShotCut, LightingIsNoCut) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Image dim = lit(scene(seed, 400, 300), 0.6, 20);
    const auto before = frame_signature(dim.view());
    EXPECT_FALSE(is_cut(before, frame_signature(lit(dim, 1.6, 0).view())));
    EXPECT_FALSE(is_cut(before, frame_signature(lit(dim, 0.4, 0).view())));
    EXPECT_FALSE(is_cut(before, frame_signature(lit(dim, 1.0, 60).view())));
  }
}

TEST(ShotCut, ThePictureSizeDoesNotMatter) {
  const auto small = frame_signature(scene(3, 320, 240).view());
  const auto large = frame_signature(scene(3, 1280, 960).view());
  EXPECT_LT(picture_change(small, large), 0.1);
  EXPECT_FALSE(is_cut(small, large));
}

TEST(ShotCut, ABlankFrameTellsNothing) {
  const auto picture = frame_signature(scene(1, 400, 300).view());
  EXPECT_FALSE(is_blank(picture));
  const Image black(64, 64);
  const Image grey = lit(black, 1, 120);
  const Image washed_out = lit(scene(1, 400, 300), 1, 255);
  for (const Image& image : {black, grey, washed_out}) {
    const auto blank = frame_signature(image.view());
    EXPECT_TRUE(is_blank(blank));
    EXPECT_FALSE(is_cut(blank, picture));
    EXPECT_FALSE(is_cut(picture, blank));
    EXPECT_EQ(picture_change(blank, blank), 0);
  }
  EXPECT_TRUE(is_blank({}));
}

TEST(ShotCut, TheSmallestPicturesHaveSignatures) {
  for (const int side : {1, 2, 3, 7}) {
    Image image(side, side);
    std::fill_n(image.data(), 3, std::uint8_t{255});
    const auto signature = frame_signature(image.view());
    EXPECT_EQ(signature.size(), 64U * 48U);
    EXPECT_EQ(signature.front(), 255);
    EXPECT_LT(picture_change(signature, signature), 0.001);
  }
  EXPECT_TRUE(frame_signature({}).empty());
  EXPECT_FALSE(is_cut({}, frame_signature(Image(4, 4).view())));
}

TEST(ShotCut, ReadsRowsByTheirStride) {
  const Image image = scene(5, 200, 100);
  Image copy(100, 50);
  const ImageView view = window(image, 30, 20, 100, 50);
  for (int y = 0; y < 50; ++y) std::copy_n(view.row(y), 300, copy.row(y));
  EXPECT_EQ(frame_signature(view), frame_signature(copy.view()));
}

}  // namespace
}  // namespace mien
