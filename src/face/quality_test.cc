#include "face/quality.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "face/alignment.h"
#include "face/skin_tone.h"
#include "face/synthetic_face.h"

namespace mien {
namespace {

constexpr int kWidth = 320;
constexpr int kHeight = 240;

struct Colour {
  std::uint8_t r, g, b;
};

// Blocks of light and dark skin, `block_px` wide, in the colour's own hue.
Image textured(Colour colour, int block_px) {
  Image image(kWidth, kHeight);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const bool dark = (x / block_px + y / block_px) % 2 == 1;
      std::uint8_t* p = image.row(y) + 3 * x;
      const auto shade = [&](std::uint8_t v) {
        return static_cast<std::uint8_t>(dark ? v * 0.8 : v);
      };
      p[0] = shade(colour.r);
      p[1] = shade(colour.g);
      p[2] = shade(colour.b);
    }
  }
  return image;
}

Image plain(Colour colour) {
  return textured(colour, 10 * kWidth);
}

Image blurred(const Image& image, int radius) {
  Image result = image;
  for (int y = 0; y < kHeight; ++y) {
    for (int i = 0; i < 3 * kWidth; ++i) {
      int sum = 0;
      int count = 0;
      for (int dy = -radius; dy <= radius; ++dy) {
        for (int dx = -radius; dx <= radius; ++dx) {
          const int row = std::clamp(y + dy, 0, kHeight - 1);
          const int at = std::clamp(i + 3 * dx, i % 3, 3 * (kWidth - 1) + i % 3);
          sum += image.view().row(row)[at];
          ++count;
        }
      }
      result.row(y)[i] = static_cast<std::uint8_t>(sum / count);
    }
  }
  return result;
}

FaceObservation face_at(float centre_x, float centre_y, float eyes_px, const HeadPose& pose = {}) {
  FaceObservation face;
  face.has_landmarks = true;
  face.landmarks = testing::posed_face(pose, eyes_px, {centre_x, centre_y, 0});
  face.pose = align_face(face.landmarks).pose;
  const float side = 1.7F * eyes_px;
  face.detection.box = {centre_x - side / 2, centre_y - 0.35F * side, side, side};
  face.detection.score_prob = 1;
  return face;
}

constexpr Colour kLightSkin = {224, 172, 140};
constexpr Colour kDarkSkin = {92, 62, 48};

TEST(Quality, AClearFaceIsScored) {
  const Image image = textured(kLightSkin, 8);
  const FaceQuality q = measure_quality(image.view(), 1, face_at(160, 110, 60), {});
  EXPECT_EQ(q.reason, FaceReason::kNone);
  EXPECT_GE(q.value, 0.5F);
  EXPECT_NEAR(q.size_px, 102, 0.1);
  EXPECT_EQ(q.inside, 1);
  EXPECT_NEAR(q.brightness, 0.9 * (0.299 * 224 + 0.587 * 172 + 0.114 * 140) / 255, 0.03);
}

TEST(Quality, EveryThresholdHasItsReasonAndTheFirstIsNamed) {
  const Image image = textured(kLightSkin, 8);
  const auto reason = [&](const FaceObservation& face, const FaceOptions& options = {}) {
    const FaceQuality q = measure_quality(image.view(), 1, face, options);
    EXPECT_EQ(q.value >= 0.5F, q.reason == FaceReason::kNone);
    return q.reason;
  };
  EXPECT_EQ(reason(face_at(160, 110, 16)), FaceReason::kTooSmall);
  EXPECT_EQ(reason(face_at(12, 110, 60)), FaceReason::kTruncated);
  EXPECT_EQ(reason(face_at(160, 110, 60, {55, 0, 0})), FaceReason::kTurnedAway);
  EXPECT_EQ(reason(face_at(160, 110, 60, {0, -45, 0})), FaceReason::kTurnedAway);
  EXPECT_EQ(reason(face_at(160, 110, 60, {0, 0, 80})), FaceReason::kNone);  // roll is no loss
  FaceObservation doubtful = face_at(160, 110, 60);
  doubtful.landmarks.presence_prob = 0.3F;
  EXPECT_EQ(reason(doubtful), FaceReason::kLowConfidence);
  FaceObservation bare = face_at(160, 110, 60);
  bare.has_landmarks = false;
  EXPECT_EQ(reason(bare), FaceReason::kNoLandmarks);
  bare.detection.box = {10, 10, 12, 12};
  EXPECT_EQ(reason(bare), FaceReason::kTooSmall);
  FaceOptions lenient;
  lenient.min_size_px = 0;
  EXPECT_EQ(reason(face_at(160, 110, 16), lenient), FaceReason::kNone);
}

