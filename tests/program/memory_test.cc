// Memory does not depend on a video's length: three minutes, ten with MIEN_SOAK.
#include <gtest/gtest.h>

#include <fstream>

#include "program/clips.h"
#include "program/program.h"
#include "support/soak.h"

namespace mien::testing {
namespace {

TEST(Memory, IsFlatInTheVideosLength) {
  const TemporaryFolder folder;
  const auto clip = face_clip(folder.path() / "short.mp4", 2, 10);
  // The same ten seconds again and again.
  const int times = soak() ? 60 : 18;
  std::ofstream list(folder.path() / "list.txt");
  for (int i = 0; i < times; ++i) list << "file 'short.mp4'\n";
  list.close();
  const auto long_clip = folder.path() / "long.mp4";
  run_ffmpeg({"-f", "concat", "-i", (folder.path() / "list.txt").string(), "-c", "copy",
              long_clip.string()});
  const auto peak_of = [&](const std::filesystem::path& video) {
    const ProgramRun run =
        run_mien({"annotate", video.string(), "--out", (video.string() + ".study"), "--frames",
                  "--threads", "2", "--no-small-faces"});
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return run.peak_mb;
  };
  const double short_mb = peak_of(clip);
  const double long_mb = peak_of(long_clip);
  RecordProperty("short_mb", std::to_string(short_mb));
  RecordProperty("long_mb", std::to_string(long_mb));
  std::printf("peak memory: %.0f MB for 10 s, %.0f MB for %d s\n", short_mb, long_mb, 10 * times);
  EXPECT_LT(long_mb, 700);
  // Ten minutes' 3,600 frames of a face's rows are about 2 MB; the frames would be 1.3 GB, 390 MB
  // of three minutes.
  EXPECT_LT(long_mb, short_mb + 40);
  EXPECT_EQ(
      row_of(table_rows(long_clip.string() + ".study", "media"), "long.mp4").at("frames_analysed"),
      60 * times);
}

}  // namespace
}  // namespace mien::testing
