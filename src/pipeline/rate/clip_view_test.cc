#include "pipeline/rate/clip_view.h"

#include <gtest/gtest.h>

#include <cmath>

#include "face/shot_cut.h"
#include "pipeline/rate/clip_faces.h"

namespace mien {
namespace {

FaceDetection face_at(float x, float y, float side, float roll_rad = 0) {
  FaceDetection face;
  face.box = {x, y, side, side};
  const Point2 middle = face.box.centre();
  const float reach = side * 0.2F;
  face.keypoints[0] = {middle.x - reach * std::cos(roll_rad),
                       middle.y - reach * std::sin(roll_rad)};
  face.keypoints[1] = {middle.x + reach * std::cos(roll_rad),
                       middle.y + reach * std::sin(roll_rad)};
  face.score_prob = 0.9F;
  return face;
}

OtherHead other_at(float x, float y, float side, int width_px, int height_px) {
  const FaceDetection face = face_at(x, y, side);
  return {face.box, head_region(face, 1, width_px, height_px)};
}

// Every pixel of its own.
Image picture(int width_px, int height_px) {
  Image image(width_px, height_px);
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      image.row(y)[3 * x] = static_cast<std::uint8_t>(x);
      image.row(y)[3 * x + 1] = static_cast<std::uint8_t>(y);
      image.row(y)[3 * x + 2] = static_cast<std::uint8_t>(7 * x + 13 * y);
    }
  }
  return image;
}

bool same_at(const Image& a, int ax, int ay, const Image& b, int bx, int by) {
  return std::equal(a.view().row(ay) + 3 * ax, a.view().row(ay) + 3 * ax + 3,
                    b.view().row(by) + 3 * bx);
}

TEST(ClipView, AFaceIsUntouchedAndAllElseGrey) {
  const Image image = picture(240, 240);
  const FaceDetection face = face_at(90, 90, 60);
  const CropSquare square{{120, 120}, 160, 0};
  const Image view = face_view(image.view(), square, 160, face, {}, Random(1));
  for (int y = 50; y < 110; ++y) {  // the box, from (40, 40) of the source on
    for (int x = 50; x < 110; ++x) ASSERT_TRUE(same_at(view, x, y, image, x + 40, y + 40));
  }
  const HeadOval oval = head_oval(face);
  int grey = 0;
  for (int y = 0; y < 160; ++y) {
    for (int x = 0; x < 160; ++x) {
      if (oval.reach(static_cast<float>(x) + 40.5F, static_cast<float>(y) + 40.5F) < 1.11F)
        continue;
      ++grey;
      const std::uint8_t* pixel = view.view().row(y) + 3 * x;
      ASSERT_NEAR(pixel[0], 128, 6) << x << " " << y;
      ASSERT_EQ(pixel[0], pixel[1]);
    }
  }
  EXPECT_GT(grey, 5000);
  // The grain stays where it is, whatever the picture shows.
  const Image next = face_view(Image(240, 240).view(), square, 160, face, {}, Random(1));
  EXPECT_TRUE(same_at(view, 2, 2, next, 2, 2));
}

TEST(ClipView, TheBoxOfAnUprightFaceLiesInItsOval) {
  const FaceDetection upright = face_at(0, 0, 100);
  for (const Point2 corner : {Point2{0, 0}, Point2{100, 0}, Point2{0, 100}, Point2{100, 100}}) {
    EXPECT_LE(head_oval(upright).reach(corner.x, corner.y), 1);
  }
  const FaceDetection lying = face_at(0, 0, 100, 1.5708F);
  EXPECT_NEAR(head_oval(lying).bounds().width_px, 185, 1);
  EXPECT_GT(head_oval(lying).centre.x, 60) << "the hair is to the right";
}

