// Every command that README and docs/ show is one that the program understands.
#include "program/documentation.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <set>

#include "program/program.h"

namespace mien::testing {
namespace {

using ::testing::ElementsAre;

TEST(Documentation, ShowsCommandsThatTheProgramUnderstands) {
  std::set<std::string> pages;
  std::size_t tried = 0;
  for (const DocumentedCommand& command : documented_commands(source_dir())) {
    std::vector<std::string> arguments = {"--parse-only"};
    arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
    const ProgramRun run = run_mien(arguments);
    // A file of the reader's own is understood, too.
    const bool lacks_a_file = run.err.find(" does not exist: ") != std::string::npos;
    EXPECT_TRUE(run.exit_status == 0 || lacks_a_file)
        << command.page << ": " << command.line << "\n"
        << run.err;
    pages.insert(command.page);
    ++tried;
  }
  std::printf("%zu commands of %zu pages\n", tried, pages.size());
  EXPECT_GT(tried, 60U);
  EXPECT_TRUE(pages.contains("README.md"));
}

TEST(Documentation, AWrongCommandIsNotUnderstood) {
  EXPECT_EQ(run_mien({"--parse-only", "annotate", "videos", "--study-folder", "s"}).exit_status, 2);
  EXPECT_EQ(run_mien({"--parse-only", "serve"}).exit_status, 2);
}

TEST(Documentation, IsReadAsItIsMeant) {
  EXPECT_THAT(words_of("a --b \"c d\"  e # f"), ElementsAre("a", "--b", "c d", "e"));
  EXPECT_EQ(single_spaced("  a   b "), "a b");
}

}  // namespace
}  // namespace mien::testing
