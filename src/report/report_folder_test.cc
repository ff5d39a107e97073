#include "report/report_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <set>

#include "support/paths.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.insert(entry.path().filename().string());
  return names;
}

TEST(ReportFolder, TakesItsPlaceWhole) {
  const TemporaryFolder folder;
  const fs::path place = folder.path() / "report";
  ReportFolder report = ReportFolder::create(place).value();
  ASSERT_TRUE(report.make_folder("data").ok());
  ASSERT_TRUE(report.write("data/1.js", std::string_view("a\0b", 3)).ok());
  EXPECT_FALSE(fs::exists(place)) << "nothing before it is published";
  ASSERT_TRUE(report.publish().ok());
  EXPECT_EQ(content(place / "data" / "1.js"), std::string("a\0b", 3));
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"report"});
}

TEST(ReportFolder, ReplacesAnEarlierOneAndLeavesNothingOfIt) {
  const TemporaryFolder folder;
  const fs::path place = folder.path() / "report";
  for (const char* name : {"old.html", "new.html"}) {
    ReportFolder report = ReportFolder::create(place).value();
    ASSERT_TRUE(report.write(name, name).ok());
    ASSERT_TRUE(report.publish().ok());
  }
  EXPECT_EQ(names_in(place), std::set<std::string>{"new.html"});
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"report"});
}

TEST(ReportFolder, LeavesTheEarlierOneWhereItIsDropped) {
  const TemporaryFolder folder;
  const fs::path place = folder.path() / "report";
  {
    ReportFolder report = ReportFolder::create(place).value();
    ASSERT_TRUE(report.write("index.html", "first").ok());
    ASSERT_TRUE(report.publish().ok());
  }
  {
    ReportFolder report = ReportFolder::create(place).value();
    ASSERT_TRUE(report.write("index.html", "second").ok());
    const ReportFolder moved = std::move(report);
    EXPECT_EQ(names_in(folder.path()).size(), 2U);
  }
  EXPECT_EQ(content(place / "index.html"), "first");
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"report"});
}

TEST(ReportFolder, TwoAtOnceDoNotMeet) {
  const TemporaryFolder folder;
  const fs::path place = folder.path() / "report";
  ReportFolder one = ReportFolder::create(place).value();
  ReportFolder two = ReportFolder::create(place).value();
  ASSERT_TRUE(one.write("index.html", "one").ok());
  ASSERT_TRUE(two.write("index.html", "two").ok());
  ASSERT_TRUE(one.publish().ok());
  ASSERT_TRUE(two.publish().ok());
  EXPECT_EQ(content(place / "index.html"), "two");
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"report"});
}

TEST(ReportFolder, RemovesWhatADeadProcessLeftAndNothingElse) {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_GT(child, 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const std::string dead = ".report.tmp-" + std::to_string(child) + "-0";
  const std::string alive = ".report.tmp-" + std::to_string(getppid()) + "-0";
  for (const std::string& name : {dead, alive, std::string(".report.tmp-x"), std::string("other")})
    fs::create_directories(folder.path() / name / "data");
  ASSERT_TRUE(ReportFolder::create(folder.path() / "report").ok());
  EXPECT_EQ(names_in(folder.path()), (std::set<std::string>{alive, ".report.tmp-x", "other"}));
}

TEST(ReportFolder, SaysWhatStandsInItsWay) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "file";
  std::ofstream(file) << "x";
  const auto taken = ReportFolder::create(file);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::kIo);
  EXPECT_NE(taken.error().message.find("move it away"), std::string::npos);
  EXPECT_EQ(content(file), "x");
  const auto below = ReportFolder::create(file / "report");
  ASSERT_FALSE(below.ok());
  EXPECT_EQ(below.error().code, ErrorCode::kIo);

  const ReportFolder report = ReportFolder::create(folder.path() / "report").value();
  const Status no_folder = report.write("no/such/folder.js", "x");
  ASSERT_FALSE(no_folder.ok());
  EXPECT_EQ(no_folder.error().code, ErrorCode::kIo);
  EXPECT_NE(no_folder.error().message.find("report/no/such/folder.js"), std::string::npos);
  const Status no_file = report.copy_in(folder.path() / "absent", "absent");
  ASSERT_FALSE(no_file.ok());
  EXPECT_NE(no_file.error().message.find("absent"), std::string::npos);
}

TEST(ReportFolder, AFullDiskIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const TemporaryFolder folder;
  const ReportFolder report = ReportFolder::create(folder.path() / "report").value();
  for (const auto& entry : fs::directory_iterator(folder.path()))
    fs::create_symlink("/dev/full", entry.path() / "full.js");
  const Status full = report.write("full.js", std::string(100'000, 'x'));
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::kIo);
  EXPECT_NE(full.error().message.find("free space"), std::string::npos);
}

}  // namespace
}  // namespace mien
