// What is held back is in no output: the whole path runs over a study with small cells, and then
// everything that it wrote or printed is searched. The same path with `--min-count 0` tells what to
// search for, and that the search finds it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "program/program.h"
#include "program/told_numbers.h"

#include "store/database.h"
#include "store/sql_text.h"
#include "table/schema.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kLeastTold = 10;
constexpr std::int64_t kTelling = 100;  // smaller numbers occur everywhere

// Regions North, South, West, East; Isle of 7 videos; Cove of 223 videos by 3 uploaders. Countries
// of 6 videos (IS) and of 61 by 3 uploaders (MT). Left out: 274 videos by 2 uploaders in South, 3
// in West, 97 in East. Groups of people: 149 videos by 2 uploaders, 5 videos.
constexpr const char* kPlantedVideos = R"sql(
SELECT 'v' || lpad(CAST(i AS VARCHAR), 5, '0') AS video_id, i,
  CASE WHEN i < 700 THEN 'North' WHEN i < 1400 THEN 'South' WHEN i < 2100 THEN 'West'
    WHEN i < 2761 THEN 'East' WHEN i < 2768 THEN 'Isle' ELSE 'Cove' END AS region,
  CASE WHEN i < 6 THEN 'IS' WHEN i < 700 THEN (CASE WHEN i % 5 < 3 THEN 'NO' ELSE 'SE' END)
    WHEN i < 761 THEN 'MT' WHEN i < 1400 THEN (CASE WHEN i % 2 = 0 THEN 'IT' ELSE 'ES' END)
    WHEN i < 2100 THEN (CASE WHEN i % 2 = 0 THEN 'FR' ELSE 'DE' END)
    WHEN i < 2761 THEN (CASE WHEN i % 2 = 0 THEN 'JP' ELSE 'KR' END)
    WHEN i < 2768 THEN 'TV' ELSE 'MC' END AS country,
  CASE WHEN i BETWEEN 700 AND 760 THEN 'm' || i % 3 WHEN i BETWEEN 800 AND 1073 THEN 'x' || i % 2
    WHEN i BETWEEN 1226 AND 1382 THEN 'y' || i % 2 WHEN i BETWEEN 1076 AND 1224 THEN 'p' || i % 2
    WHEN i >= 2768 THEN 'c' || i % 3 ELSE 'u' || i // 2 END AS uploader,
  CASE WHEN i % 2 = 0 THEN 'en' ELSE 'fr' END AS language,
  CASE WHEN i < 5 THEN 'few' WHEN i BETWEEN 1076 AND 1224 THEN 'band'
    WHEN i % 2 = 0 THEN 'one' ELSE 'other' END AS people,
  CASE WHEN i IN (20, 22) THEN 'v00020' END AS duplicate_cluster,
  (i * 7919 % 1009) / 1009.0 AS noise
FROM range(2991) t(i))sql";

constexpr const char* kPlantedContexts = R"sql(
SELECT video_id, 'common' AS context FROM v WHERE i % 3 = 0
UNION ALL SELECT video_id, 'few' FROM v WHERE i IN (10, 30, 50, 70) OR (i >= 700 AND i % 7 = 0)
UNION ALL SELECT video_id, 'one_hand' FROM v
  WHERE i BETWEEN 1226 AND 1382 OR (region <> 'South' AND i % 5 = 1)
UNION ALL SELECT video_id, 'nearly' FROM v
  WHERE (region = 'West' AND i NOT BETWEEN 1400 AND 1403) OR (region <> 'West' AND i % 4 = 2))sql";

struct Paths {
  ToldNumbers numbers;
  std::map<std::string, Table> tables;  // maps and excluded, by region and by country
};