TEST(ClipView, OtherHeadsAreFilledButNotWhereTheFollowedFaceIs) {
  const Image image = picture(240, 160);
  const FaceDetection face = face_at(80, 60, 50);
  const OtherHead other = other_at(140, 60, 50, 240, 160);
  const std::vector<OtherHead> others = {other};
  const Image view = scene_view(image.view(), face, others, Random(1));
  int kept = 0, changed = 0;
  for (int y = 0; y < 160; ++y) {
    for (int x = 0; x < 240; ++x) {
      const bool in_other = x >= 140 && x < 190 && y >= 60 && y < 110;
      const Region& region = other.region;
      const bool in_region = x >= region.x_px && x < region.x_px + region.width_px &&
                             y >= region.y_px && y < region.y_px + region.height_px;
      const bool is_same = same_at(view, x, y, image, x, y);
      if (!in_region || (x >= 80 && x < 130 && y >= 60 && y < 110)) {
        ASSERT_TRUE(is_same) << x << " " << y;
        ++kept;
      }
      if (in_other && !is_same) ++changed;
    }
  }
  EXPECT_GT(changed, 2400) << "of 2500 pixels of the other's box";
  EXPECT_GT(kept, 20000);
  // In the view of a face the other's box is grey where it reaches into the oval.
  const CropSquare square{{105, 80}, 120, 0};
  const Image alone = face_view(image.view(), square, 120, face, others, Random(1));
  for (int y = 40; y < 90; ++y) {
    for (int x = 95; x < 120; ++x) ASSERT_NEAR(alone.view().row(y)[3 * x], 128, 6);
  }
}

TEST(ClipView, ShrinkingKeepsTheMean) {
  Image image(7, 5);
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 7; ++x) {
      for (int c = 0; c < 3; ++c)
        image.row(y)[3 * x + c] = static_cast<std::uint8_t>(30 * x + 10 * y);
    }
  }
  const Image one = shrunk(image.view(), 1, 1);
  EXPECT_EQ(one.data()[0], 110);  // 30 * 3 + 10 * 2
  const Image same = shrunk(image.view(), 7, 5);
  EXPECT_TRUE(std::equal(same.data(), same.data() + 105, image.data()));
  EXPECT_EQ(shrunk(image.view(), 100, 100).width_px(), 7);
}

ClipLook look_at(std::int64_t pts_us, const std::vector<FaceDetection>& faces) {
  ClipLook look{pts_us, faces, {}};
  for (const FaceDetection& face : faces) look.regions.push_back(head_region(face, 1, 2000, 2000));
  return look;
}

