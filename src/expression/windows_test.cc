// Scores per frame -> windows, tracks and the row of a video.
#include "expression/windows.h"

#include <gmock/gmock.h>

#include <cmath>
#include <deque>

#include "base/missing.h"
#include "base/random.h"

namespace mien {
namespace {

using ::testing::ElementsAre;

constexpr double kRateHz = 10;
constexpr std::int64_t kGridStep = 100'000;

const std::vector<ColumnSpec>& channels() {
  static const std::vector<ColumnSpec> kChannels = {{"basic7_happy", ColumnType::kDouble, ""},
                                                    {"action_jaw_drop", ColumnType::kDouble, ""}};
  return kChannels;
}

// Feeds one summary; keeps what the summary only looks at.
class Feed {
 public:
  explicit Feed(WindowOptions options = {}) : summary_("v", channels(), kRateHz, options) {}

  // A face of `size_px` at a time in steps of the grid; scored where `scores` is not empty.
  Feed& add(int track, std::int64_t step, std::vector<float> scores, float size_px = 100,
            FaceReason reason = FaceReason::kNone, int shot = 0) {
    FaceObservation& face = faces_.emplace_back();
    face.has_landmarks = true;
    face.detection.box = {10, 20, size_px, size_px};
    face.detection.score_prob = 0.9F;
    face.pose = {5, -3, 2};
    face.quality.size_px = size_px;
    face.quality.sharpness = 0.3F;
    face.quality.brightness = 0.5F;
    face.quality.skin_tone_ita_deg = kFloatNaN;
    face.quality.value = 0.8F;
    face.quality.reason = reason;
    std::vector<float>& kept = scores_.emplace_back(std::move(scores));
    summary_.add({TrackId(track), shot, step * kGridStep, &face, kept.empty() ? nullptr : &kept});
    return *this;
  }
  VideoSummary::Tables finish() { return summary_.finish(); }

 private:
  std::deque<FaceObservation> faces_;
  std::deque<std::vector<float>> scores_;
  VideoSummary summary_;
};

std::vector<double> column(const Table& table, std::string_view name) {
  std::vector<double> values;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const Cell cell = table.at(row, name);
    if (const auto* number = std::get_if<double>(&cell)) {
      values.push_back(*number);
    } else if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
      values.push_back(static_cast<double>(*integer));
    } else if (const auto* flag = std::get_if<bool>(&cell)) {
      values.push_back(*flag ? 1 : 0);
    } else {
      values.push_back(-999);  // null
    }
  }
  return values;
}
constexpr double kNull = -999;

TEST(Windows, MeanOverTheScoredFramesOfEqualWindows) {
  Feed feed;
  // 40 frames at 10 Hz: 4 s, two windows of 2 s.
  for (int i = 0; i < 40; ++i) feed.add(0, i, {i < 20 ? 0.25F : 0.75F, static_cast<float>(i % 20)});
  const auto tables = feed.finish();
  EXPECT_THAT(column(tables.windows, "start_us"), ElementsAre(0, 2e6));
  EXPECT_THAT(column(tables.windows, "end_us"), ElementsAre(2e6, 4e6));
  EXPECT_THAT(column(tables.windows, "frames"), ElementsAre(20, 20));
  EXPECT_THAT(column(tables.windows, "short"), ElementsAre(0, 0));
  EXPECT_THAT(column(tables.windows, "basic7_happy"), ElementsAre(0.25, 0.75));
  EXPECT_THAT(column(tables.windows, "action_jaw_drop"), ElementsAre(9.5, 9.5));
  EXPECT_THAT(column(tables.expressions, "basic7_happy"), ElementsAre(0.5));
  EXPECT_THAT(column(tables.expressions, "face_seconds"), ElementsAre(4));
  EXPECT_THAT(column(tables.expressions, "faces"), ElementsAre(1));
}

// A frame on the boundary belongs to the window that begins there.
TEST(Windows, GiveAFrameOnABoundaryToTheLaterWindow) {
  Feed feed;
  for (int i = 0; i < 40; ++i) feed.add(0, i, {i == 20 ? 1.0F : 0.0F, 0});
  EXPECT_THAT(column(feed.finish().windows, "basic7_happy"),
              ElementsAre(0, ::testing::DoubleNear(0.05, 1e-12)));
}

TEST(Windows, FlagAShortTrackAndAStill) {
  Feed feed;
  for (int i = 0; i < 9; ++i) feed.add(0, i, {0, 0});   // 0.9 s
  for (int i = 9; i < 19; ++i) feed.add(1, i, {0, 0});  // 1.0 s
  EXPECT_THAT(column(feed.finish().windows, "short"), ElementsAre(1, 0));

  // A still is short at any rate, even where one grid step is long.
  VideoSummary still("v", channels(), 0.1);
  FaceObservation face;
  const std::vector<float> scores = {0.5F, 0.5F};
  still.add({TrackId(0), 0, 0, &face, &scores});
  const auto tables = still.finish();
  EXPECT_EQ(column(tables.windows, "short").front(), 1);
  EXPECT_THAT(column(tables.expressions, "face_seconds"), ElementsAre(10));
}