class SuppressionSearch : public ::testing::Test {
 protected:
  void make(const fs::path& at) {
    fs::create_directories(at);
    const auto put = [&](const char* name, const std::string& sql) {
      const Status written = database_.write_query_parquet(
          "WITH v AS (" + std::string(kPlantedVideos) + ") " + sql, at / name, {});
      ASSERT_TRUE(written.ok()) << written.error().message;
    };
    put("corpus.parquet",
        "SELECT video_id, '/nowhere/' || video_id AS uri, country, region, CAST(NULL AS VARCHAR) "
        "AS title, CAST(NULL AS VARCHAR) AS description, language, CAST(NULL AS VARCHAR) AS "
        "uploaded_on, uploader, people, duplicate_cluster FROM v ORDER BY i");
    std::string columns = "SELECT video_id";
    for (const ColumnSpec& column : expressions_schema({}).columns) {
      if (column.name == "video_id") continue;
      const char* type = column.type == ColumnType::kDouble   ? "DOUBLE"
                         : column.type == ColumnType::kString ? "VARCHAR"
                         : column.type == ColumnType::kBool   ? "BOOLEAN"
                                                              : "BIGINT";
      columns += ", CAST(" + std::string(column.name == "faces" ? "1" : "NULL") + " AS " + type +
                 ") AS " + column.name;
    }
    put("expressions.parquet", columns +
                                   ", noise AS label_awe, noise * noise AS label_joy, CAST(((i * i "
                                   "* 31 + i * 104729) % 997) / "
                                   "997.0 AS DOUBLE) AS action_smile FROM v ORDER BY i");
    put("contexts.parquet",
        "SELECT video_id, 'visual' AS source, context, CAST(0.9 AS DOUBLE) AS "
        "score_prob, true AS above_threshold FROM (" +
            std::string(kPlantedContexts) + ") ORDER BY video_id, context");
    put("context_status.parquet",
        "SELECT video_id, 'visual' AS source, 'made' AS vocabulary, CASE WHEN i BETWEEN 800 AND "
        "1073 "
        "OR i IN (1501, 1503, 1505) THEN 'failed' WHEN i BETWEEN 2200 AND 2393 AND i % 2 = 0 THEN "
        "'skipped' ELSE 'ok' END AS status, CAST(NULL AS VARCHAR) AS reason, CAST(NULL AS VARCHAR) "
        "AS language, CAST(NULL AS DOUBLE) AS language_prob, CAST(NULL AS DOUBLE) AS none_prob "
        "FROM v ORDER BY i");
  }

  void run(const std::vector<std::string>& words, Paths& paths) {
    const ProgramRun result = run_mien(words);
    std::string name = words.front();
    for (std::size_t i = 2; i < words.size(); ++i) name += " " + words[i];
    EXPECT_EQ(result.exit_status, 0) << name << ": " << result.err;
    paths.numbers.add_text(name, result.out);
    paths.numbers.add_text(name, result.err);
  }

  // Everything that writes or prints numbers of videos of groups, with this minimum.
  Paths go(const std::string& name, std::int64_t minimum) {
    Paths paths;
    const std::string least = std::to_string(minimum);
    for (const std::string by : {"region", "country"}) {
      const fs::path study = folder_.path() / (name + "_" + by);
      make(study);
      const std::string at = study.string();
      run({"associate", at, "--by", by, "--json", "--bootstrap", "30", "--kind", "correlation",
           "--min-count", least},
          paths);
      run({"associate", at, "--by", by, "--bootstrap", "30", "--kind", "correlation", "--min-count",
           least},
          paths);
      for (const char* table : {"maps", "excluded"}) {
        paths.tables[table + (" " + by)] =
            database_.read_parquet(study / "maps" / (std::string(table) + ".parquet")).value();
        run({"export", at, "--table", table}, paths);
        run({"export", at, "--table", table, "--format", "jsonl"}, paths);
      }
      paths.numbers.add_folder(database_, study / "maps");
      if (by == "country") continue;
      const fs::path list = folder_.path() / (name + ".parquet");
      const Status listed = database_.write_query_parquet(
          "WITH v AS (" + std::string(kPlantedVideos) +
              ") SELECT video_id, country, region, uploader FROM v ORDER BY i",
          list, {});
      EXPECT_TRUE(listed.ok()) << listed.error().message;
      for (const bool as_json : {true, false}) {
        std::vector<std::string> words = {"ingest", list.string(), "--out",
                                          list.string() + (as_json ? "_json" : "_text")};
        if (as_json) words.emplace_back("--json");
        run(words, paths);
      }
      run({"compare", "--study", at, "--json", "--group", "people"}, paths);
      run({"compare", "--study", at, "--group", "people"}, paths);
      for (const char* table : {"pairs", "cells", "deviations"}) {
        run({"export", at, "--table", table}, paths);
      }
      paths.numbers.add_folder(database_, study / "compare");
      run({"report", at}, paths);
      paths.numbers.add_folder(database_, study / "report");
      run({"verify", at, "--json", "--min-count", least}, paths);
      run({"verify", at, "--min-count", least}, paths);
    }
    return paths;
  }

