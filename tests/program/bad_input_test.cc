// One folder with everything that can be wrong with media: each file gets a status, a reason and
// words with the remedy, and the good file among them is measured as if it were alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "program/clips.h"
#include "program/program.h"

#include "base/random.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class BadInput : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder();
    std::filesystem::create_directories(in(""));
    make_failing();
    make_odd();
    face_clip(in("good.mp4"), 2, 3);
    run_ = run_mien({"annotate", in("").string(), "--out", study().string(), "--json"});
    if (run_.exit_status == 0) media_ = table_rows(study(), "media");
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::filesystem::path in(const std::string& name) { return folder_->path() / "in" / name; }
  static std::filesystem::path study() { return folder_->path() / "study"; }
  static Json media(const std::string& name) { return row_of(media_, name); }

  static void make_failing() {
    write_bytes(in("empty.mp4"), "");
    Random random(1);
    std::string noise(50000, '\0');
    for (char& byte : noise) byte = static_cast<char>(random.below(256));
    write_bytes(in("garbage.mp4"), noise);
    run_ffmpeg({"-f", "lavfi", "-i", "sine=d=1", in("audio.m4a").string()});
    // An index that declares a stream and not one sample: no duration, no frame.
    const auto fragmented = numbered_video(folder_->path() / "fragmented.mp4", 10, 25,
                                           {"-movflags", "frag_keyframe+empty_moov"});
    const std::string bytes = read_bytes(fragmented);
    write_bytes(in("zero.mp4"), bytes.substr(0, bytes.find("moof") - 4));
    std::filesystem::create_symlink(folder_->path() / "gone.mp4", in("dangling.mp4"));
    const auto whole = face_clip(folder_->path() / "whole.mp4", 2, 4, {"-movflags", "+faststart"});
    cut_file(whole, in("truncated.mp4"), 0.5);
    std::filesystem::copy(whole, in("video.jpg"));    // the wrong ending
    std::filesystem::copy(whole, in("caf\xE9.mp4"));  // a name in Latin-1
  }

  static void make_odd() {
    encode({painted(1, 1, [](int, int) { return Rgb{9, 9, 9}; })}, in("one.png"), {}, {});
    run_ffmpeg({"-f", "lavfi", "-i", "color=c=gray:s=8192x8192:d=0.04", "-frames:v", "1",
                in("huge.png").string()});
    // As a phone held upright stores it: the picture lies on its side, the container turns it.
    const auto lying = face_clip(folder_->path() / "lying.mp4", 2, 2, {"-vf", "transpose=2"});
    std::filesystem::copy(lying, in("phone.mp4"));
    set_display_matrix(in("phone.mp4"), {0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30});
    face_clip(in("variable.mkv"), 2, 3,
              {"-vf", "select='not(mod(n,3))+lt(n,30)'", "-vsync", "vfr"});
    face_clip(in("deep.mkv"), 2, 2, {"-pix_fmt", "yuv420p10le"});
    face_clip(in("grey.mkv"), 2, 2, {"-vf", "format=gray", "-pix_fmt", "gray"});
    run_ffmpeg({"-f", "lavfi", "-i", "gradients=s=320x240:d=2:seed=3:r=12", "-c:v", "libx264",
                "-preset", "ultrafast", in("no_faces.mp4").string()});
    // The six many-face pictures side by side: 22 faces.
    Arguments arguments;
    std::string graph;
    for (int i = 1; i <= 6; ++i) {
      const auto picture = "demo/sample" + std::to_string(i) + ".jpg";
      arguments.insert(arguments.end(),
                       {"-i", (npm_package("@vladmandic/face-api") / picture).string()});
      const std::string at = std::to_string(i - 1);
      graph += "[" + at +
               "]scale=640:480:force_original_aspect_ratio=decrease,"
               "pad=640:480,setsar=1[p" +
               at + "];";
    }
    graph += "[p0][p1][p2]hstack=3[x];[p3][p4][p5]hstack=3[y];[x][y]vstack";
    arguments.insert(arguments.end(),
                     {"-filter_complex", graph, "-frames:v", "1", in("many.png").string()});
    run_ffmpeg(arguments);
  }

  static TemporaryFolder* folder_;
  static ProgramRun run_;
  static std::vector<Json> media_;
};
TemporaryFolder* BadInput::folder_ = nullptr;
ProgramRun BadInput::run_;
std::vector<Json> BadInput::media_;

TEST_F(BadInput, LeavesTheRunDoneAndCountsAndListsWhatFailed) {
  ASSERT_EQ(run_.exit_status, 0) << run_.err;
  const Json summary = Json::parse(run_.out);
  EXPECT_EQ(summary.at("videos"), 17);
  EXPECT_EQ(summary.at("failed"), 6);
  EXPECT_EQ(summary.at("partial"), 1);
  EXPECT_EQ(summary.at("ok"), 10);
  EXPECT_EQ(summary.at("failures").size(), 7U);
  for (const Json& failure : summary.at("failures")) {
    EXPECT_THAT(failure.at("message").get<std::string>(),
                HasSubstr(failure.at("video_id").get<std::string>()));
  }
}

