#include "report/overlay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <vector>

#include "report/report_fixture.h"

namespace mien {
namespace {

using Colour = std::array<std::uint8_t, 3>;
constexpr Colour kBackground{200, 200, 200};

Image canvas(int width, int height) {
  Image image(width, height);
  std::fill_n(image.data(), image.stride_bytes() * static_cast<std::size_t>(height),
              kBackground[0]);
  return image;
}
Colour at(const Image& image, int x, int y) {
  const std::uint8_t* pixel = image.data() + static_cast<std::size_t>(y) * image.stride_bytes() +
                              static_cast<std::size_t>(x) * 3;
  return {pixel[0], pixel[1], pixel[2]};
}
bool same(const Image& a, const Image& b) {
  return a.width_px() == b.width_px() && a.height_px() == b.height_px() &&
         std::memcmp(a.data(), b.data(),
                     a.stride_bytes() * static_cast<std::size_t>(a.height_px())) == 0;
}
int changed(const Image& image) {
  int n = 0;
  for (int y = 0; y < image.height_px(); ++y) {
    for (int x = 0; x < image.width_px(); ++x) n += at(image, x, y) != kBackground;
  }
  return n;
}
OverlayFace face(Box box, std::int32_t track, const std::string& label = "happy",
                 const std::string& reason = {}) {
  return {box, TrackId(track), label, 0.75, reason};
}
Image drawn(const OverlayFace& one, double scale = 1, int width = 320, int height = 240) {
  Image image = canvas(width, height);
  draw_overlay(image, scale, std::span(&one, 1));
  return image;
}

TEST(Overlay, DrawsTheBoxWhereTheFaceIs) {
  const Image image = drawn(face({80, 90, 120, 100}, 0));
  constexpr Colour kSkyBlue{86, 180, 233};
  EXPECT_EQ(at(image, 80, 140), kSkyBlue);
  EXPECT_EQ(at(image, 200, 140), kSkyBlue);
  EXPECT_EQ(at(image, 140, 190), kSkyBlue);
  EXPECT_EQ(at(image, 140, 140), kBackground) << "the face itself is left free";
  EXPECT_EQ(at(image, 40, 200), kBackground);
}

TEST(Overlay, ScalesFromSourceToPicture) {
  EXPECT_TRUE(same(drawn(face({160, 180, 240, 200}, 0), 2), drawn(face({80, 90, 120, 100}, 0))));
}

TEST(Overlay, SevenTracksHaveSevenColoursAndTheEighthTheFirst) {
  std::set<Colour> colours;
  for (int track = 0; track < 7; ++track)
    colours.insert(at(drawn(face({80, 90, 120, 100}, track)), 80, 140));
  EXPECT_EQ(colours.size(), 7U);
  EXPECT_EQ(at(drawn(face({80, 90, 120, 100}, 7)), 80, 140),
            at(drawn(face({80, 90, 120, 100}, 0)), 80, 140));
  EXPECT_FALSE(same(drawn(face({80, 90, 120, 100}, 7)), drawn(face({80, 90, 120, 100}, 0))))
      << "the number tells them apart";
}

TEST(Overlay, AnUnscoredFaceIsDashedAndSaysWhy) {
  const Image scored = drawn(face({80, 90, 120, 100}, 0));
  const Image unscored = drawn(face({80, 90, 120, 100}, 0, "happy", "too_small"));
  int gaps = 0;
  for (int y = 95; y < 185; ++y) {
    EXPECT_NE(at(scored, 80, y), kBackground);
    gaps += at(unscored, 80, y) == kBackground;
  }
  EXPECT_GT(gaps, 15);
  EXPECT_LT(gaps, 70);
  EXPECT_FALSE(same(unscored, drawn(face({80, 90, 120, 100}, 0, "happy", "blurred"))));
  EXPECT_TRUE(same(unscored, drawn(face({80, 90, 120, 100}, 0, "", "too_small"))))
      << "no label stands on a face that was not scored";
}

TEST(Overlay, WritesNoValueThatIsMissing) {
  OverlayFace missing = face({80, 90, 120, 100}, 0);
  missing.value = std::nan("");
  OverlayFace zero = missing;
  zero.value = 0;
  EXPECT_FALSE(same(drawn(missing), drawn(zero)));
}

TEST(Overlay, TheCaptionStaysInThePicture) {
  for (const Box& box : {Box{0, 0, 60, 60}, Box{290, 100, 60, 60}, Box{100, 220, 60, 60}}) {
    const Image image = drawn(face(box, 3, "disappointment"));
    int white = 0;
    for (int y = 0; y < image.height_px(); ++y) {
      for (int x = 0; x < image.width_px(); ++x) white += at(image, x, y) == Colour{255, 255, 255};
    }
    EXPECT_GT(white, 150) << "the caption can be read";
  }
}

TEST(Overlay, BoxesThatAreNotFiniteOrOutsideDrawNothing) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (const Box& box : {Box{kNaN, 0, 10, 10}, Box{0, kInf, 10, 10}, Box{0, 0, kInf, 10},
                         Box{0, 0, 10, -kInf}, Box{-500, -500, 20, 20}, Box{4000, 0, 20, 20}})
    EXPECT_EQ(changed(drawn(face(box, 0))), 0);
}

TEST(Overlay, SurvivesAnyBoxLabelAndPicture) {
  Random random(7);
  const float huge[] = {0, 1e-30F, -1, 1, 1e9F, -1e9F, 3e38F, -3e38F};
  for (int i = 0; i < 400; ++i) {
    const auto side = [&] { return 1 + static_cast<int>(random.below(i % 10 == 0 ? 900 : 40)); };
    const auto edge = [&] {
      return random.below(4) == 0 ? huge[random.below(8)]
                                  : static_cast<float>(random.normal()) * 100;
    };
    Image image = canvas(side(), side());
    const std::vector<OverlayFace> faces = {
        {Box{edge(), edge(), edge(), edge()}, TrackId(static_cast<std::int32_t>(random.below(50))),
         testing::random_bytes(random, 80), edge(), ""},
        {Box{edge(), edge(), edge(), edge()}, TrackId(2147483647), "", 0,
         testing::random_bytes(random, 80)}};
    draw_overlay(image, 0.01 + random.uniform() * 4, faces);
  }
}

TEST(Overlay, IsTheSameEveryTime) {
  EXPECT_TRUE(
      same(drawn(face({80.4F, 90.6F, 120, 100}, 5)), drawn(face({80.4F, 90.6F, 120, 100}, 5))));
}

}  // namespace
}  // namespace mien