TEST(Quality, ValueIsExactlyHalfAtAThreshold) {
  const Image image = textured(kLightSkin, 8);
  FaceObservation face = face_at(160, 110, 60);
  FaceOptions options;
  options.min_size_px = std::sqrt(face.detection.box.area_px2());
  const FaceQuality q = measure_quality(image.view(), 1, face, options);
  EXPECT_FLOAT_EQ(q.value, 0.5F);
  EXPECT_EQ(q.reason, FaceReason::kNone);
  face.detection.box.width_px *= 0.99F;
  EXPECT_EQ(measure_quality(image.view(), 1, face, options).reason, FaceReason::kTooSmall);
}

TEST(Quality, BlurLowersSharpnessAndContrastDoesNot) {
  const FaceObservation face = face_at(160, 110, 60);
  const Image sharp = textured(kLightSkin, 20);
  float before = measure_quality(sharp.view(), 1, face, {}).sharpness;
  EXPECT_GT(before, 0.1F);
  for (const int radius : {1, 2, 4}) {
    const float after = measure_quality(blurred(sharp, radius).view(), 1, face, {}).sharpness;
    EXPECT_LT(after, before);
    before = after;
  }
  Image faint = sharp;
  for (int y = 0; y < kHeight; ++y) {
    for (int i = 0; i < 3 * kWidth; ++i) {
      faint.row(y)[i] = static_cast<std::uint8_t>(60 + faint.row(y)[i] / 2);
    }
  }
  EXPECT_NEAR(measure_quality(faint.view(), 1, face, {}).sharpness,
              measure_quality(sharp.view(), 1, face, {}).sharpness, 0.05);
  Image plain(kWidth, kHeight);
  const FaceQuality q = measure_quality(plain.view(), 1, face, {});
  EXPECT_EQ(q.sharpness, 0);
  EXPECT_EQ(q.reason, FaceReason::kBlurred);
}

TEST(Quality, AReducedPictureGivesTheSameSizeAndShare) {
  const Image image = textured(kLightSkin, 8);
  FaceObservation face = face_at(160, 110, 60);
  const FaceQuality whole = measure_quality(image.view(), 1, face, {});
  Box& box = face.detection.box;
  box = {4 * box.x_px, 4 * box.y_px, 4 * box.width_px, 4 * box.height_px};
  for (Point3& p : face.landmarks.points) p = {4 * p.x, 4 * p.y, 4 * p.z};
  const FaceQuality reduced = measure_quality(image.view(), 4, face, {});
  EXPECT_FLOAT_EQ(reduced.size_px, 4 * whole.size_px);
  EXPECT_FLOAT_EQ(reduced.sharpness, whole.sharpness);
  EXPECT_FLOAT_EQ(reduced.skin_tone_ita_deg, whole.skin_tone_ita_deg);
  EXPECT_EQ(reduced.inside, 1);
}

TEST(Quality, ShareInsideIsTheBoxes) {
  const Image image = textured(kLightSkin, 8);
  FaceObservation face = face_at(160, 110, 60);
  face.detection.box = {-25, 50, 100, 100};
  EXPECT_FLOAT_EQ(measure_quality(image.view(), 1, face, {}).inside, 0.75F);
  face.detection.box = {-200, 50, 100, 100};
  const FaceQuality outside = measure_quality(image.view(), 1, face, {});
  EXPECT_EQ(outside.inside, 0);
  EXPECT_TRUE(std::isnan(outside.sharpness));
  EXPECT_TRUE(std::isnan(outside.brightness));
}

TEST(Quality, TellsWhatOnlyTheBorderCuts) {
  const Image image = textured(kLightSkin, 8);
  FaceObservation face = face_at(160, 110, 60);
  EXPECT_FALSE(measure_quality(image.view(), 1, face, {}).only_cut);  // it is whole
  face.detection.box = {-25, 50, 100, 100};
  const FaceQuality cut = measure_quality(image.view(), 1, face, {});
  EXPECT_EQ(cut.reason, FaceReason::kTruncated);
  EXPECT_TRUE(cut.only_cut);
  face.landmarks.presence_prob = 0.3F;  // something else speaks against it too
  EXPECT_FALSE(measure_quality(image.view(), 1, face, {}).only_cut);
  face.landmarks.presence_prob = 1;
  face.detection.box = {-36, 50, 100, 100};  // 0.64 of it is there
  EXPECT_FALSE(measure_quality(image.view(), 1, face, {}).only_cut);
}

