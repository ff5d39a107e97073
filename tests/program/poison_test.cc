// Videos that hang their reader, fill memory or break out cost one video each, recorded with the
// reason; nobody tries them again unasked. And the fences are really up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "program/clips.h"
#include "program/program.h"
#include "support/hostile_media.h"

#include "pipeline/worker/sanitizer.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class Poison : public ::testing::Test {
 protected:
  std::filesystem::path at(const std::string& name) const { return folder_.path() / name; }

  // Sends `signal` to the first two workers that are at a video, of a run over a long clip and a
  // short one; the row of the long one.
  Json row_after(int signal, const Arguments& more = {}) {
    Arguments command = {"annotate",
                         long_clip().string(),
                         good().string(),
                         "--out",
                         at("study").string(),
                         "--threads",
                         "1",
                         "--json"};
    command.insert(command.end(), more.begin(), more.end());
    RunningMien running(command);
    pid_t before = 0;
    for (int deaths = 0; deaths < 2; ++deaths) {  // the long clip is the larger one: it comes first
      std::vector<pid_t> workers;
      EXPECT_TRUE(comes_true(60, [&] {
        workers = running.workers();
        return workers.size() == 1U && workers[0] != before && is_at_a_video(workers[0]);
      }));
      if (workers.empty()) break;
      before = workers[0];
      kill(before, signal);
      EXPECT_TRUE(comes_true(30, [&] { return !is_running(before); }));
    }
    const ProgramRun run = running.finish();
    EXPECT_EQ(run.exit_status, 0) << run.err;
    const auto rows = table_rows(at("study"), "media");
    EXPECT_EQ(row_of(rows, "good.mp4").at("status"), "ok");
    return row_of(rows, "long.mp4");
  }

  std::filesystem::path long_clip() const {
    if (!std::filesystem::exists(at("long.mp4"))) face_clip(at("long.mp4"), 0, 50);
    return at("long.mp4");
  }
  std::filesystem::path good() const {
    if (!std::filesystem::exists(at("good.mp4"))) face_clip(at("good.mp4"), 2, 1);
    return at("good.mp4");
  }
  // A temporary folder of pending/ carries the worker's process id.
  bool is_at_a_video(pid_t worker) const {
    std::error_code error;
    const std::string mark = ".tmp-" + std::to_string(worker) + "-";
    for (const auto& entry :
         std::filesystem::directory_iterator(at("study") / "annotations/pending", error)) {
      if (entry.path().filename().string().find(mark) != std::string::npos) return true;
    }
    return false;
  }

  TemporaryFolder folder_;
};

