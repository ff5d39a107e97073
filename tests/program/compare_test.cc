// `mien compare` as a person runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "program/program.h"
#include "support/paths.h"

namespace mien::testing {
namespace {

TEST(CompareProgram, PublishedMapsGiveTheContractAndTheKnownFigures) {
  const std::filesystem::path folder = shared_dir() / "data" / "published-maps";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "published-maps is not there";
  const ProgramRun run =
      run_mien({"compare", "--maps", folder.string(), "--experiment", "1", "--json"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_NEAR(json["pairwise"]["mean_r"].get<double>(), 0.480, 0.0005);
  EXPECT_NEAR(json["pairwise"]["min"].get<double>(), 0.217, 0.0005);
  EXPECT_NEAR(json["pairwise"]["max"].get<double>(), 0.764, 0.0005);
  EXPECT_NEAR(json["pairwise"]["mean_spearman"].get<double>(), 0.382, 0.0005);
  EXPECT_NEAR(json["pairwise"]["mean_r_winsorised"].get<double>(), 0.458, 0.0005);
  EXPECT_EQ(json["pairwise"]["regions"].size(), 66U);
  EXPECT_TRUE(json["pairwise"]["regions"][0].contains("a"));
  EXPECT_NEAR(json["region_vs_rest"]["Brazil"].get<double>(), 0.828, 0.0005);
  EXPECT_NEAR(json["per_expression"]["Doubt"].get<double>(), 0.628, 0.0005);
  ASSERT_EQ(json["preserved"]["components"].size(), 16U);
  for (const char* key :
       {"index", "eigenvalue", "heldout_positive_regions", "mean_partial_spearman", "p_adjusted"}) {
    EXPECT_TRUE(json["preserved"]["components"][0].contains(key)) << key;
  }
  EXPECT_EQ(json["preserved"]["components"][0]["index"], 1);
  EXPECT_EQ(json["preserved"]["components"][0]["heldout_positive_regions"], 12);
  EXPECT_EQ(json["dropped_rows"].size(), 2U);
  // The same seed, the same bytes.
  EXPECT_EQ(run.out,
            run_mien({"compare", "--maps", folder.string(), "--experiment", "1", "--json"}).out);
}

TEST(CompareProgram, UsageAndMissingThings) {
  EXPECT_EQ(run_mien({"compare"}).exit_status, 2);
  EXPECT_EQ(run_mien({"compare", "study", "--maps", "folder"}).exit_status, 2);
  EXPECT_EQ(run_mien({"compare", "--maps", "/nowhere/at/all"}).exit_status, 1);
  const TemporaryFolder folder;
  const ProgramRun run = run_mien({"compare", "--study", folder.path().string()});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, ::testing::HasSubstr("mien associate"));
}

}  // namespace
}  // namespace mien::testing
