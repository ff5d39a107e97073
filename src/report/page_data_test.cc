#include "report/page_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"

#include "report/report_fixture.h"
#include "report/script_text.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::add_frame;
using testing::add_track;
using testing::add_window;
using testing::corpus_row;
using ::testing::ElementsAre;
using testing::expressions_row;
using testing::few_channels;
using testing::few_facts;
using ::testing::HasSubstr;
using testing::media_row;
using testing::TemporaryFolder;

struct Sample {
  Table media = media_row("a.mp4");
  Table tracks{tracks_schema()};
  Table windows{windows_schema(few_channels())};
  Table expressions = expressions_row("a.mp4", 6.5, {0.2, 0.7, 1.25, 0.3});
  Table corpus = corpus_row("a.mp4", "A title");

  Sample() {
    add_track(tracks, "a.mp4", 0, 0, 5'000'000, 30);
    add_track(tracks, "a.mp4", 1, 1'000'000, 1'500'000, 10);
    add_window(windows, "a.mp4", 0, 0, 3'000'000, 18, {0.1, 0.9, 1.0, 0.2});
    add_window(windows, "a.mp4", 0, 3'000'000, 6'000'000, 9, {0.3, 0.5, Cell{}, 0.4});
    add_window(windows, "a.mp4", 1, 1'000'000, 1'600'000, 0, {Cell{}, Cell{}, Cell{}, Cell{}},
               true);
  }
  VideoTables tables() const {
    VideoTables all;
    all.media = &media;
    all.tracks = &tracks;
    all.windows = &windows;
    all.expressions = &expressions;
    all.corpus = &corpus;
    return all;
  }
};

json page_of(const VideoTables& tables, VideoPage* page = nullptr) {
  json out;
  Result<VideoPage> made = make_video_page(tables, few_facts(), "/study/report", out);
  EXPECT_TRUE(made.ok());
  if (page != nullptr) *page = made.value();
  return out;
}

TEST(VideoPage, AddsUpCoverage) {
  const Sample sample;
  VideoPage page;
  const json out = page_of(sample.tables(), &page);
  const Coverage& c = page.coverage;
  EXPECT_EQ(c.frames_analysed, 60);
  EXPECT_EQ(c.frames_with_face, 40);
  EXPECT_EQ(c.face_rows, 40);
  EXPECT_EQ(c.scored_rows, 27);
  EXPECT_EQ(c.tracks, 2);
  EXPECT_EQ(c.tracks_scored, 1);
  EXPECT_EQ(c.windows, 3);
  EXPECT_EQ(c.windows_short, 1);
  EXPECT_EQ(c.windows_empty, 1);
  EXPECT_EQ(out["coverage"]["scored_rows"], 27);
  EXPECT_EQ(out["coverage"].size(), 10U);
}

TEST(VideoPage, KeepsMissingAsNull) {
  const Sample sample;
  const json out = page_of(sample.tables());
  EXPECT_EQ(out["windows"]["values"][2], json({1.0, nullptr, nullptr}));
  EXPECT_EQ(out["windows"]["frames"], json({18, 9, 0}));
  EXPECT_EQ(out["windows"]["short"], json({false, false, true}));
  EXPECT_TRUE(out["tracks"]["yaw_deg"][0].is_null());
  EXPECT_TRUE(out["timeline"].is_null());
  EXPECT_TRUE(out["media"]["reason"].is_null());
  EXPECT_TRUE(out["source"].is_null());
  EXPECT_FALSE(out["tracks"].contains("video_id"));
}

TEST(VideoPage, LeadsWithTheGreatestMeanOfGroupsOnOneScale) {
  const Sample sample;
  VideoPage page;
  page_of(sample.tables(), &page);
  ASSERT_EQ(page.leading.size(), 2U) << "basic7 and label; action has no common scale";
  EXPECT_EQ(page.leading[0].channel, 1);
  EXPECT_EQ(page.leading[0].value, 0.7);
  EXPECT_EQ(page.leading[1].channel, 3);
}

