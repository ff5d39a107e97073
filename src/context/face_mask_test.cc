#include "context/face_mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace mien {
namespace {

Image noisy(int width_px, int height_px, std::uint64_t seed) {
  Image image(width_px, height_px);
  Random random(seed);
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px * 3; ++x) {
      image.row(y)[x] = static_cast<std::uint8_t>(random.below(256));
    }
  }
  return image;
}

bool inside(const std::vector<Region>& regions, int x, int y) {
  return std::ranges::any_of(regions, [&](const Region& r) {
    return x >= r.x_px && x < r.x_px + r.width_px && y >= r.y_px && y < r.y_px + r.height_px;
  });
}

FaceDetection face_at(Box box, Point2 right_eye, Point2 left_eye) {
  FaceDetection face;
  face.box = box;
  face.keypoints[0] = right_eye;
  face.keypoints[1] = left_eye;
  return face;
}

bool same_bytes(const Image& a, const Image& b) {
  return std::equal(a.data(), a.data() + a.stride_bytes() * static_cast<std::size_t>(a.height_px()),
                    b.data());
}

TEST(FaceMask, LeavesEveryByteOutsideTheRegionsAlone) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    const int width = 30 + static_cast<int>(random.below(200));
    const int height = 30 + static_cast<int>(random.below(200));
    const Image image = noisy(width, height, seed);
    std::vector<Region> regions;
    for (int i = 0; i < 4; ++i) {
      const int x = static_cast<int>(random.below(static_cast<std::uint64_t>(width)));
      const int y = static_cast<int>(random.below(static_cast<std::uint64_t>(height)));
      regions.push_back(
          {x, y, 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(width - x))),
           1 + static_cast<int>(random.below(static_cast<std::uint64_t>(height - y)))});
    }
    const Image out = filled(image.view(), regions, Random(seed));
    int changed = 0;
    int in_all = 0;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const bool same = std::equal(&image.view().row(y)[x * 3], &image.view().row(y)[x * 3] + 3,
                                     &out.view().row(y)[x * 3]);
        if (inside(regions, x, y)) {
          ++in_all;
          changed += same ? 0 : 1;
        } else {
          ASSERT_TRUE(same) << "seed " << seed << " at " << x << ", " << y;
        }
      }
    }
    EXPECT_GT(changed, in_all * 9 / 10);
  }
}

TEST(FaceMask, UsesNothingOfWhatItFills) {
  Image one = noisy(120, 90, 1);
  Image other = one;
  const std::vector<Region> regions{{30, 20, 40, 50}, {60, 40, 60, 50}};
  for (int y = 0; y < 90; ++y) {
    for (int x = 0; x < 120; ++x) {
      if (!inside(regions, x, y)) continue;
      for (int c = 0; c < 3; ++c) other.row(y)[x * 3 + c] = static_cast<std::uint8_t>(x * y + c);
    }
  }
  EXPECT_TRUE(
      same_bytes(filled(one.view(), regions, Random(3)), filled(other.view(), regions, Random(3))));
  EXPECT_FALSE(
      same_bytes(filled(one.view(), regions, Random(3)), filled(one.view(), regions, Random(4))));
}

TEST(FaceMask, FillsWithTheColoursAround) {
  // Red on the left, blue on the right: the middle of the hole is halfway, its sides are near.
  Image image(200, 100);
  for (int y = 0; y < 100; ++y) {
    for (int x = 0; x < 200; ++x) {
      image.row(y)[x * 3] = x < 100 ? 200 : 20;
      image.row(y)[x * 3 + 2] = x < 100 ? 20 : 200;
    }
  }
  const std::vector<Region> regions{{40, 0, 120, 100}};
  const Image out = filled(image.view(), regions, Random(1));
  const auto mean_red = [&](int x) {
    double sum = 0;
    for (int y = 10; y < 90; ++y) {
      for (int dx = 0; dx < 4; ++dx) sum += out.data()[(y * 200 + x + dx) * 3];
    }
    return sum / 320;
  };
  EXPECT_NEAR(mean_red(42), 195, 12);
  EXPECT_NEAR(mean_red(98), 110, 12);
  EXPECT_NEAR(mean_red(154), 25, 12);
}