TEST_F(BadInput, GetsAStatusAReasonAndWords) {
  const std::map<std::string, std::pair<std::string, std::string>> expected = {
      {"empty.mp4", {"failed", "empty"}},           {"garbage.mp4", {"failed", "not_media"}},
      {"audio.m4a", {"failed", "audio_only"}},      {"zero.mp4", {"failed", "no_frames"}},
      {"dangling.mp4", {"failed", "missing"}},      {"truncated.mp4", {"partial", "truncated"}},
      {"caf\\xe9.mp4", {"failed", "name_not_utf8"}}};
  for (const auto& [name, what] : expected) {
    const Json row = media(name);
    ASSERT_FALSE(row.is_null()) << name;
    EXPECT_EQ(row.at("status"), what.first) << row;
    EXPECT_EQ(row.at("reason"), what.second) << row;
    EXPECT_GT(row.at("message").get<std::string>().size(), name.size() + 20) << row;
  }
  for (const char* name :
       {"empty.mp4", "garbage.mp4", "audio.m4a", "zero.mp4", "dangling.mp4", "caf\\xe9.mp4"}) {
    EXPECT_TRUE(media(name).at("width_px").is_null()) << name;  // null, not 0
    EXPECT_EQ(media(name).at("frames_analysed"), 0) << name;
    EXPECT_TRUE(row_of(table_rows(study(), "expressions"), name).is_null()) << name;
  }
}

TEST_F(BadInput, KeepsWhatATruncatedFileGave) {
  EXPECT_GT(media("truncated.mp4").at("frames_analysed"), 5);
  EXPECT_LT(media("truncated.mp4").at("frames_analysed"), 24);
  EXPECT_EQ(row_of(table_rows(study(), "expressions"), "truncated.mp4").at("faces"), 1);
}

TEST_F(BadInput, ThatOnlyLooksBadIsOk) {
  for (const char* name : {"video.jpg", "one.png", "huge.png", "phone.mp4", "variable.mkv",
                           "deep.mkv", "grey.mkv", "no_faces.mp4", "many.png", "good.mp4"}) {
    EXPECT_EQ(media(name).at("status"), "ok") << media(name);
    EXPECT_TRUE(media(name).at("message").is_null()) << media(name);
  }
  EXPECT_EQ(media("one.png").at("width_px"), 1);
  EXPECT_EQ(media("one.png").at("tracks"), 0);
  EXPECT_EQ(media("huge.png").at("width_px"), 8192);
  EXPECT_EQ(media("huge.png").at("height_px"), 8192);
  EXPECT_EQ(media("phone.mp4").at("width_px"), 400);  // upright
  EXPECT_EQ(media("phone.mp4").at("height_px"), 300);
  EXPECT_EQ(media("phone.mp4").at("rotation_deg"), 90);
  EXPECT_EQ(media("variable.mkv").at("variable_rate"), true);
  EXPECT_EQ(media("good.mp4").at("variable_rate"), false);
  EXPECT_EQ(media("no_faces.mp4").at("face_frames"), 0);
  for (const char* name : {"video.jpg", "phone.mp4", "variable.mkv", "deep.mkv", "grey.mkv"}) {
    EXPECT_EQ(media(name).at("tracks"), 1) << name;
  }
  EXPECT_GE(media("many.png").at("tracks"), 20);
}

TEST_F(BadInput, LeavesTheGoodFileUntouched) {
  const auto alone = folder_->path() / "alone";
  const ProgramRun run = run_mien({"annotate", in("good.mp4").string(), "--out", alone.string()});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  for (const char* table : {"media", "tracks", "windows", "expressions"}) {
    std::vector<Json> among;
    for (const Json& row : table_rows(study(), table)) {
      if (row.at("video_id") == "good.mp4") among.push_back(row);
    }
    EXPECT_EQ(among, table_rows(alone, table)) << table;
  }
}

TEST_F(BadInput, ANameThatIsNoTextFailsAloneInAListTooAndIsNotDoneAgain) {
  const auto list = folder_->path() / "list.csv";
  write_bytes(list, "video_id,uri,title\nbad,in/caf\xE9.mp4,one\ngood,in/one.png,two\n");
  const auto out = folder_->path() / "of_list";
  const std::vector<std::string> command = {"annotate", list.string(), "--out", out.string(),
                                            "--json"};
  const ProgramRun run = run_mien(command);
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const std::vector<Json> media = table_rows(out, "media");
  EXPECT_EQ(row_of(media, "bad").at("reason"), "name_not_utf8");
  EXPECT_THAT(row_of(media, "bad").at("message").get<std::string>(), HasSubstr("/caf\\xe9.mp4: "));
  EXPECT_EQ(row_of(media, "good").at("status"), "ok");
  EXPECT_THAT(row_of(table_rows(out, "corpus"), "bad").at("uri").get<std::string>(),
              HasSubstr("/caf\\xe9.mp4"));
  const ProgramRun again = run_mien(command);
  ASSERT_EQ(again.exit_status, 0) << again.err;
  EXPECT_EQ(Json::parse(again.out).at("already_done"), 2) << again.out;
}

TEST_F(BadInput, IsListedOnTheTerminalToo) {
  const ProgramRun run =
      run_mien({"annotate", (folder_->path() / "nowhere.mp4").string(), in("empty.mp4").string(),
                "--out", (folder_->path() / "few").string()});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("2 videos: 0 ok, 0 partial, 2 failed"));
  EXPECT_THAT(run.out, HasSubstr("failed nowhere.mp4 (missing): "));
  EXPECT_THAT(run.out, HasSubstr("failed empty.mp4 (empty): "));
}

}  // namespace
}  // namespace mien::testing
