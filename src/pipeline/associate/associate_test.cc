// From the tables of a study to its maps: the same numbers as the reference, whole or in parts.
#include "pipeline/associate/associate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "pipeline/associate/associate_fixture.h"
#include "pipeline/associate/associate_json.h"
#include "pipeline/associate/association_file.h"
#include "pipeline/study/study_tables.h"

namespace mien {
namespace {

using testing::AssociateTest;

TEST_F(AssociateTest, MapsOfAStudyEqualTheReference) {
  const Table rows = read_case();
  const std::filesystem::path study = write("study", tables_of(rows, all(rows.rows())));
  const auto summary = associate(options_for(study));
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->corpus_videos, 700);
  EXPECT_EQ(summary->sources.front().videos, 700);
  const Table maps = maps_of(study);

  const std::string name = "tests/reference/stats/expected/associations.csv";
  const auto bytes = read_whole_file(testing::source_dir() / name);
  const Table expected = std::move(parse_list(*bytes, name)).value();
  std::map<std::string, std::size_t> wanted;
  for (std::size_t r = 0; r < expected.rows(); ++r) {
    const bool same_run =
        text(expected, r, "case") == "mixed" && text(expected, r, "use") == "present" &&
        text(expected, r, "kind") == "partial" && text(expected, r, "within") == "country" &&
        text(expected, r, "control") == "none";
    if (!same_run) continue;
    wanted[text(expected, r, "region") + "/" + text(expected, r, "context") + "/" +
           text(expected, r, "expression")] = r;
  }
  ASSERT_EQ(maps.rows(), wanted.size());
  for (std::size_t r = 0; r < maps.rows(); ++r) {
    const std::size_t at = wanted.at(text(maps, r, "region") + "/" + text(maps, r, "context") +
                                     "/label_" + text(maps, r, "expression"));
    for (const char* column : {"estimate", "se", "p_bh", "p_by", "p_holm", "superiority"}) {
      const std::string number = text(expected, at, column);
      const Cell cell = maps.at(r, column);
      ASSERT_EQ(number.empty(), std::holds_alternative<std::monostate>(cell)) << column;
      if (number.empty()) continue;
      EXPECT_NEAR(std::get<double>(cell), std::strtod(number.c_str(), nullptr), 1e-9) << column;
    }
    EXPECT_EQ(std::to_string(std::get<std::int64_t>(maps.at(r, "n_uploaders"))),
              text(expected, at, "n_uploaders"));
    EXPECT_EQ(text(maps, r, "channel"), "label");
  }
  const auto metadata = database_.read_metadata(study / "maps" / "maps.parquet");
  ASSERT_TRUE(metadata.ok());
  EXPECT_EQ(metadata->at("kind"), "partial");
  EXPECT_EQ(metadata->at("seed"), "20211");
  EXPECT_EQ(metadata->at("expressions_simulated"), "false");
}

TEST_F(AssociateTest, HalvesMergedEqualTheWholeAndThreadsChangeNoByte) {
  const Table rows = read_case();
  std::vector<std::size_t> odd;
  std::vector<std::size_t> even;
  for (std::size_t i = 0; i < rows.rows(); ++i) (i % 2 != 0 ? odd : even).push_back(i);
  const auto whole = write("whole", tables_of(rows, all(rows.rows())));
  const auto a = write("a", tables_of(rows, even));
  const auto b = write("b", tables_of(rows, odd));
  AssociateOptions options = options_for(whole);
  ASSERT_TRUE(associate(options).ok());
  const auto first = read_whole_file(whole / "maps" / "maps.parquet");
  options.map.threads = 3;
  ASSERT_TRUE(associate(options).ok());
  EXPECT_EQ(*first, *read_whole_file(whole / "maps" / "maps.parquet"));
  ASSERT_TRUE(associate(options_for(a)).ok());
  ASSERT_TRUE(associate(options_for(b)).ok());
  const auto merged = merge_associations({a, b}, folder_.path() / "merged", 2);
  ASSERT_TRUE(merged.ok()) << merged.error().message;
  EXPECT_LE(difference(maps_of(whole), maps_of(folder_.path() / "merged")), 1e-12);

  AssociateOptions other = options_for(b);
  other.map.estimator.kind = AssociationKind::kSlope;
  ASSERT_TRUE(associate(other).ok());
  const auto refused = merge_associations({a, b}, folder_.path() / "refused", 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMismatch);
  EXPECT_NE(refused.error().message.find("kind"), std::string::npos);
  EXPECT_EQ(
      merge_associations({a, folder_.path() / "nothing"}, folder_.path() / "x", 1).error().code,
      ErrorCode::kNotFound);
}

TEST_F(AssociateTest, OrderOfRowsAndShardsDoesNotMatter) {
  const Table rows = read_case();
  const auto straight = write("straight", tables_of(rows, all(rows.rows())));
  std::vector<std::size_t> order = all(rows.rows());
  std::reverse(order.begin(), order.end());
  Tables tables = tables_of(rows, order);
  const Tables first = tables_of(rows, all(350));
  std::vector<std::size_t> last;
  for (std::size_t i = rows.rows(); i > 350; --i) last.push_back(i - 1);
  const Tables second = tables_of(rows, last);
  const auto shuffled = write("shuffled", tables);
  const auto annotations = shuffled / "annotations";
  std::filesystem::create_directories(annotations / "shard-00001");
  const std::pair<const char*, const Tables*> shards[] = {{"shard-00000", &second},
                                                          {"shard-00001", &first}};
  for (const auto& [name, part] : shards) {
    ASSERT_TRUE(
        database_.write_parquet(part->contexts, annotations / name / "contexts.parquet", {}).ok());
    ASSERT_TRUE(
        database_.write_parquet(part->expressions, annotations / name / "expressions.parquet", {})
            .ok());
  }
  seal(shuffled);
  ASSERT_TRUE(associate(options_for(straight)).ok());
  const auto done = associate(options_for(shuffled));
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_LE(difference(maps_of(straight), maps_of(shuffled)), 1e-12);
}

TEST_F(AssociateTest, EveryVideoThatLeavesIsCounted) {
  const Table rows = read_case();
  Tables tables = tables_of(rows, all(rows.rows()));
  // The same rows with some cells spoiled.
  Table corpus(tables.corpus.schema());
  Table expressions(tables.expressions.schema());
  Table status(tables.status.schema());
  Table contexts(tables.contexts.schema());
  const auto copy = [](const Table& from, std::size_t r) {
    std::vector<Cell> row;
    for (std::size_t c = 0; c < from.schema().columns.size(); ++c)
      row.push_back(from.column(c).at(r));
    return row;
  };
  const auto at = [](const Table& table, const char* name) {
    return static_cast<std::size_t>(table.schema().index_of(name));
  };
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    std::vector<Cell> video = copy(tables.corpus, r);
    if (r == 0) video[at(corpus, "region")] = std::monostate{};
    if (r == 1) video[at(corpus, "country")] = std::monostate{};
    if (r == 2) video[at(corpus, "covariate_year")] = std::monostate{};
    if (r == 3) video[at(corpus, "covariate_device")] = std::monostate{};
    if (r == 4) video[at(corpus, "language")] = std::monostate{};
    corpus.append(video);
    std::vector<Cell> scores = copy(tables.expressions, r);
    if (r == 4) scores[at(expressions, "label_awe")] = std::monostate{};
    if (r == 5) {
      for (const char* name : {"label_elation", "label_awe", "label_doubt", "label_fixed"}) {
        scores[at(expressions, name)] = std::monostate{};
      }
    }
    if (r == 6) scores[at(expressions, "label_awe")] = 1.5;
    if (r != 7) expressions.append(scores);
    std::vector<Cell> state = copy(tables.status, r);
    if (r == 8) state[at(status, "status")] = std::string("failed");
    if (r != 9) status.append(state);
  }
  const std::string tenth = text(rows, 10, "video_id");
  for (std::size_t r = 0; r < tables.contexts.rows(); ++r) {
    std::vector<Cell> row = copy(tables.contexts, r);
    if (text(tables.contexts, r, "video_id") == tenth) row[at(contexts, "score_prob")] = 7.0;
    contexts.append(row);
  }
  tables = {corpus, expressions, contexts, status};
  const auto study = write("spoiled", tables);
  const auto summary = associate(options_for(study));
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  std::map<std::string, std::int64_t> reasons;
  std::int64_t left = 0;
  for (const auto& [key, videos] : summary->sources.front().exclusions) {
    reasons[key[2]] += videos;
    left += videos;
    if (key[2] == "no_region") {
      EXPECT_EQ(key[0], "");
    } else if (key[2] == "missing_expression") {
      EXPECT_EQ(key[1], "");
    }
  }
  const std::map<std::string, std::int64_t> wanted = {{"no_region", 1},
                                                      {"no_country", 1},
                                                      {"missing_covariate_year", 1},
                                                      {"missing_covariate_device", 1},
                                                      {"missing_expression", 1},
                                                      {"no_scored_face", 1},
                                                      {"score_out_of_range", 1},
                                                      {"no_expressions", 1},
                                                      {"context_failed", 1},
                                                      {"no_context_status", 1},
                                                      {"context_score_invalid", 1}};
  EXPECT_EQ(reasons, wanted);
  EXPECT_EQ(summary->sources.front().videos + left, 700);
  const auto excluded = database_.read_parquet(study / "maps" / "excluded.parquet");
  ASSERT_TRUE(excluded.ok());
  EXPECT_EQ(excluded->rows(), summary->sources.front().exclusions.size());
  const auto json = to_json(*summary, options_for(study).map);
  EXPECT_EQ(json["sources"][0]["excluded"].size(), excluded->rows());
}

TEST_F(AssociateTest, MeasuredColumnsAndWeightsMayBeUsed) {
  const Table rows = read_case();
  const auto study = write("measured", tables_of(rows, all(rows.rows())));
  AssociateOptions options = options_for(study);
  options.covariates = {"faces", "covariate_year"};
  options.weights = "weight";
  options.contexts = ContextUse::kScore;
  options.by = "country";
  const auto summary = associate(options);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  const AssociationLayout& layout = summary->sources.front().layout;
  EXPECT_EQ(layout.covariates, (std::vector<std::string>{"faces", "covariate_year"}));
  EXPECT_EQ(layout.groups.size(), 14U);
  EXPECT_EQ(layout.parents.front(), "Narrow");
  EXPECT_EQ(layout.parents.back(), "Wide");
}

}  // namespace
}  // namespace mien
