// Memory does not depend on how many videos a study has. MIEN_SOAK: 2,000 videos of half a second,
// and shards of 25,000 simulated videos of up to 800,000.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "program/clips.h"
#include "program/program.h"

#include "pipeline/associate/associate.h"

namespace mien::testing {
namespace {

bool is_soak() {
  return std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe): one thread
}

double peak_of(const std::vector<std::string>& arguments) {
  const ProgramRun run = run_mien(arguments);
  EXPECT_EQ(run.exit_status, 0) << run.err;
  return run.peak_mb;
}

TEST(Scaling, AnnotatingIsFlatInTheNumberOfVideos) {
  const TemporaryFolder folder;
  const auto clip = face_clip(folder.path() / "clip.mp4", 2, 0.5);
  const auto peak = [&](int videos) {
    const auto clips = folder.path() / ("clips" + std::to_string(videos));
    std::filesystem::create_directories(clips);
    for (int i = 0; i < videos; ++i) {
      std::filesystem::create_hard_link(clip, clips / (std::to_string(i) + ".mp4"));
    }
    return peak_of({"annotate", clips.string(), "--out", clips.string() + ".study", "--threads",
                    "2", "--shard-videos", "8"});
  };
  const double few_mb = peak(8);
  const double many_mb = peak(is_soak() ? 2000 : 64);
  std::printf("peak memory: %.0f MB for 8 videos, %.0f MB for many\n", few_mb, many_mb);
  // A video's place in the plan takes 200 bytes; its tables would take 20 KB.
  EXPECT_LT(many_mb, few_mb + 16);
}

TEST(Scaling, AssociatingAShardIsFlatInTheNumberOfVideos) {
  const TemporaryFolder folder;
  const int of_shard = is_soak() ? 25'000 : 4'000;
  const auto peak = [&](int shards) {
    const auto study = (folder.path() / std::to_string(shards)).string();
    peak_of({"simulate", "--out", study, "--videos", std::to_string(shards * of_shard),
             "--contexts", "60"});
    return peak_of(
        {"associate", study, "--threads", "1", "--shard", "0", "--shards", std::to_string(shards)});
  };
  const double few_mb = peak(8);
  const double many_mb = peak(32);
  std::printf("peak memory of a shard: %.0f MB of 8, %.0f MB of 32\n", few_mb, many_mb);
  // Of 96,000 videos more, what is read of each takes some 400 bytes: 38 MB.
  EXPECT_LT(many_mb, few_mb + 16);
}

// In pieces of so few videos as no option of the program can ask for; in a process of its own.
double peak_in_pieces(const std::string& study, std::int64_t videos_at_once) {
  const pid_t pid = fork();
  if (pid == 0) {
    AssociateOptions options;
    options.study = study;
    options.by = "country";
    options.map.bootstrap = 0;
    options.videos_at_once = videos_at_once;
    _exit(associate(options).ok() ? 0 : 1);
  }
  int status = 1;
  rusage usage{};
  EXPECT_EQ(wait4(pid, &status, 0, &usage), pid);
  EXPECT_EQ(status, 0);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// By country, where the sums fill up most: 144 groups of blocks.
TEST(Scaling, AssociatingTheWholeIsFlatInTheNumberOfVideos) {
  const TemporaryFolder folder;
  const int at_once = is_soak() ? 25'000 : 2'000;
  const auto peaks = [&](int pieces) {
    const auto study = (folder.path() / std::to_string(pieces)).string();
    peak_of({"simulate", "--out", study, "--videos", std::to_string(pieces * at_once), "--contexts",
             "300"});
    const auto shards = std::to_string(pieces);
    peak_of({"associate", study, "--by", "country", "--threads", "1", "--shard",
             "0-" + std::to_string(pieces - 1), "--shards", shards});
    const double joined = peak_of({"associate", study, "--by", "country", "--threads", "1",
                                   "--bootstrap", "0", "--from-parts"});
    return std::pair(peak_in_pieces(study, at_once), joined);
  };
  const auto [few_mb, few_joined_mb] = peaks(4);
  const auto [many_mb, many_joined_mb] = peaks(16);
  std::printf("peak memory of the whole: %.0f MB of 4 pieces, %.0f MB of 16; of parts %.0f, %.0f\n",
              few_mb, many_mb, few_joined_mb, many_joined_mb);
  EXPECT_LT(many_mb, few_mb + 16);
  EXPECT_LT(many_joined_mb, few_joined_mb + 16);
}

}  // namespace
}  // namespace mien::testing