TEST(Windows, KeepAWindowWithoutScoresAsNull) {
  Feed feed;
  for (int i = 0; i < 40; ++i) {
    const bool is_scored = i >= 20;
    feed.add(0, i, is_scored ? std::vector<float>{0.5F, 1} : std::vector<float>{}, 100,
             is_scored ? FaceReason::kNone : FaceReason::kBlurred);
  }
  const auto tables = feed.finish();
  EXPECT_THAT(column(tables.windows, "frames"), ElementsAre(0, 20));
  EXPECT_THAT(column(tables.windows, "basic7_happy"), ElementsAre(kNull, 0.5));
  EXPECT_THAT(column(tables.expressions, "basic7_happy"), ElementsAre(0.5));
  EXPECT_THAT(column(tables.expressions, "face_seconds"), ElementsAre(2));
  EXPECT_EQ(tables.tracks.at(0, "reason"), Cell{});
  EXPECT_THAT(column(tables.tracks, "frames"), ElementsAre(40));
}

TEST(Windows, LeaveOutAMissingChannelAlone) {
  Feed feed;
  for (int i = 0; i < 10; ++i) feed.add(0, i, {i < 5 ? kFloatNaN : 0.5F, 1});
  const auto tables = feed.finish();
  EXPECT_THAT(column(tables.windows, "basic7_happy"), ElementsAre(0.5));
  EXPECT_THAT(column(tables.windows, "action_jaw_drop"), ElementsAre(1));
  EXPECT_THAT(column(tables.expressions, "skin_tone_ita_deg"), ElementsAre(kNull));
  EXPECT_THAT(column(tables.expressions, "yaw_deg"), ElementsAre(5));
}

TEST(Tracks, TellTheMostFrequentReasonWhereNothingIsScored) {
  Feed feed;
  feed.add(0, 0, {}, 100, FaceReason::kTurnedAway);
  feed.add(0, 1, {}, 100, FaceReason::kBlurred);
  feed.add(0, 2, {}, 100, FaceReason::kBlurred);
  const auto tables = feed.finish();
  EXPECT_EQ(tables.tracks.at(0, "reason"), Cell{std::string("blurred")});
  EXPECT_THAT(column(tables.windows, "frames"), ElementsAre(0));
  EXPECT_THAT(column(tables.expressions, "faces"), ElementsAre(0));
  EXPECT_THAT(column(tables.expressions, "face_seconds"), ElementsAre(0));
  EXPECT_THAT(column(tables.expressions, "basic7_happy"), ElementsAre(kNull));
  EXPECT_THAT(column(tables.expressions, "face_size_px"), ElementsAre(kNull));
}

TEST(Tracks, HaveMeansOverAllTheirFrames) {
  Feed feed;
  feed.add(0, 0, {0, 0}, 100).add(0, 1, {}, 200, FaceReason::kBlurred).add(0, 5, {0, 0}, 300);
  const auto tables = feed.finish();
  EXPECT_THAT(column(tables.tracks, "box_w_px"), ElementsAre(200));
  EXPECT_THAT(column(tables.tracks, "first_us"), ElementsAre(0));
  EXPECT_THAT(column(tables.tracks, "last_us"), ElementsAre(5 * kGridStep));
  EXPECT_THAT(column(tables.tracks, "frames"), ElementsAre(3));
  EXPECT_THAT(column(tables.expressions, "face_size_px"), ElementsAre(200));  // of scored frames
}

// A person's own level needs 10 s of scored frames, here 100; gaps do not count.
TEST(Tracks, KeepThePersonsOwnLevelBesideTheScores) {
  Feed feed;
  for (int i = 0; i < 100; ++i) {
    feed.add(0, i, {0.5F, i < 51 ? 0.25F : 4.0F});
    if (i < 99) feed.add(1, i, {0.5F, 1});
  }
  feed.add(1, 150, {}, 100, FaceReason::kBlurred);
  for (int i = 200; i < 302; ++i)
    feed.add(2, i, {0, i < 202 ? kFloatNaN : static_cast<float>(i - 202)});
  const auto tables = feed.finish();
  EXPECT_THAT(column(tables.tracks, "baseline_action_jaw_drop"), ElementsAre(0.25, kNull, 49.5));
  EXPECT_FALSE(tables.tracks.has("baseline_basic7_happy"));
  EXPECT_NEAR(column(tables.windows, "action_jaw_drop")[0], 0.25, 1e-12);  // nothing is taken off
}

TEST(Tracks, ComeInOrderShotByShot) {
  Feed feed;
  feed.add(0, 0, {0, 0}).add(1, 0, {0, 0}).add(0, 1, {0, 0});
  feed.add(2, 2, {0, 0}, 100, FaceReason::kNone, 1);
  const auto tables = feed.finish();
  EXPECT_THAT(column(tables.tracks, "track_id"), ElementsAre(0, 1, 2));
  EXPECT_THAT(column(tables.tracks, "shot"), ElementsAre(0, 0, 1));
  EXPECT_THAT(column(tables.windows, "track_id"), ElementsAre(0, 1, 2));
}

