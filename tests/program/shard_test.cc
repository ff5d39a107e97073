// Shards as tasks of their own, without a queue: the contract that docs/cluster.md gives to
// engines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "program/clips.h"
#include "program/program.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

class ShardTasks : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream list(folder_.path() / "list.csv");
    list << "video_id,uri,country,duration_s\n";
    for (int i = 0; i < 4; ++i) {
      const std::string name = "p" + std::to_string(i) + ".png";
      group_picture(folder_.path() / name, i + 1, 240);
      list << name << "," << name << ",BR," << 10 - i << "\n";
    }
    list.close();
    ASSERT_EQ(
        run_mien({"ingest", (folder_.path() / "list.csv").string(), "--out", study()}).exit_status,
        0);
  }
  std::string study() const { return (folder_.path() / "study").string(); }
  ProgramRun plan(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"cluster", "plan", study(), "--shards", "2", "--json",
                               "--no-small-faces", "--channels", "action"});
    return run_mien(more);
  }
  ProgramRun shard(const std::string& number) const {
    return run_mien({"annotate", "--study", study(), "--shard", number});
  }
  Json status() const {
    const ProgramRun run = run_mien({"cluster", "status", study(), "--json"});
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return Json::parse(run.out);
  }

  TemporaryFolder folder_;
};

TEST_F(ShardTasks, AreDoneOneByOneAndMergedWhenAllAreThere) {
  EXPECT_EQ(shard("0").exit_status, 2);  // nothing is planned
  const ProgramRun planned = plan();
  ASSERT_EQ(planned.exit_status, 0) << planned.err;
  EXPECT_EQ(Json::parse(planned.out).at("longest_new_shard_s"), 19);  // 10+7 and 9+8, and 1 each
  EXPECT_EQ(status().at("shards").at("todo"), 2);

  ASSERT_EQ(shard("1").exit_status, 0);
  Json now = status();
  EXPECT_EQ(now.at("shards").at("done"), 1);
  EXPECT_EQ(now.at("videos_done"), 2);
  EXPECT_GT(now.at("seconds_left"), 0);
  EXPECT_EQ(now.at("shard_list").at(1).at("attempt"), 1);
  const ProgramRun early = run_mien({"cluster", "merge", study()});
  EXPECT_EQ(early.exit_status, 1);
  EXPECT_THAT(early.err, HasSubstr("of 2 shards 1 are not whole: 0;"));

  EXPECT_EQ(shard("0-2").exit_status, 1);  // there is no shard 2
  EXPECT_EQ(status().at("shard_list").at(0).at("progress"), "failed");
  ASSERT_EQ(shard("0-1").exit_status, 0);
  EXPECT_EQ(run_mien({"cluster", "merge", study()}).exit_status, 0);
  EXPECT_TRUE(fs::exists(fs::path(study()) / "duplicates.parquet"));
  EXPECT_EQ(table_rows(study(), "media").size(), 4U);

  // The whole study has nothing left to do, and remembers with what it was measured.
  const ProgramRun whole = run_mien({"annotate", "--study", study(), "--json"});
  ASSERT_EQ(whole.exit_status, 0) << whole.err;
  EXPECT_EQ(Json::parse(whole.out).at("already_done"), 4);
  EXPECT_EQ(shard("1").exit_status, 0);
  const ProgramRun other =
      run_mien({"annotate", "--study", study(), "--shard", "1", "--rate", "3"});
  EXPECT_EQ(other.exit_status, 1);
  EXPECT_THAT(other.err, HasSubstr("media.rate_hz: 6.0 in the study, 3.0 now"));
  EXPECT_EQ(run_mien({"annotate", "--study", study(), "--redo"}).exit_status, 2);
  EXPECT_EQ(run_mien({"annotate", study(), "--study", study(), "--shard", "1"}).exit_status, 2);
  EXPECT_EQ(shard("one").exit_status, 2);

  const auto before = parquet_hashes(study());
  EXPECT_EQ(Json::parse(plan().out).at("new_videos"), 0);
  EXPECT_EQ(parquet_hashes(study()), before);
}

