// `mien report` on a study of real faces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program/clips.h"
#include "program/program.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;

TEST(Report, WritesAPageAVideoAndTellsTheFirstLines) {
  if (!std::filesystem::exists(source_dir() / "build/web/report.js"))
    GTEST_SKIP() << "build/web is not there; tools/build_web makes it";
  const TemporaryFolder folder;
  const auto clip = face_clip(folder.path() / "clip.mp4", 2, 4);
  const auto bad = write_bytes(folder.path() / "bad.mp4", std::string(2000, 'x'));
  const auto study = folder.path() / "study";
  ASSERT_EQ(run_mien({"annotate", clip.string(), bad.string(), "--out", study.string(), "--frames",
                      "--overlay", "--no-small-faces"})
                .exit_status,
            0);
  const ProgramRun run = run_mien({"report", study.string()});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("clip.mp4: 1 face track, 1 scored, 4.0 face-seconds"));
  EXPECT_THAT(run.out, HasSubstr("bad.mp4: failed: not_media: "));
  EXPECT_THAT(run.out, HasSubstr("open " + (study / "report/index.html").string()));
  const std::string page = read_text(study / "report/data/1.js");
  EXPECT_THAT(page, HasSubstr("clip.mp4"));
  EXPECT_THAT(page, HasSubstr("overlays/clip.mp4-"));
  EXPECT_THAT(read_text(study / "report/data/2.js"), HasSubstr("not_media"));
  const std::string facts = read_text(study / "report/data/study.js");
  EXPECT_THAT(facts, HasSubstr("basic7_happy"));
  EXPECT_THAT(facts, HasSubstr("face_detector"));  // what the model is for
  EXPECT_TRUE(std::filesystem::exists(study / "report/videos/2.html"));

  // Again: the same bytes in the same place.
  ASSERT_EQ(run_mien({"report", study.string()}).exit_status, 0);
  EXPECT_EQ(read_text(study / "report/data/1.js"), page);
}

TEST(Report, NeedsAStudyWithPublishedTables) {
  const TemporaryFolder folder;
  const ProgramRun run = run_mien({"report", folder.path().string()});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, HasSubstr("mien annotate"));
}

}  // namespace
}  // namespace mien::testing