TEST(Quality, TellsWhatLacksLandmarksAlone) {
  const Image image = textured(kLightSkin, 8);
  FaceObservation face = face_at(160, 110, 60);
  EXPECT_FALSE(measure_quality(image.view(), 1, face, {}).only_unmeshed);
  face.has_landmarks = false;
  const FaceQuality bare = measure_quality(image.view(), 1, face, {});
  EXPECT_EQ(bare.reason, FaceReason::kNoLandmarks);
  EXPECT_TRUE(bare.only_unmeshed);
  FaceOptions options;
  options.min_size_px = 500;
  EXPECT_FALSE(measure_quality(image.view(), 1, face, options).only_unmeshed);
  options = {};
  options.min_sharpness = 1e5F;
  EXPECT_FALSE(measure_quality(image.view(), 1, face, options).only_unmeshed);
  face.detection.box = {-36, 50, 100, 100};  // 0.64 of it is there
  EXPECT_FALSE(measure_quality(image.view(), 1, face, {}).only_unmeshed);
}

TEST(Quality, BrokenBoxesAndMeshesAreNoCrash) {
  const Image image = textured(kLightSkin, 8);
  const float nan = std::nanf("");
  FaceObservation face = face_at(160, 110, 60);
  for (const Box& box :
       {Box{nan, nan, nan, nan}, Box{0, 0, -5, -5}, Box{1e30F, 0, 1e30F, 10}, Box{0, 0, 0, 0}}) {
    face.detection.box = box;
    EXPECT_NE(measure_quality(image.view(), 1, face, {}).reason, FaceReason::kNone);
  }
  face = face_at(160, 110, 60);
  face.landmarks.points.fill({nan, 1e30F, -1e30F});
  face.pose = align_face(face.landmarks).pose;
  EXPECT_NE(measure_quality(image.view(), 1, face, {}).reason, FaceReason::kNone);
  const Image dot(1, 1);
  EXPECT_TRUE(std::isnan(measure_quality(dot.view(), 1, face, {}).sharpness));
}

TEST(SkinTone, KnownColoursOfCielab) {
  const Lab white = lab_of_srgb(255, 255, 255);
  EXPECT_NEAR(white.l, 100, 0.01);
  EXPECT_NEAR(white.a, 0, 0.02);
  EXPECT_NEAR(white.b, 0, 0.02);
  const Lab red = lab_of_srgb(255, 0, 0);  // published: 53.24, 80.09, 67.20
  EXPECT_NEAR(red.l, 53.24, 0.02);
  EXPECT_NEAR(red.a, 80.09, 0.03);
  EXPECT_NEAR(red.b, 67.20, 0.03);
  EXPECT_NEAR(lab_of_srgb(119, 119, 119).l, 50.03, 0.02);
}

TEST(SkinTone, IsTheAngleOfTheCheeksColour) {
  const FaceObservation face = face_at(160, 110, 60);
  for (const Colour colour : {kLightSkin, kDarkSkin}) {
    const Image image = plain(colour);
    const Lab lab = lab_of_srgb(colour.r, colour.g, colour.b);
    EXPECT_NEAR(skin_tone_ita_deg(image.view(), 1, face.landmarks),
                std::atan((lab.l - 50) / lab.b) * 180 / M_PI, 1e-3);
  }
  EXPECT_GT(skin_tone_ita_deg(textured(kLightSkin, 8).view(), 1, face.landmarks), 20);
  EXPECT_LT(skin_tone_ita_deg(textured(kDarkSkin, 8).view(), 1, face.landmarks), -30);
}

TEST(SkinTone, GreyBurntDarkAndTinyCheeksAreNotMeasurable) {
  const Landmarks face = face_at(160, 110, 60).landmarks;
  for (const Colour colour : {Colour{120, 120, 120}, Colour{255, 250, 240}, Colour{4, 3, 2}}) {
    EXPECT_TRUE(std::isnan(skin_tone_ita_deg(plain(colour).view(), 1, face)));
  }
  EXPECT_TRUE(std::isnan(
      skin_tone_ita_deg(textured(kLightSkin, 8).view(), 1, face_at(160, 110, 8).landmarks)));
  EXPECT_TRUE(std::isnan(
      skin_tone_ita_deg(textured(kLightSkin, 8).view(), 1, face_at(-500, 110, 60).landmarks)));
}

}  // namespace
}  // namespace mien
