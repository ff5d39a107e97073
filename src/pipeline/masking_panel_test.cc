#include "pipeline/masking_panel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/paths.h"

#include "stats/distributions.h"
#include "table/schema.h"
#include "table/table.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

struct Named {
  const char* video;
  const char* source;
  const char* context;
  double prob;
};

class MaskingPanel : public ::testing::Test {
 protected:
  void write(const std::vector<Named>& named, const std::vector<Named>& assessed) {
    Table contexts(contexts_schema());
    RowBuilder row(contexts.schema());
    for (const Named& one : named) {
      row.set("video_id", std::string(one.video)).set("source", std::string(one.source));
      row.set("context", std::string(one.context)).set("score_prob", one.prob);
      contexts.append(row.set("above_threshold", one.prob >= 0.3).finish());
    }
    Table status(context_status_schema());
    RowBuilder of(status.schema());
    for (const Named& one : assessed) {
      for (const ColumnSpec& column : status.schema().columns) of.set_null(column.name);
      of.set("video_id", std::string(one.video)).set("source", std::string(one.source));
      status.append(of.set("vocabulary", std::string("everyday"))
                        .set("status", std::string(one.context))
                        .finish());
    }
    ASSERT_TRUE(database_.write_parquet(contexts, folder_.path() / "contexts.parquet", {}).ok());
    ASSERT_TRUE(
        database_.write_parquet(status, folder_.path() / "context_status.parquet", {}).ok());
  }

  nlohmann::ordered_json panel() {
    const auto made = masking_panel(database_, folder_.path());
    EXPECT_TRUE(made.ok()) << made.error().message;
    EXPECT_EQ(made->not_possible, "");
    return made->result;
  }

  testing::TemporaryFolder folder_;
  Database database_ = Database::open().value();
};

TEST_F(MaskingPanel, ComparesArmsVideoByVideo) {
  write({{"a", "visual", "x", 0.5},
         {"a", "visual", "y", 0.1},
         {"a", "visual_visible", "x", 0.2},
         {"a", "visual_visible", "z", 0.4},
         {"b", "visual", "x", 0.35},
         {"b", "visual_visible", "x", 0.45},
         {"c", "visual", "x", 0.9},
         {"d", "visual", "x", 0.2},
         {"d", "visual_visible", "x", 0.6},
         {"d", "text", "x", 0.9}},
        {{"a", "visual", "ok", 0},
         {"a", "visual_visible", "ok", 0},
         {"b", "visual", "ok", 0},
         {"b", "visual_visible", "ok", 0},
         {"c", "visual", "ok", 0},
         {"c", "visual_visible", "failed", 0},
         {"d", "visual", "ok", 0},
         {"d", "visual_visible", "ok", 0}});
  const auto result = panel();
  ASSERT_EQ(result.at("arms").size(), 1U);
  const auto& pair = result.at("arms").at(0);
  EXPECT_EQ(pair.at("videos"), 3);    // c was not assessed in both
  EXPECT_EQ(pair.at("contexts"), 5);  // x, y, z of a; x of b and of d
  // a: (0.3 + 0.1 - 0.4) / 3, b: -0.1, d: -0.4
  const double mean = (0.0 - 0.1 - 0.4) / 3;
  EXPECT_NEAR(pair.at("mean_change").at("mean"), mean, 1e-12);
  EXPECT_NEAR(pair.at("mean_absolute_change").at("mean"), (0.8 / 3 + 0.1 + 0.4) / 3, 1e-12);
  double squares = 0;
  for (const double value : {0.0, -0.1, -0.4}) squares += (value - mean) * (value - mean);
  const double half = t_quantile(0.975, 2) * std::sqrt(squares / 2 / 3);
  EXPECT_NEAR(pair.at("mean_change").at("lower"), mean - half, 1e-9);
  EXPECT_NEAR(pair.at("mean_change").at("upper"), mean + half, 1e-9);
  // x, y, z of a rank 3, 2, 1 and 2, 1, 3; b and d have one context and no correlation.
  EXPECT_NEAR(pair.at("spearman").at("mean"), -0.5, 1e-12);
  EXPECT_EQ(pair.at("spearman").at("videos"), 1);
  EXPECT_TRUE(pair.at("spearman").at("lower").is_null());
  EXPECT_EQ(pair.at("same_best_context"), 2);
  EXPECT_EQ(pair.at("present_in_first"), 2);
  EXPECT_EQ(pair.at("present_in_second"), 3);
  EXPECT_EQ(pair.at("present_in_both"), 1);
}

TEST_F(MaskingPanel, SaysWhatItNeeds) {
  const auto without = masking_panel(database_, folder_.path());
  ASSERT_TRUE(without.ok());
  EXPECT_THAT(without->not_possible, HasSubstr("--faces masked,visible,patches"));
  write({{"a", "visual", "x", 0.5}}, {{"a", "visual", "ok", 0}});
  EXPECT_THAT(masking_panel(database_, folder_.path())->not_possible, HasSubstr("two of the arms"));
}

}  // namespace
}  // namespace mien