TEST(FaceMask, FillsAWholePictureGrey) {
  const Image image = noisy(40, 30, 2);
  const std::vector<Region> regions{{0, 0, 40, 30}};
  const Image out = filled(image.view(), regions, Random(1));
  for (std::size_t i = 0; i < 40U * 30U * 3U; ++i) EXPECT_NEAR(out.data()[i], 128, 13);
}

TEST(FaceMask, AHeadReachesBeyondTheBoxToHairAndChin) {
  const Region head = head_region(face_at({100, 100, 50, 50}, {112, 115}, {138, 115}), 1, 400, 400);
  EXPECT_LE(head.x_px, 100 - 14);
  EXPECT_LE(head.y_px, 100 - 28);
  EXPECT_GE(head.x_px + head.width_px, 150 + 14);
  EXPECT_GE(head.y_px + head.height_px, 150 + 12);
}

TEST(FaceMask, AHeadTurnsWithTheEyes) {
  // Lying on its side, the crown to the right: the eyes stand above each other.
  const Region head = head_region(face_at({100, 100, 50, 50}, {130, 112}, {130, 138}), 1, 400, 400);
  EXPECT_GE(head.x_px + head.width_px, 150 + 28);  // the crown
  EXPECT_LE(head.x_px, 100 - 12);                  // the chin
}

TEST(FaceMask, HeadsAreCutAtThePicturesEdgeAndScaled) {
  const FaceDetection face = face_at({-20, 10, 80, 80}, {0, 40}, {30, 40});
  const Region head = head_region(face, 2, 50, 60);
  EXPECT_EQ(head.x_px, 0);
  EXPECT_EQ(head.y_px, 0);
  EXPECT_LE(head.x_px + head.width_px, 50);
  EXPECT_LE(head.y_px + head.height_px, 60);
  EXPECT_GE(head.x_px + head.width_px, 30);
  EXPECT_EQ(head_region(face_at({900, 10, 20, 20}, {905, 15}, {915, 15}), 1, 50, 60).width_px, 0);
  const float nan = std::nanf("");
  EXPECT_EQ(head_region(face_at({nan, 10, 20, 20}, {nan, 15}, {nan, 15}), 1, 50, 60).width_px, 0);
}

TEST(FaceMask, PatchesHaveTheHeadsSizesAndLeaveThemVisible) {
  const std::vector<Region> heads{{10, 10, 40, 50}, {200, 30, 60, 60}};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<Region> patches = elsewhere(heads, 400, 300, Random(seed));
    ASSERT_EQ(patches.size(), heads.size());
    for (std::size_t i = 0; i < heads.size(); ++i) {
      EXPECT_EQ(patches[i].width_px, heads[i].width_px);
      EXPECT_EQ(patches[i].height_px, heads[i].height_px);
      EXPECT_GE(patches[i].x_px, 0);
      EXPECT_LE(patches[i].x_px + patches[i].width_px, 400);
      EXPECT_LE(patches[i].y_px + patches[i].height_px, 300);
    }
    EXPECT_EQ(share_on(patches, heads, 400, 300), 0);
  }
}

TEST(FaceMask, PatchesShareLittleWithHeadsThatLeaveNoRoom) {
  const std::vector<Region> heads{{30, 0, 60, 100}};
  const std::vector<Region> patches = elsewhere(heads, 100, 100, Random(1));
  EXPECT_NEAR(share_on(patches, heads, 100, 100), 0.5, 0.06);  // at x = 0 or 1
  const std::vector<Region> all{{0, 0, 100, 100}};
  EXPECT_EQ(share_on(elsewhere(all, 100, 100, Random(1)), all, 100, 100), 1);
}

TEST(FaceMask, CountsWhatIsCovered) {
  const std::vector<Region> regions{{0, 0, 10, 10}, {5, 0, 10, 10}};
  EXPECT_DOUBLE_EQ(share_covered(Region{0, 0, 20, 10}, regions), 0.75);
  EXPECT_DOUBLE_EQ(share_covered(Region{0, 0, 0, 10}, regions), 0);
  EXPECT_DOUBLE_EQ(share_on(regions, std::vector<Region>{{0, 0, 15, 5}}, 20, 10), 0.5);
  EXPECT_DOUBLE_EQ(share_on({}, regions, 20, 10), 0);
}

}  // namespace
}  // namespace mien
