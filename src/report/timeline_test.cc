#include "report/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/report_fixture.h"

namespace mien {
namespace {

using nlohmann::json;
using testing::add_frame;
using testing::add_track;
using testing::few_channels;
using ::testing::HasSubstr;

constexpr std::int64_t kStep_us = 166'667;

struct Face {
  std::int64_t track;
  std::int64_t us;
  std::string reason;
  std::vector<Cell> values;
};

Table tracks_of(const std::vector<Face>& faces) {
  std::map<std::int64_t, std::vector<std::int64_t>> times;
  for (const Face& face : faces) times[face.track].push_back(face.us);
  Table tracks(tracks_schema());
  for (const auto& [id, us] : times)
    add_track(tracks, "a.mp4", id, us.front(), us.back(), static_cast<std::int64_t>(us.size()));
  return tracks;
}

Table frames_of(const std::vector<Face>& faces) {
  Table frames(frames_schema(few_channels()));
  for (const Face& face : faces) add_frame(frames, face.track, face.us, face.reason, face.values);
  return frames;
}

json timeline_of(const std::vector<Face>& faces, std::int64_t step_us = kStep_us) {
  TimelineBuilder builder(tracks_of(faces), few_channels(), step_us);
  const Status added = builder.add(frames_of(faces));
  EXPECT_TRUE(added.ok());
  return builder.finish();
}

TEST(Timeline, KeepsEveryRowOfAShortVideoWithItsTrueTime) {
  const json t = timeline_of({{0, 10'000, "", {0.25, 0.75, 1.5, Cell{}}},
                              {0, 180'000, "blurred", {}},
                              {0, 340'000, "", {0.5, 0.5, Cell{}, 0.1}}});
  EXPECT_EQ(t["bucket_steps"], 1);
  EXPECT_EQ(t["rows"], 3);
  EXPECT_EQ(t["reasons"], json({"blurred"}));
  EXPECT_EQ(t["reason_rows"], json::array({json::array({"blurred", 1})}));
  const json& track = t["tracks"][0];
  EXPECT_EQ(track["t"], json({0.01, 0.18, 0.34}));
  EXPECT_EQ(track["reason"], json({-1, 0, -1}));
  EXPECT_EQ(track["breaks"], json::array());
  EXPECT_EQ(track["mean"][0][0], 0.25);
  EXPECT_TRUE(std::isnan(track["mean"][0][1].get<double>())) << "a missing value is no number";
  EXPECT_TRUE(std::isnan(track["mean"][2][2].get<double>())) << "one channel alone may be missing";
  EXPECT_TRUE(track["low"].is_null());
}

TEST(Timeline, BreaksWhereAFaceWasNotSeen) {
  std::vector<Face> faces;
  for (const std::int64_t k : {0, 1, 2, 4, 5, 9})
    faces.push_back({0, k * kStep_us, "", {0.5, 0.5, 0.5, 0.5}});
  EXPECT_EQ(timeline_of(faces)["tracks"][0]["breaks"], json({3, 5}));
}

TEST(Timeline, DoesNotBreakWhereTheNearestFrameLiesOff) {
  std::vector<Face> faces;
  for (const double k : {0.0, 1.4, 2.0, 3.4, 4.0})
    faces.push_back({0, std::llround(k * kStep_us), "", {0.5, 0.5, 0.5, 0.5}});
  EXPECT_EQ(timeline_of(faces)["tracks"][0]["breaks"], json::array());
}

TEST(Timeline, CountsFacesAtEveryMoment) {
  const std::vector<Cell> values = {0.5, 0.5, 0.5, 0.5};
  const json t = timeline_of({{0, 0, "", values},
                              {1, 0, "too_small", {}},
                              {2, 0, "", values},
                              {0, kStep_us, "too_small", {}},
                              {1, 3 * kStep_us, "", values}});
  EXPECT_EQ(t["faces"]["t"], json({0.0, 0.167, 0.5}));
  EXPECT_EQ(t["faces"]["faces"], json({3, 1, 1}));
  EXPECT_EQ(t["faces"]["scored"], json({2, 0, 1}));
}

TEST(Timeline, RefusesRowsThatTheTracksDoNotAccountFor) {
  const std::vector<Cell> values = {0.5, 0.5, 0.5, 0.5};
  Table tracks(tracks_schema());
  add_track(tracks, "a.mp4", 0, 0, kStep_us, 2);
  for (const std::vector<Face>& faces : std::vector<std::vector<Face>>{
           {{7, 0, "", values}},
           {{0, 0, "", values}, {0, kStep_us, "", values}, {0, 2 * kStep_us, "", values}},
           {{0, kStep_us, "", values}, {0, 0, "", values}}}) {
    TimelineBuilder builder(tracks, few_channels(), kStep_us);
    const Status added = builder.add(frames_of(faces));
    ASSERT_FALSE(added.ok());
    EXPECT_EQ(added.error().code, ErrorCode::kMismatch);
    EXPECT_THAT(added.error().message, HasSubstr("annotate the video again"));
  }
}

TEST(Timeline, AVideoWithoutFacesIsEmpty) {
  TimelineBuilder builder(Table(tracks_schema()), few_channels(), kStep_us);
  ASSERT_TRUE(builder.add(Table(frames_schema(few_channels()))).ok());
  const json t = builder.finish();
  EXPECT_EQ(t["tracks"], json::array());
  EXPECT_EQ(t["faces"]["t"], json::array());
  EXPECT_EQ(t["rows"], 0);
}

std::vector<Face> random_faces(Random& random, std::int64_t points) {
  const std::vector<std::string> reasons = {"too_small", "blurred", "turned_away"};
  std::vector<Face> faces;
  for (std::int64_t k = 0; k < points; ++k) {
    for (std::int64_t track = 0; track < 3; ++track) {
      if (random.below(10) < 2) continue;
      Face face{track, k * kStep_us + static_cast<std::int64_t>(random.below(20'000)), "", {}};
      if (random.below(4) == 0) {
        face.reason = reasons[random.below(3)];
      } else {
        for (int c = 0; c < 4; ++c)
          face.values.push_back(cell_from(random.below(20) == 0 ? std::nan("") : random.normal()));
      }
      faces.push_back(face);
    }
  }
  std::stable_sort(faces.begin(), faces.end(),
                   [](const Face& a, const Face& b) { return a.us < b.us; });
  return faces;
}

// The slow and obvious way: every row of a track put into its bucket.
TEST(Timeline, BucketsAgreeWithSortingRowsOneByOne) {
  Random random(4);
  const std::vector<Face> faces = random_faces(random, 4500);
  const json t = timeline_of(faces);
  const auto steps = t["bucket_steps"].get<std::int64_t>();
  ASSERT_EQ(steps, 3);
  const std::int64_t origin = faces.front().us;
  for (const json& track : t["tracks"]) {
    std::map<std::int64_t, std::vector<const Face*>> buckets;
    for (const Face& face : faces) {
      if (face.track == track["track"].get<std::int64_t>())
        buckets[(face.us - origin) / (kStep_us * steps)].push_back(&face);
    }
    ASSERT_EQ(track["t"].size(), buckets.size());
    std::size_t point = 0;
    std::int64_t before = -1;
    std::vector<std::int64_t> breaks;
    for (const auto& [bucket, rows] : buckets) {
      if (point > 0 && bucket - before > 1) breaks.push_back(static_cast<std::int64_t>(point));
      before = bucket;
      bool any = false;
      for (std::size_t c = 0; c < 4; ++c) {
        double sum = 0;
        double low = INFINITY;
        double high = -INFINITY;
        int n = 0;
        for (const Face* face : rows) {
          if (face->values.empty()) continue;
          const auto* value = std::get_if<double>(&face->values[c]);
          if (value == nullptr) continue;
          sum += *value;
          low = std::min(low, *value);
          high = std::max(high, *value);
          ++n;
        }
        any = any || n > 0;
        const auto mean = track["mean"][c][point].get<double>();
        ASSERT_EQ(std::isnan(mean), n == 0);
        if (n == 0) continue;
        ASSERT_NEAR(mean, sum / n, 5.1e-5);
        ASSERT_NEAR(track["low"][c][point].get<double>(), low, 5.1e-5);
        ASSERT_NEAR(track["high"][c][point].get<double>(), high, 5.1e-5);
      }
      const bool has_reason = std::any_of(rows.begin(), rows.end(),
                                          [](const Face* face) { return !face->reason.empty(); });
      ASSERT_EQ(track["reason"][point].get<int>() >= 0, !any && has_reason);
      ++point;
    }
    ASSERT_EQ(track["breaks"].get<std::vector<std::int64_t>>(), breaks);
  }
}

TEST(Timeline, BatchesDoNotMatter) {
  Random random(5);
  const std::vector<Face> faces = random_faces(random, 900);
  const json whole = timeline_of(faces);
  TimelineBuilder builder(tracks_of(faces), few_channels(), kStep_us);
  for (std::size_t from = 0; from < faces.size();) {
    const std::size_t to = std::min(faces.size(), from + 1 + random.below(70));
    ASSERT_TRUE(builder
                    .add(frames_of({faces.begin() + static_cast<std::ptrdiff_t>(from),
                                    faces.begin() + static_cast<std::ptrdiff_t>(to)}))
                    .ok());
    from = to;
  }
  EXPECT_EQ(builder.finish().dump(), whole.dump());
}

TEST(Timeline, KeepsWithinThePagesLimits) {
  Table tracks(tracks_schema());
  for (std::int64_t id = 0; id < 260; ++id)
    add_track(tracks, "a.mp4", id, 0, 100'000 * kStep_us, 3000 + id);
  TimelineBuilder builder(tracks, few_channels(), kStep_us);
  const json t = builder.finish();
  EXPECT_EQ(t["tracks"].size(), static_cast<std::size_t>(kMaxTimelineTracks));
  EXPECT_EQ(t["tracks"][0]["track"], 60) << "the tracks with most frames are drawn";
  std::int64_t points = 0;
  const auto steps = t["bucket_steps"].get<std::int64_t>();
  for (std::int64_t id = 60; id < 260; ++id) points += (3000 + id) / steps + 1;
  EXPECT_LE(points * 4 * 3, kMaxTimelineValues);
  EXPECT_LE(100'000 / steps, kMaxTimelinePoints);
}

TEST(RoundedForPage, KeepsFourDecimalsAndWhatIsMissing) {
  EXPECT_EQ(rounded_for_page(0.123456), 0.1235);
  EXPECT_EQ(rounded_for_page(-2.00004), -2.0);
  EXPECT_TRUE(std::isnan(rounded_for_page(std::nan(""))));
}

}  // namespace
}  // namespace mien
