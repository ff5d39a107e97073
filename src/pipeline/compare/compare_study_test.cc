// A study's maps to STUDY/compare: what is read, what is refused, what is written.
#include "pipeline/compare/compare_study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/paths.h"

#include "base/random.h"
#include "pipeline/compare/map_sets.h"
#include "pipeline/compare/study_maps.h"
#include "store/durable_file.h"
#include "table/schema.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

struct CellOptions {
  bool with_se = true;
  bool twice = false;
};

// Twelve regions as data/regions.csv calls them, 30 contexts, 5 expressions, two sources, two
// channels; one suppressed cell a region.
Table maps_table(const CellOptions& options) {
  const TableSchema schema = maps_schema();
  Table table(schema);
  RowBuilder row(schema);
  Random random(3);
  for (const char* source : {"text", "visual"}) {
    std::vector<double> shared;
    for (int i = 0; i < 30 * 5 * 2; ++i) shared.push_back(0.02 * random.normal());
    for (const char* region :
         {"Africa", "Brazil", "Central/Northern Europe", "East Asia", "Eastern Europe",
          "Hispanic America", "Indian Subcontinent", "Middle East", "Southeast Asia (Mainland)",
          "Southeast Asia (Maritime)", "US & Canada", "Western Europe"}) {
      for (int i = 0; i < 30 * 5 * 2; ++i) {
        const int context = i / 10;
        const int expression = i % 5;
        const bool suppressed = context == 29 && expression == 0;
        const double se = 0.004;
        for (const ColumnSpec& column : schema.columns) row.set_null(column.name);
        row.set("by", std::string("region"))
            .set("region", std::string(region))
            .set("source", std::string(source))
            .set("context", "context" + std::to_string(context))
            .set("channel", std::string(i % 10 < 5 ? "action" : "label"))
            .set("expression", "e" + std::to_string(expression))
            .set("kind", std::string("partial"))
            .set("cluster", std::string("uploader"))
            .set("suppressed", suppressed);
        const double estimate = shared[static_cast<std::size_t>(i)] + 0.01 * random.normal();
        if (suppressed) {
          row.set("reason", std::string("suppressed_videos"));
        } else {
          row.set("estimate", estimate);
          if (options.with_se) row.set("se", se);
        }
        const auto cells = row.finish();
        table.append(cells);
        if (options.twice && i == 0) table.append(cells);
      }
    }
  }
  return table;
}

class CompareStudy : public ::testing::Test {
 protected:
  void write_maps(const Table& table) {
    ASSERT_TRUE(make_folders(study() / "maps").ok());
    ASSERT_TRUE(database_.write_parquet(table, study() / "maps" / "maps.parquet", {}).ok());
  }
  std::filesystem::path study() const { return folder_.path() / "study"; }
  static CompareOptions options() {
    CompareOptions options;
    options.data = testing::source_dir() / "data";
    options.permutations = 199;
    options.embed = true;
    return options;
  }

  testing::TemporaryFolder folder_;
  Database database_ = Database::open().value();
};

