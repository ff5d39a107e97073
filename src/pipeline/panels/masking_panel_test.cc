#include "pipeline/panels/masking_panel.h"

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

struct Assessed {
  const char* video;
  const char* source;
  const char* status = "ok";
};

class MaskingPanel : public ::testing::Test {
 protected:
  void write(const std::vector<Named>& named, const std::vector<Assessed>& assessed) {
    Table contexts(contexts_schema());
    for (const Named& one : named) {
      add_row(contexts, one.video, one.source,
              {{"context", std::string(one.context)},
               {"score_prob", one.prob},
               {"above_threshold", one.prob >= 0.3}});
    }
    Table status(context_status_schema());
    for (const Assessed& one : assessed) {
      add_row(status, one.video, one.source,
              {{"vocabulary", std::string("everyday")}, {"status", std::string(one.status)}});
    }
    store(contexts, "contexts");
    store(status, "context_status");
  }

  static void add_row(Table& table, const char* video, const char* source,
                      const std::vector<std::pair<const char*, Cell>>& cells) {
    RowBuilder row(table.schema());
    for (const ColumnSpec& column : table.schema().columns) row.set_null(column.name);
    row.set("video_id", std::string(video)).set("source", std::string(source));
    for (const auto& [column, cell] : cells) row.set(column, cell);
    table.append(row.finish());
  }

  void store(const Table& table, const std::string& name) {
    ASSERT_TRUE(database_.write_parquet(table, folder_.path() / (name + ".parquet"), {}).ok());
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
        {{"a", "visual"},
         {"a", "visual_visible"},
         {"b", "visual"},
         {"b", "visual_visible"},
         {"c", "visual"},
         {"c", "visual_visible", "failed"},
         {"d", "visual"},
         {"d", "visual_visible"}});
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

TEST_F(MaskingPanel, TellsHowManyFramesWereNotAssessed) {
  write({{"a", "visual", "x", 0.5}, {"a", "visual_patches", "x", 0.4}},
        {{"a", "visual"}, {"a", "visual_patches"}, {"b", "visual", "skipped"}});
  Table frames(context_frames_schema());
  for (const auto& [video, filled] : {std::pair("a", 0.2), {"a", 0.4}, {"b", 0.9}}) {
    add_row(frames, video, "visual",
            {{"regions", std::int64_t{1}},
             {"filled_share", filled},
             {"reason", filled > 0.5 ? Cell{std::string("mostly_filled")} : Cell{}}});
  }
  store(frames, "context_frames");
  const auto result = panel();
  ASSERT_EQ(result.at("filled").size(), 1U);
  const auto& filled = result.at("filled").at(0);
  EXPECT_EQ(filled.at("frames"), 3);
  EXPECT_EQ(filled.at("not_assessed"), 1);
  EXPECT_NEAR(filled.at("filled_share"), 0.5, 1e-12);
}

TEST_F(MaskingPanel, KeepsTheIntervalOfCorrelationsWithinTheirRange) {
  std::vector<Named> named;
  std::vector<Assessed> assessed;
  const char* videos[] = {"a", "b", "c"};
  for (const char* video : videos) {
    for (const char* source : {"visual", "visual_visible"}) {
      assessed.push_back({video, source});
      // Of c the ranks are turned round, of the others they are equal.
      const bool is_turned = video == videos[2] && source == std::string("visual");
      named.push_back({video, source, "x", is_turned ? 0.1 : 0.5});
      named.push_back({video, source, "y", 0.3});
      named.push_back({video, source, "z", is_turned ? 0.5 : 0.1});
    }
  }
  write(named, assessed);
  const auto result = panel();
  const auto& spearman = result.at("arms").at(0).at("spearman");
  EXPECT_NEAR(spearman.at("mean"), 1.0 / 3, 1e-12);
  EXPECT_GE(spearman.at("lower"), -1.0);
  EXPECT_LE(spearman.at("upper"), 1.0);
  EXPECT_GT(spearman.at("upper"), 0.9);
}

TEST_F(MaskingPanel, SaysWhatItNeeds) {
  const auto without = masking_panel(database_, folder_.path());
  ASSERT_TRUE(without.ok());
  EXPECT_THAT(without->not_possible, HasSubstr("--faces masked,visible,patches"));
  write({{"a", "visual", "x", 0.5}}, {{"a", "visual"}});
  EXPECT_THAT(masking_panel(database_, folder_.path())->not_possible, HasSubstr("two of the arms"));
}

}  // namespace
}  // namespace mien