// Three tracks: 2 s at 0.0 and 100 px; 1 s at 0.6 and 300 px; 1 s at 0.9 and 200 px.
VideoSummary::Tables three_faces(VideoMean mean) {
  WindowOptions options;
  options.video_mean = mean;
  Feed feed(options);
  for (int i = 0; i < 10; ++i) {
    feed.add(0, i, {0.0F, 0}, 100);
    feed.add(1, i, {0.6F, 0}, 300);
  }
  for (int i = 10; i < 20; ++i) {
    feed.add(0, i, {0.0F, 0}, 100);
    feed.add(2, i, {0.9F, 0}, 200);
  }
  return feed.finish();
}

TEST(VideoMeans, WeighWindowsByDuration) {
  const auto tables = three_faces(VideoMean::kAllFaces);
  EXPECT_NEAR(column(tables.expressions, "basic7_happy")[0], (0.6 + 0.9) / 4, 1e-7);
  EXPECT_NEAR(column(tables.expressions, "face_size_px")[0], (2 * 100 + 300 + 200) / 4.0, 1e-9);
  EXPECT_EQ(column(tables.expressions, "faces")[0], 3);
  EXPECT_NEAR(column(tables.expressions, "face_seconds")[0], 4, 1e-12);
}

TEST(VideoMeans, GiveEachTrackOneVote) {
  const auto tables = three_faces(VideoMean::kOneVotePerTrack);
  EXPECT_NEAR(column(tables.expressions, "basic7_happy")[0], 0.5, 1e-7);
  EXPECT_NEAR(column(tables.expressions, "face_size_px")[0], 200, 1e-9);
}

TEST(VideoMeans, TakeTheLargestFaceAlone) {
  const auto tables = three_faces(VideoMean::kLargestFace);
  EXPECT_NEAR(column(tables.expressions, "basic7_happy")[0], 0.6, 1e-7);
  EXPECT_EQ(column(tables.expressions, "face_size_px")[0], 300);
  EXPECT_EQ(column(tables.expressions, "faces")[0], 3);  // what there was, whatever the choice
}

TEST(VideoMeans, OfNoFaceAreOneRowOfNulls) {
  const auto tables = Feed().finish();
  EXPECT_EQ(tables.tracks.rows(), 0U);
  EXPECT_EQ(tables.windows.rows(), 0U);
  ASSERT_EQ(tables.expressions.rows(), 1U);
  EXPECT_EQ(column(tables.expressions, "faces")[0], 0);
  EXPECT_EQ(column(tables.expressions, "face_seconds")[0], 0);
  EXPECT_EQ(column(tables.expressions, "basic7_happy")[0], kNull);
}

// Property: against sums over frames written out, for random tracks with gaps and missing values.
TEST(Windows, EqualTheirDefinitionOnRandomTracks) {
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    struct Frame {
      std::int64_t pts_us;
      float score;
    };
    std::vector<Frame> scored;
    Feed feed;
    const int length = 1 + static_cast<int>(random.uniform() * 200);
    std::int64_t last = 0;
    for (int i = 0; i < length; ++i) {
      if (i > 0 && random.uniform() < 0.3) continue;  // a gap
      last = i;
      const double kind = random.uniform();
      const float score = kind < 0.2 ? kFloatNaN : static_cast<float>(random.uniform());
      if (kind > 0.8) {
        feed.add(0, i, {}, 100, FaceReason::kBlurred);
      } else {
        feed.add(0, i, {score, 0});
        scored.push_back({i * kGridStep, score});
      }
    }
    const auto tables = feed.finish();
    const double duration_us = static_cast<double>((last + 1) * kGridStep);
    const auto count = static_cast<std::size_t>(std::ceil(duration_us / 3e6));
    ASSERT_EQ(tables.windows.rows(), count);
    double video_sum = 0;
    double video_weight = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const auto begin = static_cast<std::int64_t>(
          std::floor(duration_us * static_cast<double>(k) / static_cast<double>(count)));
      const auto end = static_cast<std::int64_t>(
          std::floor(duration_us * static_cast<double>(k + 1) / static_cast<double>(count)));
      double sum = 0;
      int n = 0;
      int frames = 0;
      for (const Frame& frame : scored) {
        if (frame.pts_us < begin || frame.pts_us >= end) continue;
        ++frames;
        if (std::isnan(frame.score)) continue;
        sum += static_cast<double>(frame.score);
        ++n;
      }
      ASSERT_EQ(column(tables.windows, "frames")[k], frames);
      if (n == 0) {
        ASSERT_EQ(column(tables.windows, "basic7_happy")[k], kNull);
        continue;
      }
      ASSERT_NEAR(column(tables.windows, "basic7_happy")[k], sum / n, 1e-12);
      video_sum += sum / n * static_cast<double>(end - begin);
      video_weight += static_cast<double>(end - begin);
    }
    if (video_weight > 0) {
      ASSERT_NEAR(column(tables.expressions, "basic7_happy")[0], video_sum / video_weight, 1e-9);
    }
  }
}

}  // namespace
}  // namespace mien