TEST_F(CompareStudy, ReadsSourcesAndChannelsAndWritesEveryTable) {
  write_maps(maps_table({}));
  const auto comparison = compare_study(database_, study(), options());
  ASSERT_TRUE(comparison.ok()) << comparison.error().message;
  ASSERT_EQ(comparison->parts.size(), 4U);
  EXPECT_EQ(comparison->heads[comparison->channel.front()].channel, "label");
  const Comparison& label = comparison->parts[comparison->channel.front()];
  EXPECT_EQ(label.maps.regions.size(), 12U);
  EXPECT_GT(label.pairwise.mean_r, 0.7);
  EXPECT_GT(label.noise.mean_rho.value, label.pairwise.mean_r);
  ASSERT_TRUE(label.heterogeneity.has_value());
  EXPECT_EQ(label.heterogeneity->not_estimable, 1U) << "the suppressed cell";
  EXPECT_EQ(label.preserved.dropped_contexts.size(), 1U);
  EXPECT_TRUE(label.geography.not_possible.empty()) << label.geography.not_possible;
  EXPECT_TRUE(label.geography.corrected);
  EXPECT_EQ(label.embedding.rows(), 29);
  EXPECT_TRUE(comparison->visual_against_text.not_possible.empty());
  EXPECT_EQ(comparison->visual_against_text.shared_contexts.size(), 30U);

  ASSERT_TRUE(write_comparison(database_, study(), *comparison).ok());
  const std::filesystem::path folder = study() / "compare";
  EXPECT_EQ(database_.read_parquet(folder / "pairs.parquet")->rows(), 4U * 66);
  EXPECT_EQ(database_.read_parquet(folder / "cells.parquet")->rows(), 4U * 150);
  EXPECT_EQ(database_.read_parquet(folder / "deviations.parquet")->rows(), 4U * 150 * 12);
  EXPECT_EQ(database_.read_parquet(folder / "contexts.parquet")->rows(), 4U * 30);
  const std::string first = read_whole_file(folder / "compare.json").value();
  const nlohmann::json json = nlohmann::json::parse(first);
  EXPECT_EQ(json["comparisons"].size(), 4U);
  EXPECT_TRUE(json["panels"]["c"]["possible"].get<bool>());
  EXPECT_TRUE(json["panels"]["h"]["possible"].get<bool>());
  EXPECT_FALSE(json["panels"]["f"]["possible"].get<bool>());
  // What is missing is named.
  for (const auto& [panel, words] : {std::pair("d", "maps alone"), std::pair("f", "--group"),
                                     std::pair("j", "maps alone"), std::pair("k", "maps alone")}) {
    const auto reason = json["panels"][panel]["reason"].get<std::string>();
    EXPECT_NE(reason.find(words), std::string::npos) << reason;
  }
  const auto pairs = read_whole_file(folder / "pairs.parquet").value();
  ASSERT_TRUE(
      write_comparison(database_, study(), *compare_study(database_, study(), options())).ok());
  EXPECT_EQ(read_whole_file(folder / "compare.json").value(), first);
  EXPECT_EQ(read_whole_file(folder / "pairs.parquet").value(), pairs);
}

TEST_F(CompareStudy, WithoutStandardErrorsNothingIsCorrected) {
  write_maps(maps_table({.with_se = false}));
  const StudyComparison comparison = compare_study(database_, study(), options()).value();
  EXPECT_FALSE(comparison.parts[0].noise.not_estimable.empty());
  EXPECT_FALSE(comparison.parts[0].heterogeneity.has_value());
  ASSERT_TRUE(write_comparison(database_, study(), comparison).ok());
  EXPECT_EQ(database_.read_parquet(study() / "compare" / "cells.parquet")->rows(), 0U);
}

TEST_F(CompareStudy, RefusesWhatIsNotMaps) {
  EXPECT_EQ(compare_study(database_, study(), options()).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(compare_study(database_, study(), options()).error().message,
              HasSubstr("mien associate"));
  write_maps(Table(TableSchema{"other", "row", "", {{"region", ColumnType::kString, ""}}}));
  EXPECT_EQ(compare_study(database_, study(), options()).error().code, ErrorCode::kCorrupt);
  write_maps(Table(maps_schema()));
  EXPECT_THAT(compare_study(database_, study(), options()).error().message,
              HasSubstr("not one cell"));
  write_maps(maps_table({.twice = true}));
  EXPECT_THAT(compare_study(database_, study(), options()).error().message,
              HasSubstr("stands twice"));
}

// Each row names a region, a context and an expression of its own: 4,000 rows, 64,000 million
// cells.
TEST_F(CompareStudy, AShortFileDoesNotAskForAllMemory) {
  const TableSchema schema = maps_schema();
  Table table(schema);
  RowBuilder row(schema);
  for (int i = 0; i < 4000; ++i) {
    for (const ColumnSpec& column : schema.columns) row.set_null(column.name);
    for (const char* name : {"by", "source", "channel", "kind", "cluster"})
      row.set(name, std::string(name));
    for (const char* name : {"region", "context", "expression"}) row.set(name, std::to_string(i));
    table.append(row.set("suppressed", false).set("estimate", 0.1).finish());
  }
  write_maps(table);
  const auto maps = read_study_maps(database_, study());
  ASSERT_FALSE(maps.ok());
  EXPECT_EQ(maps.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(maps.error().message, HasSubstr("more than 30000000 cells; remedy"));
  EXPECT_FALSE(read_map_sets(database_, study()).ok());
}

}  // namespace
}  // namespace mien
