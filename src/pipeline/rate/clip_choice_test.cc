#include "pipeline/rate/clip_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "support/paths.h"

namespace mien {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSubsetOf;

class ClipChoiceTest : public ::testing::Test {
 protected:
  struct Video {
    std::string id;
    std::string region = "Africa";
    std::string uploader = "";
    std::string exclude = "";
    std::string warning = "";
    std::string context = "sport";
    int tracks = 2;
    int windows = 2;  // of each track
    bool is_happy = true;
    double size_px = 100;
    double yaw_deg = 0;
  };

  void SetUp() override {
    std::filesystem::create_directories(shard());
    std::ofstream(sensitive()) << "context,warning\nfuneral,Mourning.\nwar,Violence.\n";
  }
  std::filesystem::path study() const { return folder_.path() / "study"; }
  std::filesystem::path shard() const { return study() / "annotations/shard-00000"; }
  std::filesystem::path sensitive() const { return folder_.path() / "sensitive.csv"; }

  void write(const std::vector<Video>& videos) {
    TableSchema corpus_columns = corpus_schema();
    corpus_columns.columns.push_back({"rating_exclude", ColumnType::kString, ""});
    corpus_columns.columns.push_back({"rating_warning", ColumnType::kString, ""});
    const std::vector<ColumnSpec> channels = {{"basic7_happy", ColumnType::kDouble, ""},
                                              {"basic7_sad", ColumnType::kDouble, ""}};
    Table corpus(corpus_columns), tracks(tracks_schema()), windows(windows_schema(channels)),
        contexts(contexts_schema());
    const auto row_of = [](const Table& table) {
      RowBuilder row(table.schema());
      for (const ColumnSpec& column : table.schema().columns) row.set_null(column.name);
      return row;
    };
    for (const Video& video : videos) {
      RowBuilder row = row_of(corpus);
      row.set("video_id", video.id).set("region", video.region);
      if (!video.uploader.empty()) row.set("uploader", video.uploader);
      if (!video.exclude.empty()) row.set("rating_exclude", video.exclude);
      if (!video.warning.empty()) row.set("rating_warning", video.warning);
      corpus.append(row.finish());
      RowBuilder context = row_of(contexts);
      context.set("video_id", video.id).set("source", "visual").set("context", video.context);
      context.set("score_prob", 0.8).set("above_threshold", true);
      contexts.append(context.finish());
      for (std::int64_t track = 0; track < video.tracks; ++track) {
        RowBuilder face = row_of(tracks);
        face.set("video_id", video.id).set("track_id", track).set("box_x_px", 10.0);
        face.set("box_y_px", 20.0).set("box_w_px", video.size_px).set("box_h_px", video.size_px);
        face.set("yaw_deg", video.yaw_deg).set("pitch_deg", 0.0);
        tracks.append(face.finish());
        for (std::int64_t i = 0; i < video.windows; ++i) {
          RowBuilder window = row_of(windows);
          window.set("video_id", video.id).set("track_id", track);
          window.set("start_us", 2'000'000 * i).set("end_us", 2'000'000 * (i + 1));
          window.set("frames", std::int64_t{12}).set("short", false);
          window.set("basic7_happy", video.is_happy ? 0.9 : 0.1).set("basic7_sad", 0.5);
          windows.append(window.finish());
        }
      }
    }
    ASSERT_TRUE(database_.write_parquet(corpus, study() / "corpus.parquet", {}).ok());
    ASSERT_TRUE(database_.write_parquet(tracks, shard() / "tracks.parquet", {}).ok());
    ASSERT_TRUE(database_.write_parquet(windows, shard() / "windows.parquet", {}).ok());
    ASSERT_TRUE(database_.write_parquet(contexts, shard() / "contexts.parquet", {}).ok());
  }

