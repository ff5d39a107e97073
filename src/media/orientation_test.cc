#include "media/orientation.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace mien {
namespace {

constexpr std::int32_t kOne = 1 << 16;

std::array<std::int32_t, 9> matrix(int a, int b, int c, int d) {
  return {a * kOne, b * kOne, 0, c * kOne, d * kOne, 0, 0, 0, 1 << 30};
}

// A number for each pixel, in all three planes.
struct Numbered {
  int width;
  int height;
  std::vector<std::uint8_t> values;

  Numbered(int w, int h) : width(w), height(h), values(static_cast<std::size_t>(w) * h) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i + 1);
  }
  std::uint8_t at(int x, int y) const { return values[static_cast<std::size_t>(y) * width + x]; }
  PlanarPicture planes() const {
    return {values.data(), values.data(), values.data(), nullptr, width, height, width};
  }
};

// The definition: output (x, y) = (a p + c q, b p + d q), moved so that the least of each is 0.
void expect_as_matrix_says(int a, int b, int c, int d) {
  const Numbered picture(4, 3);
  const Image image = upright(picture.planes(), orientation_from_matrix(matrix(a, b, c, d).data()));
  ASSERT_EQ(image.width_px(), b == 0 ? picture.width : picture.height);
  ASSERT_EQ(image.height_px(), b == 0 ? picture.height : picture.width);
  for (int q = 0; q < picture.height; ++q) {
    for (int p = 0; p < picture.width; ++p) {
      const int x = a * p + c * q + (a + c < 0 ? image.width_px() - 1 : 0);
      const int y = b * p + d * q + (b + d < 0 ? image.height_px() - 1 : 0);
      for (int channel = 0; channel < 3; ++channel) {
        EXPECT_EQ(image.view().row(y)[3 * x + channel], picture.at(p, q))
            << "matrix " << a << " " << b << " " << c << " " << d << " pixel " << p << ", " << q;
      }
    }
  }
}

TEST(Orientation, AllEightFollowTheMatrix) {
  for (const int first : {-1, 1}) {
    for (const int second : {-1, 1}) {
      expect_as_matrix_says(first, 0, 0, second);
      expect_as_matrix_says(0, first, second, 0);
    }
  }
}

TEST(Orientation, NamesTheRotationClockwise) {
  EXPECT_EQ(orientation_from_matrix(matrix(1, 0, 0, 1).data()), (Orientation{0, false}));
  EXPECT_EQ(orientation_from_matrix(matrix(0, 1, -1, 0).data()), (Orientation{90, false}));
  EXPECT_EQ(orientation_from_matrix(matrix(-1, 0, 0, -1).data()), (Orientation{180, false}));
  EXPECT_EQ(orientation_from_matrix(matrix(0, -1, 1, 0).data()), (Orientation{270, false}));
  EXPECT_EQ(orientation_from_matrix(matrix(-1, 0, 0, 1).data()), (Orientation{0, true}));
}

TEST(Orientation, SenselessMatrixMeansUpright) {
  EXPECT_EQ(orientation_from_matrix(matrix(0, 0, 0, 0).data()), (Orientation{0, false}));
}

TEST(Orientation, TransparencyIsLaidOnWhite) {
  const std::array<std::uint8_t, 3> red = {200, 200, 200};
  const std::array<std::uint8_t, 3> dark = {0, 0, 0};
  const std::array<std::uint8_t, 3> alpha = {255, 0, 51};  // opaque, clear, a fifth
  const PlanarPicture picture{red.data(), dark.data(), dark.data(), alpha.data(), 3, 1, 3};
  const Image image = upright(picture, {});
  const std::vector<int> found(image.data(), image.data() + 9);
  EXPECT_EQ(found, (std::vector<int>{200, 0, 0, 255, 255, 255, 244, 204, 204}));
  const Image mirrored = upright(picture, {0, true});
  EXPECT_EQ(mirrored.data()[0], 244);
  EXPECT_EQ(mirrored.data()[6], 200);
}

}  // namespace
}  // namespace mien
