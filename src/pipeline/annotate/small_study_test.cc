// The smallest and emptiest studies through the whole path: numbers that cannot be are null with
// their reason, and nothing is invented.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/paths.h"

#include "pipeline/associate/associate.h"
#include "pipeline/compare/compare_study.h"
#include "pipeline/report/study_pages_job.h"
#include "pipeline/simulate/simulate.h"
#include "store/durable_file.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

class SmallStudyTest : public ::testing::Test {
 protected:
  void simulate_study(int regions, int contexts, std::int64_t videos) {
    SimulateRequest request;
    request.study = study();
    request.regions = regions;
    request.countries = 2 * regions;
    request.design.contexts = contexts;
    request.design.videos = videos;
    const auto countries = CountryTable::load(testing::source_dir() / "data", {}).value();
    const std::atomic<bool> go_on = false;
    const auto made = simulate(request, countries, go_on);
    ASSERT_TRUE(made.ok()) << made.error().message;
  }

  AssociateOptions associate_options() const {
    AssociateOptions options;
    options.study = study();
    options.map.bootstrap = 50;
    return options;
  }

  // Compared, written and drawn.
  StudyComparison compare() {
    CompareOptions options;
    options.data = testing::source_dir() / "data";
    options.permutations = 99;
    options.embed = true;
    auto comparison = compare_study(database_, study(), options);
    EXPECT_TRUE(comparison.ok()) << comparison.error().message;
    EXPECT_TRUE(write_comparison(database_, study(), *comparison).ok());
    for (const char* asset : {"study.js", "study.css"}) {
      EXPECT_TRUE(make_folders(study() / "web").ok());
      EXPECT_TRUE(write_file_durably(study() / "web" / asset, "/* asset */").ok());
    }
    StudyPagesRequest request;
    request.study = study();
    request.data = options.data;
    request.web_assets = study() / "web";
    const auto facts = study_pages_facts(database_, request);
    EXPECT_TRUE(facts.ok()) << facts.error().message;
    EXPECT_TRUE(write_study_folder(study() / "report", *facts).ok());
    return std::move(comparison).value();
  }
  std::filesystem::path study() const { return folder_.path() / "study"; }

  testing::TemporaryFolder folder_;
  Database database_ = Database::open().value();
};

TEST_F(SmallStudyTest, OneRegionAndOneContext) {
  simulate_study(1, 1, 300);
  ASSERT_TRUE(associate(associate_options()).ok());
  const StudyComparison comparison = compare();
  const Comparison& part = comparison.parts.front();
  EXPECT_EQ(part.maps.regions.size(), 1U);
  EXPECT_TRUE(std::isnan(part.pairwise.mean_r)) << "no pair";
  EXPECT_FALSE(part.preserved.not_testable.empty());
  EXPECT_EQ(part.heterogeneity->alike, 0U);
  const nlohmann::ordered_json json = to_json(comparison);
  EXPECT_TRUE(json["comparisons"][0]["pairwise"]["mean_r"].is_null());
  EXPECT_TRUE(json["comparisons"][0]["preserved"]["preserved"].is_null());
}

TEST_F(SmallStudyTest, OneContextInEveryRegion) {
  simulate_study(12, 1, 2400);
  ASSERT_TRUE(associate(associate_options()).ok());
  const Comparison part = std::move(compare().parts.front());
  EXPECT_THAT(part.preserved.not_testable, HasSubstr("fewer than 3 contexts"));
  EXPECT_TRUE(std::isnan(part.per_expression.front().similarity)) << "a correlation of one number";
}

TEST_F(SmallStudyTest, ScoresThatDoNotHoldLeaveAndAreCounted) {
  simulate_study(2, 3, 300);
  const std::filesystem::path file = study() / "expressions.parquet";
  const std::filesystem::path whole = study() / "whole.parquet";
  std::filesystem::rename(file, whole);
  const std::string from = sql_read_parquet(whole);
  const auto spoil = [&](const std::string& value, int videos) {
    const std::string sql = "SELECT * REPLACE (CASE WHEN video_id IN (SELECT video_id FROM " +
                            from + " ORDER BY video_id LIMIT " + std::to_string(videos) +
                            ") THEN " + value + " ELSE label_awe END AS label_awe) FROM " + from;
    ASSERT_TRUE(database_.write_query_parquet(sql, file, {}).ok());
  };
  for (const auto& [value, reason] : {std::pair("CAST('inf' AS DOUBLE)", "missing_expression"),
                                      {"CAST('-inf' AS DOUBLE)", "missing_expression"},
                                      {"CAST('nan' AS DOUBLE)", "missing_expression"},
                                      {"1.5", "score_out_of_range"},
                                      {"-0.1", "score_out_of_range"}}) {
    spoil(value, 17);
    AssociateOptions options = associate_options();
    options.map.minimum = 1;  // small counts are told apart
    const auto result = associate(options);
    ASSERT_TRUE(result.ok()) << result.error().message;
    std::int64_t left = 0;
    for (const auto& [key, videos] : result->sources.front().exclusions) {
      if (key[2] == reason) left += videos;
    }
    EXPECT_EQ(left, 17) << value;
    EXPECT_EQ(result->sources.front().videos, 283) << value;
  }
  spoil("1.5", 300);
  const auto none = associate(associate_options());
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message, HasSubstr("score_out_of_range (300 videos)"));
  // An expression without any finite score is left out; the others stand.
  spoil("CAST('inf' AS DOUBLE)", 300);
  const auto others = associate(associate_options());
  ASSERT_TRUE(others.ok()) << others.error().message;
  EXPECT_EQ(others->sources.front().layout.expressions.size(), 15U);
}

TEST_F(SmallStudyTest, AScoreThatNeverVariesIsNullWithItsReason) {
  simulate_study(2, 3, 300);
  const std::filesystem::path file = study() / "expressions.parquet";
  const std::filesystem::path whole = study() / "whole.parquet";
  std::filesystem::rename(file, whole);
  ASSERT_TRUE(database_
                  .write_query_parquet("SELECT * REPLACE (CAST(0.5 AS DOUBLE) AS label_awe) FROM " +
                                           sql_read_parquet(whole),
                                       file, {})
                  .ok());
  ASSERT_TRUE(associate(associate_options()).ok());
  const Table maps = database_.read_parquet(study() / "maps" / "maps.parquet").value();
  std::size_t seen = 0;
  for (std::size_t row = 0; row < maps.rows(); ++row) {
    if (maps.column("expression").strings()[row] != "awe") continue;
    ++seen;
    EXPECT_TRUE(maps.column("estimate").is_null(row));
    EXPECT_FALSE(maps.column("reason").is_null(row));
  }
  EXPECT_EQ(seen, 6U);
  const Comparison part = std::move(compare().parts.front());
  EXPECT_TRUE(std::isfinite(part.pairwise.mean_r)) << "the other 15 stand";
}

}  // namespace
}  // namespace mien
