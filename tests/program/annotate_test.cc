// `mien annotate` and `mien export` on real faces, end to end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

#include "program/clips.h"
#include "program/program.h"
#include "support/head_model.h"

#include "store/csv_import.h"
#include "table/schema.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

// One study of a clip, a picture and a picture without faces, made once.
class AnnotatedStudy : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder();
    std::filesystem::create_directories(folder_->path() / "in/deep");
    face_clip(folder_->path() / "in/clip.mp4", 2, 5);
    group_picture(folder_->path() / "in/deep/group.jpg", 1, 640);
    run_ffmpeg({"-f", "lavfi", "-i", "gradients=s=320x240:d=0.04:seed=3", "-frames:v", "1",
                (folder_->path() / "in/empty.png").string()});
    run_ = run_mien({"annotate", (folder_->path() / "in").string(), "--out", study().string(),
                     "--frames", "--json"});
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static std::filesystem::path study() { return folder_->path() / "study"; }

  static TemporaryFolder* folder_;
  static ProgramRun run_;
};
TemporaryFolder* AnnotatedStudy::folder_ = nullptr;
ProgramRun AnnotatedStudy::run_;

// Libraries that count their use keep that under the home folder before they send it.
class EmptyHome {
 public:
  EmptyHome() {
    std::filesystem::create_directories(path());
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (const char* value = std::getenv(kNames[i])) old_[i] = value;
    }
    setenv("HOME", path().c_str(), 1);
    unsetenv("XDG_CACHE_HOME");
  }
  EmptyHome(const EmptyHome&) = delete;
  EmptyHome& operator=(const EmptyHome&) = delete;
  ~EmptyHome() {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (old_[i]) setenv(kNames[i], old_[i]->c_str(), 1);
    }
  }
  std::filesystem::path path() const { return folder_.path() / "home"; }

 private:
  static constexpr std::array<const char*, 2> kNames = {"HOME", "XDG_CACHE_HOME"};
  TemporaryFolder folder_;
  std::array<std::optional<std::string>, 2> old_;
};

