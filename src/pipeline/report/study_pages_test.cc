// Maps as pages get them: cells in their place, reasons for what is missing, the same bytes twice,
// and nothing hostile that leaves its place.
#include "report/study_pages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "support/paths.h"

#include "pipeline/compare/map_sets.h"
#include "pipeline/panels/cell_verdicts.h"
#include "pipeline/report/study_pages_job.h"
#include "store/durable_file.h"
#include "table/comparison_schema.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct MapRow {
  const char* region;
  const char* context;
  const char* channel;
  const char* expression;
  double estimate;  // NaN: null
  double se;
  const char* reason;
};

class StudyPagesTest : public ::testing::Test {
 protected:
  StudyPagesTest() : database_(std::move(Database::open()).value()) {
    for (const char* asset : {"study.js", "study.css"}) {
      EXPECT_TRUE(make_folders(web()).ok());
      EXPECT_TRUE(write_file_durably(web() / asset, "/* asset */").ok());
    }
  }

  fs::path web() const { return folder_.path() / "web"; }
  fs::path study() const { return folder_.path() / "a study"; }

  void write_maps(const std::vector<MapRow>& rows, const FileMetadata& metadata = {}) {
    Table table(maps_schema());
    RowBuilder row(table.schema());
    for (const MapRow& cell : rows) {
      const bool known = !std::isnan(cell.estimate);
      row.set("by", "region").set("region", cell.region).set("source", "visual");
      row.set("context", cell.context).set("channel", cell.channel);
      row.set("expression", cell.expression).set("kind", "partial");
      row.set("estimate", cell_from(cell.estimate)).set("se", cell_from(cell.se));
      row.set("lower", cell_from(cell.estimate - 2 * cell.se));
      row.set("upper", cell_from(cell.estimate + 2 * cell.se));
      for (const char* name : {"df", "p", "p_bh", "p_holm", "smd", "superiority", "p_by",
                               "estimate_pooled", "estimate_between"}) {
        row.set_null(name);
      }
      row.set("n", std::int64_t{500});
      row.set("n_context", known ? Cell{std::int64_t{40}} : Cell{});
      row.set("n_uploaders", known ? Cell{std::int64_t{30}} : Cell{});
      row.set("cluster", "uploader").set("suppressed", !known);
      row.set("reason", *cell.reason != '\0' ? Cell{std::string(cell.reason)} : Cell{});
      table.append(row.finish());
    }
    ASSERT_TRUE(make_folders(study() / "maps").ok());
    const Status written =
        database_.write_parquet(table, study() / "maps" / "maps.parquet", metadata);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  static std::vector<MapRow> usual_rows() {
    return {{"North", "sport", "basic7", "happy", 0.1, 0.01, ""},
            {"North", "sport", "label", "triumph", 0.25, 0.01, ""},
            {"North", "sport", "label", "awe", -0.125, NAN, "one_block"},
            {"North", "</script>", "label", "triumph", NAN, NAN, "suppressed_videos"},
            {"North", "</script>", "label", "awe", NAN, NAN, "suppressed_videos"},
            {"South", "sport", "label", "triumph", 0.5, 0.02, ""},
            {"South", "sport", "label", "awe", 0.0625, 0.02, ""},
            {"South", "</script>", "label", "triumph", 0.03125, 0.02, ""}};
  }

  StudyPagesRequest request() const {
    StudyPagesRequest request;
    request.study = study();
    request.data = testing::source_dir() / "data";
    request.web_assets = web();
    return request;
  }

  std::string text(const fs::path& file) const {
    auto bytes = read_whole_file(file);
    EXPECT_TRUE(bytes.ok()) << file;
    return bytes.ok() ? *bytes : "";
  }

  static Json assigned(const std::string& script) {
    const auto from = script.find('=', script.find(")."));
    return Json::parse(script.substr(from + 1, script.rfind(';') - from - 1));
  }

  testing::TemporaryFolder folder_;
  Database database_;
};

TEST_F(StudyPagesTest, CellsStandInTheirPlaceWithTheirReasons) {
  write_maps(usual_rows());
  const auto sets = read_map_sets(database_, study());
  ASSERT_TRUE(sets.ok()) << sets.error().message;
  ASSERT_EQ(sets->size(), 2U);
  const MapSet& label = sets->front();  // in front of the channel that the file has first
  EXPECT_EQ(label.channel, "label");
  EXPECT_EQ(label.regions, (std::vector<std::string>{"North", "South"}));
  EXPECT_EQ(label.contexts, (std::vector<std::string>{"sport", "</script>"}));
  EXPECT_EQ(label.expressions, (std::vector<std::string>{"triumph", "awe"}));
  const RegionCells& north = label.cells[0];
  EXPECT_EQ(north.estimate[0], 0.25F);
  EXPECT_EQ(north.estimate[1], -0.125F);
  EXPECT_TRUE(std::isnan(north.lower[1]));
  EXPECT_EQ(north.reason[1], 0) << "there is an estimate, though no interval";
  EXPECT_TRUE(std::isnan(north.estimate[2]));
  EXPECT_EQ(label.reasons[north.reason[2]], "suppressed_videos");
  EXPECT_EQ(north.n, 500);
  EXPECT_EQ(north.n_context, (std::vector<std::int32_t>{40, -1}));
  const RegionCells& south = label.cells[1];
  EXPECT_EQ(south.estimate[2], 0.03125F);
  EXPECT_EQ(label.reasons[south.reason[3]], "not in the maps") << "the row that nobody wrote";
}

TEST_F(StudyPagesTest, PagesAreTheSameTwiceAndNothingHostileLeavesItsPlace) {
  write_maps(usual_rows(), {{"mien.simulated", "true"}, {"seed", "7"}});
  const auto facts = study_pages_facts(database_, request());
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  EXPECT_TRUE(facts->sets.front().is_simulated);
  const fs::path one = folder_.path() / "one";
  const fs::path two = folder_.path() / "two";
  ASSERT_TRUE(write_study_folder(one, *facts).ok());
  ASSERT_TRUE(write_study_folder(two, *facts).ok());
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(one)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(text(entry.path()), text(two / entry.path().lexically_relative(one))) << entry.path();
  }
  EXPECT_GE(files, 11U + 2U + 2U + 4U);
  const std::string script = text(one / "data" / "facts.js");
  EXPECT_EQ(script.find("</script>"), std::string::npos);
  const Json json = assigned(script);
  EXPECT_EQ(json["sets"][0]["contexts"][1], "</script>");
  EXPECT_EQ(json["sets"][0]["cells_by_reason"][0][0], 2);
  EXPECT_TRUE(json["corpus_videos"].is_null()) << "no corpus: not known, not 0";
  const std::string summary = text(one / "summary.md");
  EXPECT_NE(summary.find("Simulated"), std::string::npos);
  EXPECT_NE(summary.find("have not been compared"), std::string::npos);
}

