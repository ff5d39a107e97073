// kill -9 at seeded moments of the whole way from a list to a report: of all processes at once, of
// the run alone, of the stage alone, of a worker. Every study ends in the bytes of one that nobody
// disturbed. MIEN_SOAK: 200 kills.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "program/fault_study.h"

#include "base/random.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

enum class Victim { kAll, kRun, kStage, kWorker };
constexpr std::array<const char*, 4> kVictims = {"all", "run", "stage", "worker"};

class FaultKill : public ::testing::Test {
 protected:
  static double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  // Of the process tree below `root`: the processes to kill, which may be none by now.
  static std::vector<pid_t> victims(pid_t root, Victim victim) {
    std::vector<pid_t> stages = children_of(root);
    std::vector<pid_t> workers;
    for (const pid_t stage : stages) {
      for (const pid_t worker : children_of(stage)) workers.push_back(worker);
    }
    switch (victim) {
      case Victim::kRun:
        return {root};
      case Victim::kStage:
        return stages;
      case Victim::kWorker:
        if (workers.size() > 1) workers.resize(1);
        return workers;
      case Victim::kAll:
        break;
    }
    std::vector<pid_t> all{root};
    all.insert(all.end(), stages.begin(), stages.end());
    all.insert(all.end(), workers.begin(), workers.end());
    return all;
  }

  FaultStudy made_;
};

TEST_F(FaultKill, AnyProcessAtAnyMomentEndsInTheSameBytes) {
  if (!FaultStudy::can_run()) GTEST_SKIP() << "build/web is not there; tools/build_web makes it";
  const bool soak = std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  const int wanted = soak ? 200 : 20;
  ProgramRun whole;
  const double whole_s = seconds_of([&] { whole = run_mien(made_.command("whole")); });
  ASSERT_EQ(whole.exit_status, 0) << whole.err;
  const auto expected = study_hashes(made_.study("whole"));
  const StudyRows expected_rows = count_rows(made_.study("whole"));
  ASSERT_EQ(expected_rows.videos, FaultStudy::kVideos);

  Random random(20210108);
  std::map<std::string, int> kills;  // that hit, by victim
  int hits = 0;
  int studies = 0;
  std::int64_t rows = 0;
  while (hits < wanted && studies < wanted) {
    const std::string name = "killed-" + std::to_string(studies++);
    for (int i = 0; i < 5 && hits < wanted; ++i) {
      RunningMien running(made_.command(name));
      const auto victim = static_cast<Victim>(random.below(4));
      const double moment_s = random.uniform() * whole_s * 0.95;
      comes_true(moment_s, [] { return false; });
      const std::vector<pid_t> chosen = victims(running.pid(), victim);
      const std::vector<pid_t> others = victims(running.pid(), Victim::kAll);
      const bool alive = is_running(running.pid()) && !chosen.empty();
      for (const pid_t pid : chosen) kill(pid, SIGKILL);
      const ProgramRun run = running.finish();
      if (alive) {
        ++hits;
        ++kills[kVictims[static_cast<std::size_t>(victim)]];
      }
      // A stage whose run was killed goes on alone, and holds the study until it is done.
      EXPECT_TRUE(comes_true(60, [&] {
        return processes_with(made_.study(name).string()).empty() &&
               std::ranges::none_of(others, is_running);
      })) << "an orphan stays";
      if (run.exit_status != 0 && run.exit_status < 128) {
        EXPECT_THAT(run.err, HasSubstr("the next run goes on here")) << run.err;
      }
      const ProgramRun looked = run_mien({"verify", made_.study(name).string()});
      if (std::filesystem::exists(made_.study(name))) {
        EXPECT_EQ(looked.exit_status, 0) << looked.out << looked.err;
      }
      if (::testing::Test::HasFailure()) return;
    }
    const ProgramRun run = run_mien(made_.command(name));
    ASSERT_EQ(run.exit_status, 0) << run.err;
    EXPECT_EQ(study_hashes(made_.study(name)), expected) << name;
    EXPECT_THAT(left_overs(made_.study(name)), IsEmpty()) << name;
    const StudyRows found = count_rows(made_.study(name));
    EXPECT_EQ(found.files, expected_rows.files) << name;
    EXPECT_EQ(found.doubled, 0) << name;
    rows += found.total;
    if (::testing::Test::HasFailure()) return;
    std::filesystem::remove_all(made_.root() / name);
  }
  EXPECT_GE(hits, wanted);
  std::printf("kills: %d (", hits);
  for (const auto& [victim, count] : kills) std::printf(" %s %d", victim.c_str(), count);
  std::printf(" ), studies: %d, rows compared: %lld, lost: 0, doubled: 0\n", studies,
              static_cast<long long>(rows));
}

}  // namespace
}  // namespace mien::testing