TEST(VideoPage, AFailedVideoHasNothingButItsReason) {
  const Table media = media_row("a.mp4", "failed", Cell{}, "empty", "a.mp4: 0 bytes");
  VideoTables tables;
  tables.media = &media;
  VideoPage page;
  const json out = page_of(tables, &page);
  EXPECT_EQ(page.status, "failed");
  EXPECT_EQ(page.title, "a.mp4");
  EXPECT_TRUE(std::isnan(page.duration_s));
  EXPECT_TRUE(std::isnan(page.face_seconds));
  EXPECT_EQ(page.leading[0].channel, -1);
  EXPECT_TRUE(out["expression"].is_null());
  EXPECT_EQ(out["windows"]["total"], 0);
  const json row = json::parse(script_json(index_row(page, tables)));
  EXPECT_EQ(row, json({"a.mp4", "a.mp4", nullptr, nullptr, nullptr, "failed", "empty", nullptr, 60,
                       40, 0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}));
}

TEST(VideoPage, TheIndexRowSaysWhatThePageSays) {
  const Sample sample;
  VideoPage page;
  page_of(sample.tables(), &page);
  const json row = index_row(page, sample.tables());
  EXPECT_EQ(row, json({"a.mp4", "A title", "KE", nullptr, nullptr, "ok", nullptr, 10.0, 60, 40, 2,
                       6.5, 0.675, 1, 0.7, 3, 0.3}));
}

TEST(VideoPage, TellsCovariatesFromChannels) {
  const Sample sample;
  const json out = page_of(sample.tables());
  EXPECT_EQ(out["expression"]["means"], json({0.2, 0.7, 1.25, 0.3}));
  std::vector<std::string> names;
  for (const json& covariate : out["expression"]["covariates"])
    names.push_back(covariate[0].get<std::string>());
  EXPECT_THAT(names, ElementsAre("faces", "face_seconds", "face_size_px", "yaw_deg", "pitch_deg",
                                 "sharpness", "brightness", "skin_tone_ita_deg"));
}

TEST(VideoPage, ShowsColumnsOfTheCorpusThatSaySomething) {
  const Sample sample;
  const json out = page_of(sample.tables());
  std::vector<std::string> names;
  for (const json& row : out["corpus"]) names.push_back(row[0].get<std::string>());
  EXPECT_THAT(names, ElementsAre("country", "title"));
}

TEST(VideoPage, ListsTheBestContextsOfEverySourceAndWhatWasNotAssessed) {
  const Sample sample;
  VideoTables tables = sample.tables();
  EXPECT_EQ(page_of(tables)["contexts"], json::array());

  Table contexts(contexts_schema());
  RowBuilder row(contexts.schema());
  const auto add = [&](const char* source, const std::string& context, double score) {
    row.set("video_id", "a.mp4").set("source", source).set("context", context);
    contexts.append(row.set("score_prob", score).set("above_threshold", score > 0.3).finish());
  };
  for (int i = 0; i < 9; ++i) add("visual", "c" + std::to_string(i), 0.01 * i);
  add("text", "wedding", 0.5);
  add("visual", "dog", 0.9);
  Table status(context_status_schema());
  RowBuilder state(status.schema());
  for (const char* source : {"visual", "text"}) {
    const bool failed = source == std::string("text");
    for (const ColumnSpec& spec : status.schema().columns) state.set_null(spec.name);
    state.set("video_id", "a.mp4").set("source", source).set("vocabulary", "everyday");
    state.set("status", failed ? "failed" : "ok");
    if (failed) state.set("reason", "no_words");
    status.append(state.finish());
  }
  tables.contexts = &contexts;
  tables.context_status = &status;
  const json out = page_of(tables)["contexts"];
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0]["source"], "visual");
  EXPECT_EQ(out[0]["total"], 10);
  ASSERT_EQ(out[0]["best"].size(), 8U);
  EXPECT_EQ(out[0]["best"][0], json({"dog", 0.9, true}));
  EXPECT_EQ(out[0]["best"][1], json({"c8", 0.08, false}));
  EXPECT_EQ(out[1]["status"], "failed");
  EXPECT_EQ(out[1]["reason"], "no_words");
}

TEST(VideoPage, ReadsFramesOnceAndPassesTheirErrorsOn) {
  const Sample sample;
  VideoTables tables = sample.tables();
  int reads = 0;
  Table frames(frames_schema(few_channels()));
  add_frame(frames, 0, 0, "", {0.1, 0.9, 1.0, 0.2});
  add_frame(frames, 1, 1'000'000, "blurred", {});
  tables.frames = [&](const auto& each) {
    ++reads;
    return each(frames);
  };
  const json out = page_of(tables);
  EXPECT_EQ(reads, 1);
  EXPECT_EQ(out["timeline"]["rows"], 2);
  tables.frames = [](const auto&) -> Status {
    return Error{ErrorCode::kCorrupt, "frames.parquet: damaged"};
  };
  json unused;
  const auto failed = make_video_page(tables, few_facts(), "/study/report", unused);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(failed.error().message, HasSubstr("video a.mp4: frames.parquet: damaged"));
}