TEST(ClipFaces, FollowsAFaceThatMovesAwayFromItsMean) {
  std::vector<ClipLook> looks;
  for (int i = 0; i < 10; ++i) {
    const auto x = static_cast<float>(20 * i);
    looks.push_back(look_at(i * 100'000, {face_at(600, 100, 60), face_at(100 + x, 100, 60)}));
  }
  const std::vector<TimedBox> mean = {{0, {130, 100, 60, 60}}};
  const ClipFaces faces = ClipFaces::follow(looks, mean);
  ASSERT_EQ(faces.refusal(), "");
  EXPECT_FLOAT_EQ(faces.followed_at(450'000).box.x_px, 190);
  EXPECT_FLOAT_EQ(faces.followed_at(5'000'000).box.x_px, 280);
  ASSERT_EQ(faces.others_at(450'000).size(), 1U);
  EXPECT_FLOAT_EQ(faces.others_at(450'000)[0].box.x_px, 600);
  EXPECT_GE(faces.bounds().right_px(), 340);
}

TEST(ClipFaces, WhatIsKnownByTimeTellsWhichOfTwoIsMeant) {
  std::vector<ClipLook> looks;
  for (int i = 0; i < 4; ++i) {  // two who change places
    const auto x = static_cast<float>(150 * i);
    looks.push_back(look_at(i * 100'000, {face_at(100 + x, 100, 60), face_at(550 - x, 300, 60)}));
  }
  const std::vector<TimedBox> known = {{0, {550, 300, 60, 60}}, {300'000, {100, 300, 60, 60}}};
  const ClipFaces faces = ClipFaces::follow(looks, known);
  ASSERT_EQ(faces.refusal(), "");
  EXPECT_FLOAT_EQ(faces.followed_at(150'000).box.y_px, 300);
}

TEST(ClipFaces, BetweenLooksAnothersWholeWayIsFilled) {
  const std::vector<ClipLook> looks = {
      look_at(0, {face_at(100, 100, 60), face_at(300, 100, 60)}),
      look_at(100'000, {face_at(100, 100, 60), face_at(330, 100, 60), face_at(700, 500, 60)})};
  const std::vector<TimedBox> known = {{0, {100, 100, 60, 60}}};
  const ClipFaces faces = ClipFaces::follow(looks, known);
  const auto& others = faces.others_at(50'000);
  ASSERT_EQ(others.size(), 2U);
  EXPECT_FLOAT_EQ(others[0].box.x_px, 300);
  EXPECT_FLOAT_EQ(others[0].box.width_px, 90);
  EXPECT_FLOAT_EQ(others[1].box.x_px, 700) << "seen in one look only, filled before it too";
}

TEST(ClipFaces, AGroupThatLooksLikeAFaceIsNoFace) {
  const std::vector<TimedBox> known = {{0, {300, 300, 60, 60}}};
  FaceDetection group = face_at(200, 200, 400);
  group.score_prob = 0.62F;
  std::vector<ClipLook> looks = {look_at(0, {face_at(300, 300, 60), group})};
  const ClipFaces faces = ClipFaces::follow(looks, known);
  EXPECT_EQ(faces.refusal(), "");
  EXPECT_TRUE(faces.others_at(0).empty());
  looks[0].faces[1].score_prob = 0.9F;  // a poster behind the person
  EXPECT_EQ(ClipFaces::follow(looks, known).refusal(), "face_covered");
}

TEST(ClipFaces, AnotherShotAtEitherEndIsCutOff) {
  const auto signature = [](int kind) {
    Image image(128, 96);
    Random random(static_cast<std::uint64_t>(kind));
    for (int y = 0; y < 96; y += 4) {
      for (int x = 0; x < 128; x += 4) {
        const auto level = static_cast<std::uint8_t>(random.below(256));
        for (int v = y; v < y + 4; ++v) std::fill_n(image.row(v) + 3 * x, 12, level);
      }
    }
    return frame_signature(image.view());
  };
  const std::vector<float> a = signature(1), b = signature(2), c = signature(3);
  ASSERT_TRUE(is_cut(a, b));
  using Looks = std::vector<std::vector<float>>;
  using Kept = std::pair<std::size_t, std::size_t>;
  EXPECT_EQ(within_shot(Looks{a, a, a, a, a}), Kept(0, 5));
  EXPECT_EQ(within_shot(Looks{a, a, a, a, b}), Kept(0, 4));
  EXPECT_EQ(within_shot(Looks{a, a, a, b, b}), Kept(0, 3));
  EXPECT_EQ(within_shot(Looks{c, a, a, a, b}), Kept(1, 4));
  EXPECT_EQ(within_shot(Looks{c, c, a, a, a}), Kept(2, 5));
  EXPECT_EQ(within_shot(Looks{a}), Kept(0, 1));
}

TEST(ClipFaces, RefusesALostAndACoveredFace) {
  const std::vector<TimedBox> known = {{0, {100, 100, 60, 60}}};
  std::vector<ClipLook> looks = {look_at(0, {face_at(100, 100, 60)}), look_at(100'000, {}),
                                 look_at(200'000, {face_at(110, 100, 60)})};
  const ClipFaces gap = ClipFaces::follow(looks, known);
  EXPECT_EQ(gap.refusal(), "");
  EXPECT_FLOAT_EQ(gap.followed_at(100'000).box.x_px, 105);
  looks.push_back(look_at(300'000, {}));
  EXPECT_EQ(ClipFaces::follow(looks, known).refusal(), "face_lost");
  looks.pop_back();
  looks[2].faces.push_back(face_at(145, 100, 60));
  looks[2].regions.push_back({});
  EXPECT_EQ(ClipFaces::follow(looks, known).refusal(), "face_covered");
}

}  // namespace
}  // namespace mien