  std::vector<ClipChoice> choose(const ClipOptions& options,
                                 const std::set<std::string>& excluded = {},
                                 const std::set<std::string>& refused = {}) {
    auto chooser = ClipChooser::open(database_, study(), options, sensitive(), excluded);
    EXPECT_TRUE(chooser.ok()) << chooser.error().message;
    auto chosen = chooser->choose(refused, {});
    EXPECT_TRUE(chosen.ok()) << chosen.error().message;
    return std::move(chosen).value();
  }
  static std::vector<std::string> ids(const std::vector<ClipChoice>& clips) {
    std::vector<std::string> all;
    for (const ClipChoice& clip : clips) all.push_back(clip.id);
    return all;
  }
  static std::map<std::string, int> counts(const std::vector<ClipChoice>& clips, std::size_t part) {
    std::map<std::string, int> found;
    for (const ClipChoice& clip : clips) ++found[clip.strata.at(part)];
    return found;
  }
  // Many of one kind, few of another.
  static std::vector<Video> uneven() {
    std::vector<Video> videos;
    for (int i = 0; i < 60; ++i) videos.push_back({"common" + std::to_string(i)});
    for (int i = 0; i < 5; ++i) {
      videos.push_back(
          {"rare" + std::to_string(i), "Brazil", "", "", "", "dance", 2, 2, false, 50, 25});
    }
    return videos;
  }