TEST(VideoPage, KnowsWhatKindOfFileItsSourceIs) {
  const TemporaryFolder folder;
  const Sample sample;
  VideoTables tables = sample.tables();
  std::ofstream(folder.path() / "a b.MP4") << "x";
  std::ofstream(folder.path() / "c.JPG") << "x";
  fs::create_directory(folder.path() / "frames");
  const auto source_of = [&](const std::string& name) {
    tables.source = folder.path() / name;
    json out;
    EXPECT_TRUE(make_video_page(tables, few_facts(), folder.path() / "report", out).ok());
    return out["source"];
  };
  EXPECT_EQ(source_of("a b.MP4"),
            json({{"url", "../../a%20b.MP4"}, {"kind", "video"}, {"name", "a b.MP4"}}));
  EXPECT_EQ(source_of("c.JPG")["kind"], "still");
  EXPECT_EQ(source_of("frames")["kind"], "folder");
  EXPECT_EQ(source_of("gone.mp4")["kind"], "absent");
}

TEST(VideoPage, CutsWindowsAtThePagesLimitAndSaysHowManyThereAre) {
  const std::int64_t fit =
      kMaxWindowValues / (static_cast<std::int64_t>(few_channels().size()) + 5);
  Sample sample;
  Table many(windows_schema(few_channels()));
  for (std::int64_t i = 0; i < fit + 5; ++i)
    add_window(many, "a.mp4", 0, i * 3'000'000, (i + 1) * 3'000'000, 1, {0.1, 0.2, 0.3, 0.4});
  VideoTables tables = sample.tables();
  tables.windows = &many;
  const json out = page_of(tables);
  EXPECT_EQ(out["windows"]["total"], fit + 5);
  EXPECT_EQ(out["windows"]["start_us"].size(), static_cast<std::size_t>(fit));
  EXPECT_EQ(out["windows"]["values"][3].size(), static_cast<std::size_t>(fit));
}

TEST(VideoPage, TheStepIsTheGridsOrTheVideosOwn) {
  Sample sample;  // 60 frames
  EXPECT_NEAR(page_of(sample.tables())["step_s"].get<double>(), 1.0 / 6, 1e-6);
  sample.media = media_row("a.mp4", "ok", 60.0);
  EXPECT_NEAR(page_of(sample.tables())["step_s"].get<double>(), 1.0, 1e-6) << "one frame a second";
  sample.media = media_row("a.mp4", "ok", Cell{});
  EXPECT_NEAR(page_of(sample.tables())["step_s"].get<double>(), 1.0 / 6, 1e-6);
  sample.media = media_row("a.mp4", "ok", 1e300);
  EXPECT_NEAR(page_of(sample.tables())["step_s"].get<double>(), 1.0 / 6, 1e-6)
      << "a duration that nobody believes";
}

TEST(ChannelGroups, SayWhoseLabelsTheyAreAndMarkPriors) {
  std::vector<ColumnSpec> channels = few_channels();
  channels.push_back({"mine_joy", ColumnType::kDouble, ""});
  const std::vector<ChannelGroup> groups = default_channel_groups(channels);
  ASSERT_EQ(groups.size(), 4U);
  EXPECT_EQ(groups[0].prefix, "basic7");
  EXPECT_EQ(groups[1].prefix, "action");
  EXPECT_EQ(groups[2].prefix, "label");
  EXPECT_EQ(groups[3].prefix, "mine");
  for (const ChannelGroup& group : groups) {
    EXPECT_EQ(group.is_prior, group.prefix == "label");
    EXPECT_FALSE(group.whose_labels.empty());
    EXPECT_FALSE(group.reliability.empty());
  }
  EXPECT_THAT(groups[2].reliability, HasSubstr("no rating has validated"));
  EXPECT_THAT(groups[3].reliability, HasSubstr("Nothing is known"));
}

}  // namespace
}  // namespace mien
