// The code of docs/recipes.md, run as it stands on the page, on a simulated study.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "program/program.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;

struct Recipe {
  std::string language;
  std::vector<std::string> packages;
  std::string code;
};

// Blocks that begin with "```python" or "```r"; the words after that are packages.
std::vector<Recipe> recipes_of_page() {
  std::ifstream page(source_dir() / "docs" / "recipes.md");
  std::vector<Recipe> recipes;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      recipes.back().code += line + "\n";
    } else if (line.starts_with("```python") || line.starts_with("```r")) {
      std::istringstream words(line.substr(3));
      Recipe& recipe = recipes.emplace_back();
      words >> recipe.language;
      for (std::string package; words >> package;) recipe.packages.push_back(package);
      inside = true;
    }
  }
  return recipes;
}

// What a shell command prints, errors too; nothing where it fails.
std::string printed(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "";
  std::string out;
  std::array<char, 4096> bytes{};
  while (std::fgets(bytes.data(), bytes.size(), pipe) != nullptr) out += bytes.data();
  return pclose(pipe) == 0 ? out : "failed: " + out;
}

std::string interpreter(const std::string& language) {
  if (language == "r") return "Rscript";
  // Another one than Debian's, for packages that Debian does not have.
  const char* chosen = std::getenv("MIEN_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  return chosen != nullptr ? chosen : "/usr/bin/python3";
}

bool is_there(const Recipe& recipe, const std::string& package) {
  const std::string check =
      recipe.language == "r" ? " -e 'library(" + package + ")'" : " -c 'import " + package + "'";
  return !printed(interpreter(recipe.language) + check).starts_with("failed");
}

// What is missing to run it; empty where nothing is.
std::string missing(const Recipe& recipe) {
  if (printed(interpreter(recipe.language) + " --version").starts_with("failed")) {
    return interpreter(recipe.language);
  }
  for (const std::string& package : recipe.packages) {
    if (!is_there(recipe, package)) return recipe.language + " package " + package;
  }
  return "";
}

TEST(Recipes, ThePageHasThem) {
  int plain = 0;
  for (const Recipe& recipe : recipes_of_page()) plain += recipe.packages.empty() ? 1 : 0;
  EXPECT_EQ(recipes_of_page().size(), 8U);
  EXPECT_EQ(plain, 2);
}

class RecipeTest : public ::testing::TestWithParam<int> {};

TEST_P(RecipeTest, PrintsWhatTheTableTells) {
  const std::vector<Recipe> recipes = recipes_of_page();
  const auto number = static_cast<std::size_t>(GetParam());
  ASSERT_LT(number, recipes.size());
  const Recipe& recipe = recipes[number];
  const std::string lacking = missing(recipe);
  if (!lacking.empty()) GTEST_SKIP() << lacking << " is not installed";

  const TemporaryFolder folder;
  const fs::path study = folder.path() / "study";
  const ProgramRun made =
      run_mien({"simulate", "--out", study.string(), "--videos", "500", "--contexts", "4",
                "--regions", "2", "--countries", "4", "--missing", "0.1", "--seed", "5"});
  ASSERT_EQ(made.exit_status, 0) << made.err;
  const ProgramRun csv = run_mien({"export", study.string(), "--table", "expressions"});
  ASSERT_EQ(csv.exit_status, 0) << csv.err;
  std::ofstream(folder.path() / "expressions.csv") << csv.out;
  int videos = 0;
  double seconds = 0;
  for (const nlohmann::json& row : table_rows(study, "expressions")) {
    if (row.at("faces").get<int>() == 0) continue;
    ++videos;
    seconds += row.at("face_seconds").get<double>();
  }
  ASSERT_GT(videos, 300);
  ASSERT_LT(videos, 500);
  std::array<char, 64> expected{};
  std::snprintf(expected.data(), expected.size(), "%d videos, %.6f s\n", videos, seconds / videos);

  std::ofstream(folder.path() / "recipe") << recipe.code;
  EXPECT_EQ(
      printed("cd '" + folder.path().string() + "' && " + interpreter(recipe.language) + " recipe"),
      expected.data())
      << recipe.code;
}

INSTANTIATE_TEST_SUITE_P(OfThePage, RecipeTest, ::testing::Range(0, 8),
                         [](const ::testing::TestParamInfo<int>& of) {
                           const std::vector<Recipe> recipes = recipes_of_page();
                           const auto number = static_cast<std::size_t>(of.param);
                           std::string name = std::to_string(of.param);
                           if (number >= recipes.size()) return name;
                           name += recipes[number].language;
                           for (const std::string& package : recipes[number].packages) {
                             name += "_" + package;
                           }
                           return name;
                         });

}  // namespace
}  // namespace mien::testing
