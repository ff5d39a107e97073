#include "face/tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <set>

#include "base/random.h"
#include "face/synthetic_scene.h"

namespace mien {
namespace {

using testing::at;
using testing::Frames;
using testing::play;
using testing::Scene;
using testing::thin_descriptors;
using testing::walk;

std::vector<std::vector<TrackId>> track(const std::vector<FrameFaces>& frames,
                                        const TrackerOptions& options = {}) {
  Tracker tracker(options);
  std::vector<std::vector<TrackId>> ids;
  for (const FrameFaces& frame : frames) ids.push_back(tracker.update(frame));
  return ids;
}

// Tracks of each person, and whether any track holds two people.
struct Outcome {
  std::map<int, std::set<TrackId>> tracks_of;
  std::map<TrackId, std::set<int>> people_of;

  bool pure() const {
    return std::all_of(people_of.begin(), people_of.end(),
                       [](const auto& entry) { return entry.second.size() == 1; });
  }
};

Outcome outcome(const Frames& played, const std::vector<std::vector<TrackId>>& ids) {
  Outcome result;
  for (std::size_t k = 0; k < ids.size(); ++k) {
    EXPECT_EQ(ids[k].size(), played.people[k].size());
    std::set<TrackId> once(ids[k].begin(), ids[k].end());
    EXPECT_EQ(once.size(), ids[k].size()) << "two faces of a frame in one track";
    for (std::size_t i = 0; i < ids[k].size(); ++i) {
      result.tracks_of[played.people[k][i]].insert(ids[k][i]);
      result.people_of[ids[k][i]].insert(played.people[k][i]);
    }
  }
  return result;
}

void expect_one_track_each(const Frames& played, const std::vector<std::vector<TrackId>>& ids) {
  const Outcome result = outcome(played, ids);
  EXPECT_TRUE(result.pure());
  for (const auto& [person, tracks] : result.tracks_of) {
    EXPECT_EQ(tracks.size(), 1U) << "person " << person;
  }
}

TEST(Tracker, OneTalkingFaceIsOneTrack) {
  Scene scene;
  scene.seconds = 60;
  scene.jitter = 0.05;
  scene.descriptors = false;
  scene.actors = {{0, [](double t) {
                     return Point2{200 + 25 * static_cast<float>(std::sin(2 * t)),
                                   150 + 10 * static_cast<float>(std::cos(3 * t))};
                   }}};
  expect_one_track_each(play(scene), track(play(scene).frames));
}

TEST(Tracker, IdsCountFromZeroInOrderOfAppearanceAndLeftToRight) {
  Scene scene;
  scene.actors = {
      {0, at(500, 100)}, {1, at(100, 100)}, {2, at(300, 100), 80, [](double t) { return t > 1; }}};
  const auto ids = track(play(scene).frames);
  EXPECT_EQ(ids.front(), (std::vector<TrackId>{TrackId(1), TrackId(0)}));
  EXPECT_EQ(ids.back(), (std::vector<TrackId>{TrackId(1), TrackId(0), TrackId(2)}));
}

// Two people walk through each other; the one behind is not seen while covered.
Scene crossing(float speed, double covered_s, std::uint64_t seed) {
  Scene scene;
  scene.seed = seed;
  scene.seconds = 4;
  const float half = speed * 2;
  const auto visible = [=](double t) { return std::abs(t - 2) > covered_s / 2; };
  scene.actors = {{0, walk(400 - half, 200, speed)},
                  {1, walk(400 + half, 210, -speed), 76, visible}};
  return scene;
}

TEST(Tracker, TwoWhoCrossDoNotSwap) {
  for (const float speed : {30.F, 60.F, 120.F, 200.F}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Frames played = play(crossing(speed, 0.9 * 80 / static_cast<double>(speed) / 2, seed));
      SCOPED_TRACE(::testing::Message() << speed << " px/s, seed " << seed);
      expect_one_track_each(played, track(played.frames));
      thin_descriptors(played);
      expect_one_track_each(played, track(played.frames));
    }
  }
}

// Random speeds, sizes, ways and covered times; noisy boxes and lost detections.
Frames random_meeting(std::uint64_t seed, bool descriptors) {
  Random random = Random(77).fork(seed);
  const auto between = [&](double low, double high) {
    return static_cast<float>(low + (high - low) * random.uniform());
  };
  Scene scene;
  scene.seed = seed;
  scene.seconds = 5;
  scene.jitter = 0.04;
  scene.missed = 0.1;
  scene.descriptors = descriptors;
  const float speed = between(30, 220);
  const float other = -between(0, 220);
  const double meet_s = static_cast<double>(between(1.5, 3.5));
  const double covered_s = std::min(1.8, 80.0 / static_cast<double>(speed - other));
  const float x = between(200, 600);
  const auto to = [=](float v, float y, float drift) {
    return [=](double t) {
      const auto since = static_cast<float>(t - meet_s);
      return Point2{x + v * since, y + drift * since};
    };
  };
  scene.actors = {{0, to(speed, 200, between(-20, 20)), between(60, 100)},
                  {1, to(other, 200 + between(-25, 25), between(-20, 20)), between(60, 100),
                   [=](double t) { return std::abs(t - meet_s) > covered_s / 2; }}};
  return play(scene);
}

TEST(Tracker, RandomMeetingsHardlyEverSwap) {
  int mixed = 0;
  int split = 0;
  int mixed_by_motion_alone = 0;
  constexpr int kMeetings = 500;
  for (std::uint64_t seed = 0; seed < kMeetings; ++seed) {
    Frames played = random_meeting(seed, true);
    thin_descriptors(played);
    const Outcome result = outcome(played, track(played.frames));
    mixed += result.pure() ? 0 : 1;
    split += result.pure() && result.people_of.size() > 2 ? 1 : 0;
    const Frames blind = random_meeting(seed, false);
    mixed_by_motion_alone += outcome(blind, track(blind.frames)).pure() ? 0 : 1;
  }
  RecordProperty("mixed", mixed);
  RecordProperty("split", split);
  RecordProperty("mixed_by_motion_alone", mixed_by_motion_alone);
  std::cout << "meetings " << kMeetings << ": mixed " << mixed << ", split " << split
            << "; without descriptors mixed " << mixed_by_motion_alone << "\n";
  EXPECT_LE(mixed, kMeetings / 250);
  EXPECT_LE(split, 2);
}

TEST(Tracker, TwoWhoMeetAndTurnBackDoNotSwap) {
  // Where motion alone would let them pass through each other.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Scene scene;
    scene.seed = seed;
    scene.seconds = 4;
    const auto there_and_back = [](float x, float speed) {
      return [=](double t) {
        return Point2{x + speed * static_cast<float>(2 - std::abs(t - 2)), 200};
      };
    };
    scene.actors = {{0, there_and_back(150, 100)}, {1, there_and_back(600, -100)}};
    Frames played = play(scene);
    thin_descriptors(played);
    expect_one_track_each(played, track(played.frames));
  }
}

