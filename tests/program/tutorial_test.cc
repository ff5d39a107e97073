// The tutorial, step by step, over the published maps: what it says is printed is printed.
#include <gmock/gmock.h>

#include <map>
#include <sstream>

#include "program/documentation.h"
#include "program/program.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::StartsWith;

TEST(Tutorial, PrintsWhatItSays) {
  const fs::path maps = fs::absolute(shared_dir() / "data/published-maps");
  if (!fs::exists(maps)) GTEST_SKIP() << maps << " is not there";
  const TemporaryFolder folder;
  std::map<std::string, ProgramRun> runs;
  std::size_t compared = 0;
  for (const DocumentedStep& step : documented_steps(source_dir() / "docs/tutorial.md")) {
    std::vector<std::string> lines;
    for (const std::string& command : step.commands) {
      SCOPED_TRACE(command);
      if (!runs.contains(command)) {
        std::vector<std::string> arguments = words_of(command);
        ASSERT_EQ(arguments.at(0), "mien");
        arguments.erase(arguments.begin());
        for (std::string& argument : arguments) {
          if (argument == "published-maps") argument = maps.string();
          if (argument == "pages") argument = (folder.path() / "pages").string();
        }
        runs[command] = run_mien(arguments);
      }
      const ProgramRun& run = runs.at(command);
      ASSERT_EQ(run.exit_status, 0) << run.err;
      std::istringstream printed(run.out);
      for (std::string line; std::getline(printed, line);) lines.push_back(single_spaced(line));
    }
    for (const std::string& line : step.printed) EXPECT_THAT(lines, Contains(StartsWith(line)));
    compared += step.printed.size();
  }
  EXPECT_GE(runs.size(), 3U);
  EXPECT_GE(compared, 20U);
  EXPECT_TRUE(fs::exists(folder.path() / "pages/index.html"));
}

}  // namespace
}  // namespace mien::testing