TEST_F(StudyPagesTest, VerdictsStandInTheirPlaces) {
  write_maps(usual_rows());
  Table table(compare_cells_schema());
  RowBuilder row(table.schema());
  const auto add = [&](const char* channel, const char* context, const char* expression,
                       const char* verdict, double mean) {
    for (const ColumnSpec& column : table.schema().columns) row.set_null(column.name);
    row.set("source", "visual").set("channel", channel).set("context", context);
    row.set("expression", expression).set("verdict", verdict).set("mean", cell_from(mean));
    table.append(row.finish());
  };
  add("label", "</script>", "triumph", "different", 0.25);
  add("label", "sport", "awe", "alike", 0.5);
  add("label", "chess", "awe", "undecided", 0.5);  // of a context that the maps do not have
  ASSERT_TRUE(make_folders(study() / "compare").ok());
  const fs::path cells = study() / "compare" / "cells.parquet";
  ASSERT_TRUE(database_.write_parquet(table, cells, {}).ok());
  auto sets = read_map_sets(database_, study()).value();
  ASSERT_TRUE(read_cell_verdicts(database_, study(), sets).ok());
  const CellVerdicts& label = sets[0].verdicts;
  EXPECT_EQ(label.verdict, (std::vector<std::uint8_t>{0, 1, 2, 0}));
  EXPECT_EQ(label.mean[1], 0.5F);
  EXPECT_TRUE(std::isnan(label.mean[0]) && std::isnan(label.i2[1]));
  EXPECT_TRUE(sets[1].verdicts.verdict.empty()) << "no row speaks of that channel";
  add("label", "sport", "triumph", "perhaps", 0.5);
  ASSERT_TRUE(database_.write_parquet(table, cells, {}).ok());
  EXPECT_NE(read_cell_verdicts(database_, study(), sets).error().message.find("'perhaps'"),
            std::string::npos);
  ASSERT_TRUE(database_.write_parquet(Table(media_schema()), cells, {}).ok());
  EXPECT_EQ(read_cell_verdicts(database_, study(), sets).error().code, ErrorCode::kCorrupt);
}