TEST(Tracker, AFaceBackAfterAShortGapKeepsItsTrack) {
  for (const bool descriptors : {true, false}) {
    Scene scene;
    scene.descriptors = descriptors;
    scene.actors = {{0, walk(200, 200, 20), 80, [](double t) { return t < 2 || t > 3.5; }}};
    const Frames played = play(scene);
    expect_one_track_each(played, track(played.frames));
  }
}

TEST(Tracker, AFaceBackElsewhereIsKnownByItsDescriptor) {
  Scene scene;
  const auto moves = [](double t) { return t < 2.5 ? Point2{100, 200} : Point2{900, 250}; };
  scene.actors = {{0, moves, 80, [](double t) { return t < 2 || t > 3; }}};
  const Frames with = play(scene);
  expect_one_track_each(with, track(with.frames));
  scene.descriptors = false;
  const Frames without = play(scene);
  EXPECT_EQ(outcome(without, track(without.frames)).tracks_of.at(0).size(), 2U);
}

TEST(Tracker, SomebodyElseInTheSamePlaceIsANewTrack) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Scene scene;
    scene.seed = seed;
    scene.actors = {{0, at(200, 200), 80, [](double t) { return t < 2; }},
                    {1, at(205, 200), 80, [](double t) { return t > 2.5; }}};
    Frames played = play(scene);
    thin_descriptors(played);
    expect_one_track_each(played, track(played.frames));
  }
}