TEST(Annotate, LeavesNothingInTheHomeFolder) {
  TemporaryFolder folder;
  const EmptyHome home;
  group_picture(folder.path() / "group.jpg", 1, 640);
  const ProgramRun run = run_mien({"annotate", (folder.path() / "group.jpg").string(), "--out",
                                   (folder.path() / "study").string(), "--quiet"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_TRUE(std::filesystem::is_empty(home.path()))
      << *std::filesystem::directory_iterator(home.path());
}

std::vector<std::string> header_of(const std::filesystem::path& study, const std::string& table) {
  const ProgramRun run = run_mien({"export", study.string(), "--table", table});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  std::vector<std::string> names;
  std::istringstream line(run.out.substr(0, run.out.find('\n')));
  for (std::string name; std::getline(line, name, ',');) names.push_back(name);
  return names;
}

TEST_F(AnnotatedStudy, SaysWhatItDidAsJson) {
  ASSERT_EQ(run_.exit_status, 0) << run_.err;
  const Json summary = Json::parse(run_.out);
  EXPECT_EQ(summary.at("videos"), 3);
  EXPECT_EQ(summary.at("ok"), 3);
  EXPECT_EQ(summary.at("failed"), 0);
  EXPECT_EQ(summary.at("already_done"), 0);
  EXPECT_EQ(summary.at("frames_analysed"), 30 + 2);
  EXPECT_EQ(summary.at("stages").at(0).at("stage"), "decode");
  EXPECT_THAT(run_.err, HasSubstr("3/3 videos"));
}

TEST_F(AnnotatedStudy, HasTheDeclaredColumnsInOrder) {
  const std::map<std::string, TableSchema> declared = {
      {"corpus", corpus_schema()},     {"media", media_schema()},
      {"tracks", tracks_schema()},     {"frames", frames_schema({})},
      {"windows", windows_schema({})}, {"expressions", expressions_schema({})}};
  for (const auto& [table, schema] : declared) {
    const std::vector<std::string> names = header_of(study(), table);
    ASSERT_GE(names.size(), schema.columns.size()) << table;
    for (std::size_t c = 0; c < schema.columns.size(); ++c) {
      EXPECT_EQ(names[c], schema.columns[c].name) << table;
    }
    const bool has_channels =
        table != "corpus" && table != "media";  // tracks: baselines of actions
    EXPECT_EQ(names.size() > schema.columns.size(), has_channels) << table;
    for (std::size_t c = schema.columns.size(); c < names.size(); ++c) {
      EXPECT_THAT(names[c], ::testing::AnyOf(StartsWith("basic7_"), StartsWith("action_"),
                                             StartsWith("baseline_action_"), StartsWith("label_"),
                                             StartsWith("baseline_action_")));
      EXPECT_EQ(names[c].starts_with("baseline_"), table == "tracks") << names[c];
    }
  }
}

TEST_F(AnnotatedStudy, NamesFilesByTheirPathBelowTheFolder) {
  const auto media = table_rows(study(), "media");
  ASSERT_EQ(media.size(), 3U);
  EXPECT_EQ(media[0].at("video_id"), "clip.mp4");
  EXPECT_EQ(media[1].at("video_id"), "deep/group.jpg");
  EXPECT_EQ(media[2].at("video_id"), "empty.png");
  const auto corpus = table_rows(study(), "corpus");
  EXPECT_EQ(row_of(corpus, "deep/group.jpg").at("uri"),
            (folder_->path() / "in/deep/group.jpg").string());
}

TEST_F(AnnotatedStudy, MeasuresAClip) {
  const Json media = row_of(table_rows(study(), "media"), "clip.mp4");
  EXPECT_EQ(media.at("status"), "ok");
  EXPECT_TRUE(media.at("reason").is_null());
  EXPECT_NEAR(media.at("duration_s").get<double>(), 5, 0.05);
  EXPECT_EQ(media.at("width_px"), 400);
  EXPECT_EQ(media.at("height_px"), 300);
  EXPECT_EQ(media.at("frames_decoded"), 125);
  EXPECT_EQ(media.at("frames_analysed"), 30);
  EXPECT_EQ(media.at("face_frames"), 30);
  EXPECT_EQ(media.at("tracks"), 1);

  std::vector<Json> windows;
  for (const Json& row : table_rows(study(), "windows")) {
    if (row.at("video_id") == "clip.mp4") windows.push_back(row);
  }
  ASSERT_EQ(windows.size(), 2U);  // ceil(5 s / 3 s)
  EXPECT_EQ(windows[0].at("end_us"), windows[1].at("start_us"));
  EXPECT_EQ(windows[0].at("frames").get<int>() + windows[1].at("frames").get<int>(), 30);
  EXPECT_EQ(windows[0].at("short"), false);

  std::int64_t frames = 0;
  std::int64_t before_us = -1;
  for (const Json& row : table_rows(study(), "frames")) {
    if (row.at("video_id") != "clip.mp4") continue;
    ++frames;
    EXPECT_GT(row.at("pts_us").get<std::int64_t>(), before_us);
    before_us = row.at("pts_us").get<std::int64_t>();
    EXPECT_EQ(row.at("pts_us").get<std::int64_t>() % 40000, 0);  // true times of a 25 Hz clip
  }
  EXPECT_EQ(frames, 30);

  const Json expressions = row_of(table_rows(study(), "expressions"), "clip.mp4");
  EXPECT_EQ(expressions.at("faces"), 1);
  EXPECT_NEAR(expressions.at("face_seconds").get<double>(), 5, 0.1);
  double sum = 0;
  for (const auto& [name, value] : expressions.items()) {
    if (name.starts_with("basic7_")) sum += value.get<double>();
  }
  EXPECT_NEAR(sum, 1, 1e-5);
}

TEST_F(AnnotatedStudy, MeasuresAStillAsOneShortWindowAFace) {
  const Json media = row_of(table_rows(study(), "media"), "deep/group.jpg");
  EXPECT_EQ(media.at("frames_analysed"), 1);
  EXPECT_TRUE(media.at("duration_s").is_null());
  std::int64_t windows = 0;
  for (const Json& row : table_rows(study(), "windows")) {
    if (row.at("video_id") != "deep/group.jpg") continue;
    ++windows;
    EXPECT_EQ(row.at("short"), true);
  }
  EXPECT_EQ(windows, media.at("tracks"));
  EXPECT_GE(windows, 3);
}

// One study of the same files under a head that was made by hand.
TEST(AnnotateWithAHead, GivesLabelsOfThatModelAloneForAnyNumberOfThreads) {
  TemporaryFolder folder;
  const auto in = folder.path() / "in";
  std::filesystem::create_directories(in);
  face_clip(in / "clip.mp4", 2, 5);
  group_picture(in / "group.jpg", 1, 640);
  constexpr std::int64_t kJawDrop = 17;
  write_head(folder.path() / "mouths", action_block(), kJawDrop);
  const auto study = [&](const char* name) { return folder.path() / name; };
  for (const char* threads : {"1", "2"}) {
    const ProgramRun run = run_mien({"annotate", in.string(), "--out", study(threads).string(),
                                     "--expression-model", (folder.path() / "mouths").string(),
                                     "--frames", "--quiet", "--json", "--threads", threads});
    ASSERT_EQ(run.exit_status, 0) << run.err;
  }
  EXPECT_EQ(parquet_hashes(study("1")), parquet_hashes(study("2")));
  const ProgramRun faster =
      run_mien({"annotate", in.string(), "--out", study("faster").string(), "--rate", "12",
                "--expression-model", (folder.path() / "mouths").string()});
  EXPECT_EQ(faster.exit_status, 2);
  EXPECT_THAT(faster.err, HasSubstr("remedy: --rate 6"));

  int scored = 0;
  for (const Json& row : table_rows(study("1"), "windows")) {
    EXPECT_FALSE(row.contains("label_awe"));  // nothing of prototype16
    if (row.at("frames") == 0) continue;
    ++scored;
    // The logit is linear in the row, so that of a mean over frames is the mean's.
    const double jaw = row.at("action_jaw_drop").get<double>();
    EXPECT_NEAR(row.at("label_open").get<double>(), 1 / (1 + std::exp(-jaw)), 2e-4);
    EXPECT_NEAR(row.at("label_shut").get<double>(), 1 / (1 + std::exp(jaw)), 2e-4);
  }
  EXPECT_GT(scored, 3);
  for (const Json& row : table_rows(study("1"), "frames")) {
    EXPECT_TRUE(row.at("label_open").is_null());
  }
  for (const Json& row : table_rows(study("1"), "expressions")) {
    EXPECT_TRUE(row.at("label_open").is_number());
  }
  const std::string run_json = read_text(study("1") / "annotations/run.json");
  EXPECT_THAT(run_json, HasSubstr("three students in Lyon"));
  EXPECT_THAT(run_json, ::testing::Not(HasSubstr("prototype16")));
}

TEST_F(AnnotatedStudy, IsOkWithoutAFace) {
  const Json media = row_of(table_rows(study(), "media"), "empty.png");
  EXPECT_EQ(media.at("status"), "ok");
  EXPECT_EQ(media.at("face_frames"), 0);
  const Json expressions = row_of(table_rows(study(), "expressions"), "empty.png");
  EXPECT_EQ(expressions.at("faces"), 0);
  EXPECT_TRUE(expressions.at("basic7_happy").is_null());  // missing is not zero
}

TEST_F(AnnotatedStudy, ExportsTheSameValuesAsCsvAndJsonLines) {
  for (const char* table : {"corpus", "media", "tracks", "windows", "expressions", "frames"}) {
    const ProgramRun csv = run_mien({"export", study().string(), "--table", table});
    ASSERT_EQ(csv.exit_status, 0) << csv.err;
    const auto parsed = parse_list(csv.out, "export.csv");
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    const auto rows = table_rows(study(), table);
    ASSERT_EQ(parsed->rows(), rows.size()) << table;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (const auto& [name, value] : rows[r].items()) {
        const Cell cell = parsed->at(r, name);
        if (value.is_null()) {
          EXPECT_TRUE(std::holds_alternative<std::monostate>(cell)) << table << "." << name;
          continue;
        }
        const std::string& text = std::get<std::string>(cell);
        if (value.is_number_float()) {
          EXPECT_EQ(std::stod(text), value.get<double>()) << table << "." << name;
        } else {
          EXPECT_EQ(text, value.is_string() ? value.get<std::string>() : value.dump());
        }
      }
    }
  }
}

TEST_F(AnnotatedStudy, RefusesATableThatIsNotThere) {
  const ProgramRun run = run_mien({"export", study().string(), "--table", "maps"});
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_THAT(run.err,
              HasSubstr("corpus, duplicates, expressions, frames, media, tracks, windows"));
  const ProgramRun nowhere =
      run_mien({"export", (folder_->path() / "in").string(), "--table", "media"});
  EXPECT_EQ(nowhere.exit_status, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("mien annotate"));
}

TEST_F(AnnotatedStudy, RedoesNothingThatIsComplete) {
  const auto before = parquet_hashes(study());
  const auto written = std::filesystem::last_write_time(study() / "annotations/shard-00000");
  const ProgramRun again = run_mien({"annotate", (folder_->path() / "in").string(), "--out",
                                     study().string(), "--frames", "--json"});
  ASSERT_EQ(again.exit_status, 0) << again.err;
  const Json summary = Json::parse(again.out);
  EXPECT_EQ(summary.at("already_done"), 3);
  EXPECT_EQ(summary.at("ok"), 3);
  EXPECT_EQ(summary.at("frames_analysed"), 0);
  EXPECT_EQ(parquet_hashes(study()), before);
  EXPECT_EQ(std::filesystem::last_write_time(study() / "annotations/shard-00000"), written);
}

TEST_F(AnnotatedStudy, IsTheSameForAnyNumberOfThreads) {
  for (const char* threads : {"1", "2", "3"}) {
    const auto other = folder_->path() / ("threads-" + std::string(threads));
    const ProgramRun run = run_mien({"annotate", (folder_->path() / "in").string(), "--out",
                                     other.string(), "--frames", "--threads", threads});
    ASSERT_EQ(run.exit_status, 0) << run.err;
    EXPECT_EQ(parquet_hashes(other), parquet_hashes(study())) << threads << " threads";
  }
}

}  // namespace
}  // namespace mien::testing
