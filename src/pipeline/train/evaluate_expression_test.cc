#include "pipeline/train/evaluate_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "store/database.h"
#include "store/durable_file.h"
#include "table/schema.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kVideos = 60;

std::string video(int i) {
  return "v" + std::to_string(i) + ".mp4";
}

// Video i shows awe with share (i % 10) / 10; scores say so with `noise`; 8 raters choose.
class EvaluateExpressionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    study_ = std::filesystem::path(::testing::TempDir()) /
             (std::string("evaluate_") +
              ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(study_);
    std::filesystem::create_directories(study_ / "rating");
    request_.study = study_;
    request_.ratings = study_ / "ratings.csv";
  }
  void TearDown() override { std::filesystem::remove_all(study_); }

  void write_expressions(double noise) {
    TableSchema schema;
    schema.name = "expressions";
    schema.columns = {{"video_id", ColumnType::kString, ""},
                      {"label_awe", ColumnType::kDouble, ""},
                      {"label_anger", ColumnType::kDouble, ""},
                      {"action_jaw_drop", ColumnType::kDouble, ""}};
    Table table(schema);
    Random random(3);
    for (int i = 0; i < kVideos; ++i) {
      const double share = i % 10 / 10.0;
      const double score = std::clamp(share + noise * random.normal(), 0.0, 1.0);
      if (i == 0) {
        const std::vector<Cell> row = {video(i), std::monostate{}, std::monostate{},
                                       std::monostate{}};
        table.append(row);
      } else {
        const std::vector<Cell> row = {video(i), score, 1 - score, 3 * share - 7};
        table.append(row);
      }
    }
    auto database = Database::open();
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->write_parquet(table, study_ / "expressions.parquet", {}).ok());
  }

  void write_ratings(const std::string& prefix, const std::string& suffix) {
    std::string text = "rater,clip,label\n";
    Random random(5);
    for (int i = 0; i < kVideos; ++i) {
      for (int rater = 0; rater < 8; ++rater) {
        text += "r" + std::to_string(rater) + "," + prefix + std::to_string(i) + suffix + "," +
                (random.uniform() < i % 10 / 10.0 ? "Awe" : "anger") + "\n";
      }
    }
    text += "r0,gone.mp4,anger\n";
    ASSERT_TRUE(write_file_durably(request_.ratings, text).ok());
  }

  std::filesystem::path study_;
  EvaluateExpressionRequest request_;
};

TEST_F(EvaluateExpressionTest, TrueSharesReachTheCeilingAndNoiseLowersIt) {
  write_ratings("v", ".mp4");
  double before = 2;
  for (const double noise : {0.0, 0.4}) {
    write_expressions(noise);
    const auto summary = evaluate_expression(request_);
    ASSERT_TRUE(summary.ok()) << summary.error().message;
    EXPECT_THAT(summary->not_found, ElementsAre("gone.mp4"));
    ASSERT_EQ(summary->evaluation.labels.size(), 2U);
    const LabelFigures& awe = summary->evaluation.labels[0];
    EXPECT_EQ(awe.label, "Awe");
    EXPECT_EQ(awe.clips, kVideos - 1U);
    EXPECT_EQ(summary->evaluation.clips_without_score, 1U);
    if (noise == 0) {
      EXPECT_NEAR(awe.corrected.estimate, 1, 0.05);
      EXPECT_LT(awe.calibration_error, 0.06);
      EXPECT_EQ(awe.verdict, LabelVerdict::kKept);
    }
    EXPECT_LT(awe.correlation.estimate, before - 0.1);
    EXPECT_LT(awe.correlation.lower, awe.correlation.estimate);
    before = awe.correlation.estimate;
  }
}

TEST_F(EvaluateExpressionTest, AnyColumnMayBeMatchedAndWhatIsNotThereIsNamed) {
  write_ratings("v", ".mp4");
  write_expressions(0.1);
  request_.channel = "action";
  EXPECT_THAT(evaluate_expression(request_).error().message, HasSubstr("action_jaw_drop"));
  request_.matches = {{"action_jaw_drop", "Awe"}};
  const auto summary = evaluate_expression(request_);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_THAT(summary->unmatched, ElementsAre("anger"));
  EXPECT_GT(summary->evaluation.labels[0].corrected.estimate, 0.9);
  EXPECT_TRUE(std::isnan(summary->evaluation.labels[0].calibration_error));
  EXPECT_TRUE(to_json(*summary)["labels"][0]["brier"].is_null());
  write_ratings("other", "");
  EXPECT_EQ(evaluate_expression(request_).error().code, ErrorCode::kNotFound);
}

TEST_F(EvaluateExpressionTest, AClipIsScoredByTheWindowsThatItShares) {
  write_ratings("c", "");
  write_expressions(0.1);
  TableSchema schema;
  schema.name = "windows";
  schema.columns = {
      {"video_id", ColumnType::kString, ""},  {"track_id", ColumnType::kInt64, ""},
      {"start_us", ColumnType::kInt64, ""},   {"end_us", ColumnType::kInt64, ""},
      {"label_awe", ColumnType::kDouble, ""}, {"label_anger", ColumnType::kDouble, ""}};
  Table table(schema);
  nlohmann::json clips = nlohmann::json::array();
  for (int i = 0; i < kVideos; ++i) {
    const double share = i % 10 / 10.0;
    for (const auto& [track, start, score] :
         {std::tuple(0, 0, 0.5), std::tuple(1, 0, share), std::tuple(1, 2000000, 0.9)}) {
      const std::vector<Cell> row = {
          video(i), std::int64_t{track}, std::int64_t{start}, std::int64_t{start} + 2000000, score,
          1 - score};
      table.append(row);
    }
    // Three quarters in the first window of track 1.
    clips.push_back({{"id", "c" + std::to_string(i)},
                     {"webm", "c.webm"},
                     {"duration_s", 2},
                     {"video_id", video(i)},
                     {"track_id", 1},
                     {"start_us", 500000},
                     {"end_us", 2500000}});
  }
  auto database = Database::open();
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE(database->write_parquet(table, study_ / "windows.parquet", {}).ok());
  const nlohmann::json list = {{"version", 1}, {"clips", clips}};
  ASSERT_TRUE(write_file_durably(study_ / "rating" / "clips.json", list.dump()).ok());
  const auto summary = evaluate_expression(request_);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  const LabelFigures& awe = summary->evaluation.labels[0];
  EXPECT_EQ(awe.clips, kVideos + 0U);
  EXPECT_GT(awe.corrected.estimate, 0.95);  // the score is 0.75 share + 0.225
  EXPECT_NEAR(awe.mean_score, 0.75 * 0.45 + 0.25 * 0.9, 1e-6);
}

}  // namespace
}  // namespace mien