TEST_F(StudyPagesTest, NumbersAreBase64OfTheirBytes) {
  const std::vector<float> values = {0.5F, -1.25F, NAN};
  const std::string encoded = base64_of(values);
  EXPECT_EQ(encoded.substr(0, 11), "AAAAPwAAoL8");  // 0000003f 0000a0bf
  EXPECT_EQ(base64_of(std::vector<std::uint8_t>{'M', 'a', 'n'}), "TWFu");
  EXPECT_EQ(base64_of(std::vector<std::uint8_t>{'M', 'a'}), "TWE=");
  EXPECT_EQ(base64_of(std::vector<std::uint8_t>{'M'}), "TQ==");
  EXPECT_EQ(base64_of(std::vector<std::int32_t>{-1}), "/////w==");
}

TEST_F(StudyPagesTest, WhatIsMissingIsNamed) {
  const auto none = study_pages_facts(database_, request());
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("mien associate"), std::string::npos);
  write_maps(usual_rows());
  ASSERT_TRUE(make_folders(study() / "compare").ok());
  ASSERT_TRUE(
      write_file_durably(study() / "compare" / "compare.json", "{\"comparisons\": 3}").ok());
  const auto damaged = study_pages_facts(database_, request());
  ASSERT_FALSE(damaged.ok());
  EXPECT_NE(damaged.error().message.find("mien compare"), std::string::npos);
  // Values of other kinds than `mien compare` writes count as not there.
  ASSERT_TRUE(write_file_durably(study() / "compare" / "compare.json",
                                 "{\"comparisons\": [3, {\"source\": 4}, {\"source\": \"visual\", "
                                 "\"channel\": \"label\", \"options\": [1], \"maps\": 2}]}")
                  .ok());
  EXPECT_TRUE(study_pages_facts(database_, request()).ok());
  StudyPagesRequest published = request();
  published.study.clear();
  published.published = folder_.path() / "nowhere";
  EXPECT_FALSE(study_pages_facts(database_, published).ok());
}

TEST_F(StudyPagesTest, PublishedMapsStandAlone) {
  const fs::path maps = testing::shared_dir() / "data" / "published-maps";
  if (!fs::is_directory(maps)) GTEST_SKIP() << maps << " is not there";
  StudyPagesRequest published = request();
  published.study.clear();
  published.published = maps;
  published.experiments = {1};
  const auto facts = study_pages_facts(database_, published);
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  ASSERT_EQ(facts->sets.size(), 1U);
  const MapSet& set = facts->sets.front();
  EXPECT_TRUE(set.is_published);
  EXPECT_EQ(set.contexts.size(), 653U);
  std::size_t missing = 0;
  for (const RegionCells& region : set.cells) {
    for (const std::uint8_t reason : region.reason) missing += reason;
  }
  EXPECT_EQ(missing, 32U) << "two rows of 16 that are wholly missing";
  EXPECT_EQ(facts->places.size(), 12U);
  EXPECT_NE(study_summary(*facts).find("r = 0.480 (0.217 to 0.764)"), std::string::npos);
}

}  // namespace
}  // namespace mien