TEST(Tracker, ALongerAbsenceIsANewTrack) {
  Scene scene;
  scene.seconds = 8;
  scene.actors = {{0, at(200, 200), 80, [](double t) { return t < 2 || t > 4.5; }}};
  const Frames played = play(scene);
  EXPECT_EQ(outcome(played, track(played.frames)).tracks_of.at(0).size(), 2U);
  TrackerOptions patient;
  patient.max_gap_s = 4;
  EXPECT_EQ(outcome(played, track(played.frames, patient)).tracks_of.at(0).size(), 1U);
}

std::vector<float> pattern(int seed) {
  Random random(static_cast<std::uint64_t>(seed));
  std::vector<float> signature(64U * 48U);
  for (float& v : signature) v = static_cast<float>(random.below(256));
  return signature;
}

TEST(Tracker, CutsEndTracksAndAreCounted) {
  Scene scene;
  scene.actors = {{0, at(200, 200)}};
  Frames by_signature = play(scene);
  Frames by_flag = by_signature;
  Frames without = by_signature;
  for (std::size_t k = 0; k < by_signature.frames.size(); ++k) {
    by_signature.frames[k].signature = pattern(k < 12 ? 1 : k < 20 ? 2 : 1);
    without.frames[k].signature = pattern(1);
  }
  by_flag.frames[0].shot_begins = true;  // the first frame ends nothing
  by_flag.frames[12].shot_begins = true;
  by_flag.frames[20].shot_begins = true;
  for (const Frames& played : {by_signature, by_flag}) {
    Tracker tracker;
    for (std::size_t k = 0; k < played.frames.size(); ++k) {
      const int expected = k < 12 ? 0 : k < 20 ? 1 : 2;
      EXPECT_EQ(tracker.update(played.frames[k]), std::vector<TrackId>{TrackId(expected)});
      EXPECT_EQ(tracker.shot(), expected);
    }
  }
  expect_one_track_each(without, track(without.frames));
}

TEST(Tracker, AFlashEndsNothingAndACutThroughBlackIsFound) {
  Scene scene;
  scene.actors = {{0, at(200, 200)}};
  Frames played = play(scene);
  for (std::size_t k = 0; k < played.frames.size(); ++k) {
    const bool blank = k == 5 || (k >= 15 && k < 18);
    played.frames[k].signature =
        blank ? std::vector<float>(64U * 48U, k == 5 ? 255.F : 0.F) : pattern(k < 15 ? 1 : 2);
    if (blank) played.frames[k].faces.clear();
    if (blank) played.people[k].clear();
  }
  const auto ids = track(played.frames);
  EXPECT_EQ(ids[4], ids[6]);
  EXPECT_EQ(ids[6], ids[14]);
  EXPECT_NE(ids[14], ids[18]);
  EXPECT_EQ(ids[18], ids.back());
}

TEST(Tracker, RemembersTheTracksOfTheLastSecondsOnly) {
  Tracker tracker;
  Random random(4);
  for (int k = 0; k < 600; ++k) {
    FrameFaces frame;
    frame.pts_us = k * 500'000;
    for (int i = 0; i < 20; ++i) {  // nobody stays
      FaceObservation face;
      const auto place = [&] { return static_cast<float>(20000 * random.uniform()); };
      face.detection.box = {place(), place(), 50, 50};
      frame.faces.push_back(face);
    }
    tracker.update(frame);
    EXPECT_LE(tracker.open_tracks(), 5U * 20U);
  }
}

TEST(Tracker, TwentyWanderersWithMissedDetectionsKeepTheirTracks) {
  Scene scene;
  scene.seconds = 20;
  scene.missed = 0.1;
  for (int person = 0; person < 20; ++person) {
    const float x = 120.F + 220.F * static_cast<float>(person % 5);
    const float y = 120.F + 200.F * static_cast<float>(person / 5);
    const double phase = person;
    scene.actors.push_back({person, [=](double t) {
                              return Point2{x + 60 * static_cast<float>(std::sin(t + phase)),
                                            y + 40 * static_cast<float>(std::cos(t * 1.3 + phase))};
                            }});
  }
  Frames played = play(scene);
  thin_descriptors(played);
  expect_one_track_each(played, track(played.frames));
  scene.descriptors = false;
  const Frames plain = play(scene);
  expect_one_track_each(plain, track(plain.frames));
}

