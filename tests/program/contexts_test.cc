// `mien contexts` as a person runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "program/program.h"
#include "support/paths.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;

TEST(ContextsProgram, CountsTheShippedVocabulary) {
  const std::string file = (source_dir() / "data" / "contexts" / "everyday.csv").string();
  const ProgramRun run = run_mien({"contexts", "vocabulary", "check", file, "--json"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["ok"], true);
  EXPECT_GE(json["contexts"].get<int>(), 260);
  EXPECT_GE(json["languages"].get<int>(), 11);
  EXPECT_GE(json["wordings"]["es"].get<int>(), 200);
  EXPECT_TRUE(json["repeated_names"].empty());
  const ProgramRun text = run_mien({"contexts", "vocabulary", "check", file});
  EXPECT_THAT(text.out, HasSubstr("contexts          " + json["contexts"].dump()));
}

TEST(ContextsProgram, RefusesWithLineAndRemedy) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "v.csv";
  std::ofstream(file) << "id,name,parents\na,A,\na,B,\nc,,\n";
  const ProgramRun run = run_mien({"contexts", "vocabulary", "check", file.string(), "--json"});
  EXPECT_EQ(run.exit_status, 1);
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["ok"], false);
  ASSERT_EQ(json["problems"].size(), 2U);
  EXPECT_THAT(json["problems"][0].get<std::string>(), HasSubstr("line 3"));
  EXPECT_THAT(run.err, HasSubstr("remedy"));
  EXPECT_EQ(run_mien({"contexts", "vocabulary", "check", "/nowhere.csv"}).exit_status, 1);
  EXPECT_EQ(run_mien({"contexts", "vocabulary", "check"}).exit_status, 2);
  EXPECT_EQ(run_mien({"contexts"}).exit_status, 2);
}

}  // namespace
}  // namespace mien::testing