TEST_F(Poison, AHangIsEndedTwiceAndRecorded) {
  const auto begin = std::chrono::steady_clock::now();
  const Json row = row_after(SIGSTOP, {"--video-timeout", "2"});
  EXPECT_EQ(row.at("status"), "failed");
  EXPECT_EQ(row.at("reason"), "worker_timeout");
  EXPECT_THAT(row.at("message").get<std::string>(), HasSubstr("no sign of life for 2 s"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST_F(Poison, AForbiddenCallIsRecordedAsSuch) {
  const Json row = row_after(SIGSYS);  // as the kernel ends who makes one: confinement_test
  EXPECT_EQ(row.at("status"), "failed");
  EXPECT_EQ(row.at("reason"), "worker_denied");
}

TEST_F(Poison, MemoryBeyondTheLimitCostsOneVideoUntilMoreIsGiven) {
  if (kWithSanitizer) GTEST_SKIP() << "a sanitizer's shadow counts as memory";
  std::filesystem::create_directories(at("in"));
  write_bytes(at("in/blank.png"), blank_png(32000, 2000));
  face_clip(at("in/good.mp4"), 2, 1);
  Arguments command = {"annotate", at("in").string(), "--out", at("study").string(), "--threads",
                       "1",        "--json"};
  const auto with = [&](const Arguments& more) {
    Arguments words = command;
    words.insert(words.end(), more.begin(), more.end());
    const ProgramRun run = run_mien(words);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return std::pair(Json::parse(run.out), run.peak_mb);
  };
  const auto [first, first_mb] = with({"--worker-memory", "300"});
  EXPECT_EQ(first.at("failed"), 1);
  EXPECT_EQ(first.at("ok"), 1);
  const Json row = row_of(table_rows(at("study"), "media"), "blank.png");
  EXPECT_EQ(row.at("reason"), "worker_memory");
  EXPECT_THAT(row.at("message").get<std::string>(), HasSubstr("--worker-memory"));
  EXPECT_LT(first_mb, 300 + 180);  // what is mapped counts here, and what came between two looks

  // Not again unasked, even with more memory.
  const auto [second, second_mb] = with({});
  EXPECT_EQ(second.at("already_done"), 2);
  EXPECT_EQ(second.at("failed"), 1);
  const auto [third, third_mb] = with({"--retry-failed"});
  EXPECT_EQ(third.at("already_done"), 1);
  EXPECT_EQ(third.at("ok"), 2) << third;
  EXPECT_GT(third_mb, 256);
  EXPECT_EQ(row_of(table_rows(at("study"), "media"), "blank.png").at("width_px"), 32000);
  EXPECT_EQ(table_rows(at("study"), "media").size(), 2U);
}

TEST_F(Poison, TheNetworksAloneAreNoVideosFault) {
  if (kWithSanitizer) GTEST_SKIP() << "memory is free under a sanitizer";
  const ProgramRun run = run_mien(
      {"annotate", good().string(), "--out", at("study").string(), "--worker-memory", "20"});
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_THAT(run.err, HasSubstr("the networks alone need more"));
}

TEST_F(Poison, FailedVideosAreTriedAgainOnlyWhereAsked) {
  write_bytes(at("a.mp4"), "no video");
  const auto run_with = [&](const Arguments& more) {
    Arguments words = {"annotate", at("a.mp4").string(), good().string(),
                       "--out",    at("study").string(), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramRun run = run_mien(words);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return Json::parse(run.out);
  };
  EXPECT_EQ(run_with({}).at("failed"), 1);
  const auto hashes = parquet_hashes(at("study"));
  EXPECT_EQ(run_with({}).at("already_done"), 2);
  const Json again = run_with({"--retry-failed"});
  EXPECT_EQ(again.at("already_done"), 1);
  EXPECT_EQ(again.at("failed"), 1);
  EXPECT_EQ(parquet_hashes(at("study")), hashes);
}

TEST_F(Poison, AWorkerIsShutIn) {
  RunningMien running(
      {"annotate", long_clip().string(), "--out", at("study").string(), "--threads", "1"});
  std::vector<pid_t> workers;
  ASSERT_TRUE(comes_true(60, [&] {
    workers = running.workers();
    return workers.size() == 1U && is_at_a_video(workers[0]);
  }));
  const std::string folder = "/proc/" + std::to_string(workers[0]);
  if (!kWithSanitizer) {
    EXPECT_THAT(read_text(folder + "/status"), HasSubstr("Seccomp:\t2\n"));
    EXPECT_THAT(read_text(folder + "/status"), HasSubstr("NoNewPrivs:\t1\n"));
  }
  EXPECT_THAT(read_text(folder + "/limits"), ::testing::ContainsRegex("Max core file size +0 +0"));
  EXPECT_THAT(read_text(folder + "/limits"), ::testing::ContainsRegex("Max open files +512 +512"));
  EXPECT_EQ(read_text(folder + "/oom_score_adj"), "1000\n");
}

// The program under a kernel that answers as one without Landlock and without filters.
TEST_F(Poison, AKernelWithoutFencesIsSaidAndWorkedWith) {
  good();
  const pid_t child = fork();
  if (child == 0) {
    const scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
    for (const int call : {SYS_landlock_create_ruleset, SYS_seccomp}) {
      seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), call, 0);
    }
    seccomp_rule_add(context, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                     SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
    seccomp_rule_add(context, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                     SCMP_A0(SCMP_CMP_EQ, PR_GET_SECCOMP));
    if (seccomp_load(context) != 0) _exit(99);
    const ProgramRun run =
        run_mien({"annotate", at("good.mp4").string(), "--out", at("study").string(), "--quiet"});
    write_bytes(at("said"), run.out);
    _exit(run.exit_status);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const std::string said = read_text(at("said"));
  EXPECT_THAT(said, HasSubstr("1 ok"));
  EXPECT_THAT(said, HasSubstr("workers confined by: no Landlock in this kernel"));
  if (!kWithSanitizer) {
    EXPECT_THAT(said, HasSubstr("no seccomp in this kernel"));
  }
}

TEST_F(Poison, ConfinementIsToldInTheSummary) {
  const ProgramRun run =
      run_mien({"annotate", good().string(), "--out", at("study").string(), "--json"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const Json confinement = Json::parse(run.out).at("confinement");
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, 1);
  EXPECT_EQ(confinement.at("landlock_abi"), std::max(0L, abi));
  EXPECT_EQ(confinement.at("seccomp"), !kWithSanitizer);
}

}  // namespace
}  // namespace mien::testing