TEST(Tracker, EnteringAndLeavingDoesNotTouchTheOthers) {
  Scene scene;
  scene.seconds = 10;
  scene.actors = {{0, at(300, 200)},
                  {1, walk(-100, 220, 120), 80, [](double t) { return t < 2.4; }},
                  {2, walk(1500, 220, -110), 70, [](double t) { return t > 4 && t < 8; }}};
  Frames played = play(scene);
  thin_descriptors(played);
  expect_one_track_each(played, track(played.frames));
}

TEST(Tracker, TheOrderOfFacesOnAFrameDoesNotMatter) {
  Scene scene = crossing(90, 0.4, 3);
  for (int person = 2; person < 8; ++person) {
    scene.actors.push_back({person, at(100.F * static_cast<float>(person), 400)});
  }
  const Frames played = play(scene);
  const auto ids = track(played.frames);
  Random random(9);
  for (int round = 0; round < 10; ++round) {
    Tracker tracker;
    for (std::size_t k = 0; k < played.frames.size(); ++k) {
      FrameFaces shuffled = played.frames[k];
      std::vector<TrackId> expected = ids[k];
      for (std::size_t i = shuffled.faces.size(); i > 1; --i) {
        const auto j = static_cast<std::size_t>(random.below(i));
        std::swap(shuffled.faces[i - 1], shuffled.faces[j]);
        std::swap(expected[i - 1], expected[j]);
      }
      ASSERT_EQ(tracker.update(shuffled), expected) << "frame " << k;
    }
  }
}

TEST(Tracker, IdenticalBoxesAreTwoTracksThatStayTwo) {
  Scene scene;
  scene.jitter = 0;
  scene.actors = {{0, at(200, 200)}, {1, at(200, 200)}};
  const Frames played = play(scene);
  expect_one_track_each(played, track(played.frames));
  scene.descriptors = false;
  std::set<TrackId> used;
  for (const auto& ids : track(play(scene).frames)) used.insert(ids.begin(), ids.end());
  EXPECT_EQ(used.size(), 2U);
}

TEST(Tracker, TheFrameRateDoesNotMatter) {
  for (const double rate : {2.0, 15.0, 30.0}) {
    Tracker tracker;
    std::set<TrackId> used;
    for (int k = 0; k < 10 * static_cast<int>(rate); ++k) {
      const double t = k / rate;
      FrameFaces frame;
      frame.pts_us = static_cast<std::int64_t>(t * 1e6);
      frame.faces.resize(1);
      frame.faces[0].detection.box = {100 + 60 * static_cast<float>(std::sin(1.5 * t)), 100, 90,
                                      90};
      for (const TrackId id : tracker.update(frame)) used.insert(id);
    }
    EXPECT_EQ(used.size(), 1U) << rate << " Hz";
  }
}

TEST(Tracker, BrokenBoxesDescriptorsAndTimesAreNoCrash) {
  const float nan = std::nanf("");
  FrameFaces frame;
  for (const Box& box : {Box{nan, nan, nan, nan}, Box{0, 0, 0, 0}, Box{5, 5, -1, 4},
                         Box{0, 0, 3e38F, 3e38F}, Box{10, 10, 50, 50}, Box{12, 10, 50, 50}}) {
    FaceObservation face;
    face.detection.box = box;
    face.descriptor.assign(frame.faces.size(), nan);
    frame.faces.push_back(face);
  }
  Tracker tracker;
  for (const std::int64_t pts_us : {0, 100000, 100000, -5000000, 200000}) {
    frame.pts_us = pts_us;
    const auto ids = tracker.update(frame);
    EXPECT_EQ(std::set<TrackId>(ids.begin(), ids.end()).size(), frame.faces.size());
  }
  EXPECT_TRUE(tracker.update({}).empty());
}

}  // namespace
}  // namespace mien