  // By the columns that name a row: what is null in `told` and not in `all`.
  struct Held {
    std::vector<std::pair<double, std::string>> values;  // and what they are of
    std::set<std::int64_t> counts;
    std::set<std::int64_t> told;
  };
  Held held(const Table& told, const Table& all, const std::vector<std::string>& names) {
    const auto name_of = [&](const Table& table, std::size_t row) {
      std::string name;
      for (const std::string& column : names) {
        const Cell cell = table.at(row, column);
        const auto* text = std::get_if<std::string>(&cell);
        name += (text == nullptr ? "-" : *text) + "|";
      }
      return name;
    };
    std::map<std::string, std::size_t> rows;
    for (std::size_t r = 0; r < told.rows(); ++r) rows[name_of(told, r)] = r;
    Held result;
    for (std::size_t r = 0; r < all.rows(); ++r) {
      const auto same = rows.find(name_of(all, r));
      for (const ColumnSpec& column : all.schema().columns) {
        const Cell cell = all.at(r, column.name);
        const bool is_told = same != rows.end() && !told.column(column.name).is_null(same->second);
        if (const auto* count = std::get_if<std::int64_t>(&cell)) {
          (is_told ? result.told : result.counts).insert(*count);
        }
        // Corrected over all cells that are there, p is of no cell alone.
        const auto* value = std::get_if<double>(&cell);
        if (value == nullptr || is_told || column.name.starts_with("p_")) continue;
        // Not 0, 1 or another number that says nothing.
        const double fine = std::abs(*value) * 1e6;
        if (std::isfinite(fine) && fine > 1 && fine != std::floor(fine)) {
          result.values.emplace_back(*value, name_of(all, r) + column.name);
        }
      }
    }
    std::erase_if(result.counts, [](std::int64_t count) { return count < kTelling; });
    return result;
  }

  TemporaryFolder folder_;
  Database database_ = Database::open().value();
};

TEST_F(SuppressionSearch, WhatIsHeldBackIsInNoFileAndInNoPrintedNumber) {
  const Paths told = go("told", kLeastTold);
  const Paths all = go("all", 0);

  Held hidden;
  const auto add = [&](const std::string& table, const std::vector<std::string>& names) {
    const Held of_table = held(told.tables.at(table), all.tables.at(table), names);
    EXPECT_FALSE(of_table.counts.empty()) << table;
    hidden.values.insert(hidden.values.end(), of_table.values.begin(), of_table.values.end());
    hidden.counts.insert(of_table.counts.begin(), of_table.counts.end());
    hidden.told.insert(of_table.told.begin(), of_table.told.end());
  };
  for (const std::string by : {" region", " country"}) {
    add("maps" + by, {"region", "context", "channel", "expression"});
    add("excluded" + by, {"region", "language", "reason"});
  }
  for (const std::int64_t count : hidden.told) hidden.counts.erase(count);
  hidden.counts.insert({149, 97});  // a group of people; of what was left out
  for (const std::int64_t planted : {157, 137, 223}) {
    EXPECT_TRUE(hidden.counts.contains(planted)) << planted;
  }
  EXPECT_GE(hidden.counts.size(), 8U);
  EXPECT_GE(hidden.values.size(), 60U);

  std::size_t found = 0;
  for (const std::int64_t count : hidden.counts) {
    EXPECT_EQ(told.numbers.place_of(count), "") << count;
    found += all.numbers.place_of(count).empty() ? 0 : 1;
  }
  EXPECT_GE(found, hidden.counts.size() - 1) << "all is told without a minimum, but for groups of "
                                                "people, which are rounded";
  found = 0;
  for (const auto& [value, name] : hidden.values) {
    EXPECT_EQ(told.numbers.place_of(value), "") << name << " " << value;
    found += all.numbers.place_of(value).empty() ? 0 : 1;
  }
  EXPECT_EQ(found, hidden.values.size()) << "the search finds what is told";
}

}  // namespace
}  // namespace mien::testing