  testing::TemporaryFolder folder_;
  Database database_ = Database::open().value();
};

TEST_F(ClipChoiceTest, RareStrataAreDrawnAsOftenAsCommonOnes) {
  write(uneven());
  ClipOptions options;
  options.count = 16;
  const auto clips = choose(options);
  ASSERT_EQ(clips.size(), 16U);
  EXPECT_EQ(counts(clips, 0), (std::map<std::string, int>{{"Africa", 8}, {"Brazil", 8}}));
  EXPECT_EQ(counts(clips, 1), (std::map<std::string, int>{{"sport", 8}, {"dance", 8}}));
  EXPECT_EQ(counts(clips, 2), (std::map<std::string, int>{{"basic7_happy", 8}, {"basic7_sad", 8}}));
  EXPECT_EQ(counts(clips, 3),
            (std::map<std::string, int>{{"64_to_128_px", 8}, {"below_64_px", 8}}));
  EXPECT_EQ(counts(clips, 4), (std::map<std::string, int>{{"frontal", 8}, {"turned", 8}}));
  options.strata.clear();
  EXPECT_LT(
      std::ranges::count_if(choose(options),
                            [](const ClipChoice& c) { return c.video_id.starts_with("rare"); }),
      6);
}

TEST_F(ClipChoiceTest, TheSeedDecidesAndThreadsAndOrderDoNot) {
  std::vector<Video> videos = uneven();
  write(videos);
  ClipOptions options;
  options.count = 40;
  const auto first = ids(choose(options));
  EXPECT_EQ(ids(choose(options)), first);
  std::ranges::reverse(videos);
  database_ = Database::open({4, 1024, {}}).value();
  write(videos);
  EXPECT_EQ(ids(choose(options)), first);
  options.seed = 2;
  EXPECT_NE(ids(choose(options)), first);
}

TEST_F(ClipChoiceTest, MoreClipsAndRefusedOnesLeaveTheOthersChosen) {
  write(uneven());
  ClipOptions options;
  options.count = 20;
  const auto few = ids(choose(options));
  options.count = 30;
  EXPECT_THAT(few, IsSubsetOf(ids(choose(options))));
  options.count = 20;
  const auto others = ids(choose(options, {}, {few[3], few[8]}));
  EXPECT_EQ(others.size(), 20U);
  std::vector<std::string> kept = few;
  std::erase(kept, few[3]);
  std::erase(kept, few[8]);
  EXPECT_THAT(kept, IsSubsetOf(others));
}

TEST_F(ClipChoiceTest, FewOfAPersonAVideoAndASource) {
  std::vector<Video> videos;
  for (int i = 0; i < 4; ++i) {
    videos.push_back({"v" + std::to_string(i), "Africa", i < 3 ? "u" : "", "", "", "sport", 5, 4});
  }
  write(videos);
  const auto most = [&](const ClipOptions& options, auto&& of) {
    std::map<std::string, int> found;
    for (const ClipChoice& clip : choose(options)) ++found[of(clip)];
    int most_of_one = 0;
    for (const auto& [name, count] : found) most_of_one = std::max(most_of_one, count);
    return most_of_one;
  };
  const auto person = [](const ClipChoice& clip) { return clip.person; };
  const auto video = [](const ClipChoice& clip) { return clip.video_id; };
  const auto source = [](const ClipChoice& clip) { return clip.source; };
  ClipOptions options;
  EXPECT_EQ(most(options, person), 1);
  EXPECT_EQ(most(options, video), 3);
  EXPECT_EQ(most(options, source), 9);
  options.per_person = 2;
  options.per_video = 100;
  options.per_source = 4;
  EXPECT_EQ(most(options, person), 2);
  EXPECT_EQ(most(options, source), 4);
  EXPECT_EQ(choose(options).size(), 8U) << "the video without an uploader is its own source";
}

TEST_F(ClipChoiceTest, SensitiveAndExcludedVideosStayAway) {
  write({{"plain"},
         {"mourning", "Africa", "", "", "", "funeral"},
         {"own", "Africa", "", "", "Two children."},
         {"both", "Africa", "", "", "Two children.", "war"},
         {"not_wanted", "Africa", "", "true"},
         {"small", "Africa", "", "", "", "sport", 2, 2, true, 20}});
  const auto videos = [](const std::vector<ClipChoice>& clips) {
    std::map<std::string, std::string> found;
    for (const ClipChoice& clip : clips) found[clip.video_id] = clip.warning;
    return found;
  };
  using Found = std::map<std::string, std::string>;
  ClipOptions options;
  EXPECT_EQ(videos(choose(options)), (Found{{"plain", ""}}));
  options.flagged = "keep";
  EXPECT_EQ(videos(choose(options)), (Found{{"plain", ""},
                                            {"mourning", "Mourning."},
                                            {"own", "Two children."},
                                            {"both", "Two children. Violence."}}));
  EXPECT_EQ(videos(choose(options, {"plain", "own", "it's not there"})),
            (Found{{"mourning", "Mourning."}, {"both", "Two children. Violence."}}));
  auto chooser = ClipChooser::open(database_, study(), options, sensitive(), {});
  const ClipCandidates all = chooser->candidates().value();
  EXPECT_EQ(all.flagged, 3);
  EXPECT_EQ(all.windows, 16);
}

TEST_F(ClipChoiceTest, OfCopiesOnlyTheFirst) {
  write({{"a"}, {"b"}, {"c"}});
  Table copies(duplicates_schema());
  RowBuilder row(copies.schema());
  for (const char* id : {"a", "c"}) {
    row.set("video_id", id).set("cluster", "a").set("same_title", false).set("same_pictures", true);
    copies.append(row.finish());
  }
  ASSERT_TRUE(database_.write_parquet(copies, study() / "duplicates.parquet", {}).ok());
  std::set<std::string> videos;
  for (const ClipChoice& clip : choose({})) videos.insert(clip.video_id);
  EXPECT_EQ(videos, (std::set<std::string>{"a", "b"}));
}

TEST_F(ClipChoiceTest, BadFilesAreNamed) {
  write({{"a"}});
  std::ofstream(sensitive()) << "context,warning\nwar\n";
  auto chooser = ClipChooser::open(database_, study(), {}, sensitive(), {});
  ASSERT_FALSE(chooser.ok());
  EXPECT_THAT(chooser.error().message, HasSubstr("sensitive.csv: line 2"));
  std::filesystem::remove_all(study() / "annotations");
  chooser = ClipChooser::open(database_, study(), {}, sensitive(), {});
  ASSERT_FALSE(chooser.ok());
  EXPECT_EQ(chooser.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(chooser.error().message, HasSubstr("mien annotate"));
  std::ofstream(folder_.path() / "ids") << "# mine\r\na.mp4\r\n\nb c.mp4";
  EXPECT_EQ(read_excluded(folder_.path() / "ids").value(),
            (std::set<std::string>{"a.mp4", "b c.mp4"}));
}

}  // namespace
}  // namespace mien