TEST_F(ShardTasks, WhatMaySucceedLaterEndsIn75) {
  ASSERT_EQ(plan().exit_status, 0);
  // Where the finished videos are to go is a file.
  const fs::path pending = fs::path(study()) / "annotations/pending";
  fs::remove_all(pending);
  std::ofstream(pending) << "";
  const ProgramRun run = shard("0");
  EXPECT_EQ(run.exit_status, 75) << run.err;
  const Json record = Json::parse(read_text(fs::path(study()) / "cluster/shards/shard-00000.json"));
  EXPECT_EQ(record.at("exit"), 75);
  EXPECT_THAT(record.at("message").get<std::string>(), HasSubstr("annotations/pending"));
  EXPECT_EQ(status().at("shard_list").at(0).at("progress"), "failed");
  fs::remove(pending);
  EXPECT_EQ(shard("0").exit_status, 0);
  EXPECT_EQ(status().at("shard_list").at(0).at("attempt"), 2);
}

TEST_F(ShardTasks, TheScriptsOfSlurmAreWrittenWithoutIt) {
  const ProgramRun run = run_mien({"cluster", "slurm", study(), "--shards", "2", "--no-submit",
                                   "--json", "--partition", "it's", "--cpus", "3",
                                   "--sbatch=--account=me", "--associate=--kind partial",
                                   "--report", "--program", "apptainer exec mien.sif mien"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const Json result = Json::parse(run.out);
  EXPECT_EQ(result.at("submitted"), false);
  ASSERT_EQ(result.at("scripts").size(), 4U);
  for (const Json& script : result.at("scripts")) {
    EXPECT_EQ(std::system(("bash -n '" + script.get<std::string>() + "'").c_str()), 0);  // NOLINT
  }
  const std::string shards = read_text(fs::path(study()) / "cluster/shards.sh");
  EXPECT_THAT(shards, HasSubstr("#SBATCH --partition=it's\n"));
  EXPECT_THAT(shards, HasSubstr("#SBATCH --account=me\n"));
  EXPECT_THAT(shards, HasSubstr("--cpus-per-task=3"));
  EXPECT_THAT(shards, HasSubstr("mien() { apptainer exec mien.sif mien \"$@\"; }"));
  EXPECT_THAT(shards, HasSubstr("mien associate \"$study\" --shard \"$shard\" --kind partial"));
  EXPECT_THAT(shards, Not(HasSubstr("--retry-failed")));
  EXPECT_THAT(read_text(fs::path(study()) / "cluster/associate.sh"),
              HasSubstr("mien associate \"$study\" --from-parts --kind partial"));
}

TEST_F(ShardTasks, ShardsWithFailedVideosAreSubmittedAgainOnRequest) {
  std::ofstream(folder_.path() / "p0.png") << "no picture";  // the longest: alone with the last
  ASSERT_EQ(plan().exit_status, 0);
  ASSERT_EQ(shard("0-1").exit_status, 0);
  const auto slurm = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"cluster", "slurm", study(), "--shards", "2", "--no-submit",
                               "--json", "--no-small-faces", "--channels", "action"});
    const ProgramRun run = run_mien(more);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return Json::parse(run.out);
  };
  EXPECT_EQ(slurm({}).at("shards_to_do"), Json::array());
  EXPECT_EQ(slurm({"--retry-failed"}).at("shards_to_do"), Json::array({0}));
  EXPECT_THAT(read_text(fs::path(study()) / "cluster/shards.sh"),
              HasSubstr("mien annotate --study \"$study\" --shard \"$shard\" --threads 1 --quiet "
                        "--retry-failed"));
  // The task itself looks at that video once more, and at no other.
  const ProgramRun again =
      run_mien({"annotate", "--study", study(), "--shard", "0", "--retry-failed", "--json"});
  ASSERT_EQ(again.exit_status, 0) << again.err;
  EXPECT_EQ(Json::parse(again.out).at("failed"), 1);
  EXPECT_EQ(Json::parse(again.out).at("already_done"), 1);
}

}  // namespace
}  // namespace mien::testing
