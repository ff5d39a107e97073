#include "pipeline/panels/group_panel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/paths.h"

#include "base/random.h"
#include "stats/suppression.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

// Two groups that move their faces differently, and a label that follows the face: awe. The label
// pain is read 0.1 higher in the second group's faces at the same actions.
class GroupPanelTest : public ::testing::Test {
 protected:
  void write(int videos, bool with_actions = true) {
    TableSchema schema = corpus_schema();
    schema.columns.push_back({"people", ColumnType::kString, ""});
    Table corpus(schema);
    std::vector<ColumnSpec> channels = {{"label_awe", ColumnType::kDouble, ""},
                                        {"label_pain", ColumnType::kDouble, ""}};
    if (with_actions) channels.push_back({"action_jaw_drop", ColumnType::kDouble, ""});
    Table expressions(expressions_schema(channels));
    Random random(7);
    for (int i = 0; i < videos; ++i) {
      const std::string id = "v" + std::to_string(i);
      const bool second = i % 3 == 0;
      RowBuilder video(corpus.schema());
      for (const ColumnSpec& column : corpus.schema().columns) video.set_null(column.name);
      video.set("video_id", id).set("uploader", "u" + std::to_string(i % 97));
      if (i % 50 == 1) {
        video.set("people", i == 1 ? "rare" : "first");
      } else {
        video.set("people", second ? "second" : "first");
      }
      corpus.append(video.finish());
      const double action = random.normal() + (second ? 1 : 0);
      RowBuilder row(expressions.schema());
      for (const ColumnSpec& column : expressions.schema().columns) row.set_null(column.name);
      row.set("video_id", id).set("label_awe", 0.5 + 0.1 * action + 0.02 * random.normal());
      const bool reads_higher = second && i % 50 != 1;
      row.set("label_pain",
              0.3 + 0.05 * action + (reads_higher ? 0.1 : 0) + 0.02 * random.normal());
      if (i % 40 == 2) row.set_null("label_pain");
      if (with_actions) row.set("action_jaw_drop", action);
      expressions.append(row.finish());
    }
    ASSERT_TRUE(database_.write_parquet(corpus, study() / "corpus.parquet", {}).ok());
    ASSERT_TRUE(database_.write_parquet(expressions, study() / "expressions.parquet", {}).ok());
  }

  nlohmann::ordered_json row_of(const VideoPanel& panel, const char* group,
                                const char* expression) {
    for (const auto& row : panel.result["scores"]) {
      if (row["group"] == group && row["expression"] == expression) return row;
    }
    ADD_FAILURE() << group << " " << expression;
    return {};
  }
  const std::filesystem::path& study() const { return folder_.path(); }

  testing::TemporaryFolder folder_;
  Database database_ = Database::open().value();
};

TEST_F(GroupPanelTest, EqualActionsTellFacesFromReading) {
  write(3000);
  const VideoPanel panel = group_panel(database_, study(), "label", "people", kLeastCount).value();
  ASSERT_EQ(panel.not_possible, "");
  EXPECT_EQ(panel.result["groups_held_back"], 1) << "one video";
  EXPECT_EQ(panel.result["videos_without_a_score_or_action"], 80) << "75, to the nearest ten";
  const auto awe = row_of(panel, "second", "awe");
  const auto pain = row_of(panel, "second", "pain");
  // A third of the videos: the mean of all lies a third of the way to the second group.
  EXPECT_NEAR(awe["difference"].get<double>(), 0.1 * 2 / 3, 0.01);
  EXPECT_GT(awe["difference_lower"].get<double>(), 0);
  EXPECT_NEAR(awe["at_equal_actions"].get<double>(), 0, 0.003);
  EXPECT_LT(awe["at_equal_actions_lower"].get<double>(), 0);
  EXPECT_GT(awe["at_equal_actions_upper"].get<double>(), 0);
  EXPECT_NEAR(pain["at_equal_actions"].get<double>(), 0.1 * 2 / 3, 0.003);
  EXPECT_GT(pain["at_equal_actions_lower"].get<double>(), 0.05);
  EXPECT_NEAR(pain["mean"].get<double>(), 0.45, 0.01);
  EXPECT_NEAR(pain["sd"].get<double>(), std::hypot(0.05, 0.02), 0.005);
}

TEST_F(GroupPanelTest, WithoutActionsOnlyTheScores) {
  write(600, false);
  const VideoPanel panel = group_panel(database_, study(), "label", "people", kLeastCount).value();
  EXPECT_TRUE(panel.result["actions"].is_null());
  EXPECT_FALSE(row_of(panel, "first", "awe").contains("at_equal_actions"));
}

TEST_F(GroupPanelTest, WhatCannotBeIsNamed) {
  write(30);
  EXPECT_EQ(group_panel(database_, study(), "label", "planet", kLeastCount).error().code,
            ErrorCode::kUsage);
  EXPECT_THAT(group_panel(database_, study(), "label", "video_id", kLeastCount).error().message,
              HasSubstr("more than 24"));
  write(12);
  EXPECT_THAT(group_panel(database_, study(), "label", "people", kLeastCount)->not_possible,
              HasSubstr("10 videos and uploaders"));
}

}  // namespace
}  // namespace mien
