// Small cells are held back in maps of regions and of countries, and none can be taken as the
// difference of the two. The truth is counted by SQL from the study's tables.
//
// The study: regions North, South, West, East and one of 7 videos; countries of 6 videos, and of 60
// by 3 uploaders; contexts of 4 videos in North, of 40 videos by 2 uploaders in South, of all but 4
// videos in West, of all but 40 by 2 uploaders in East.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "program/program.h"

#include "store/database.h"
#include "store/sql_text.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kLeast = 10;

constexpr const char* kVideos = R"sql(
SELECT 'v' || lpad(CAST(i AS VARCHAR), 5, '0') AS video_id, i,
  CASE WHEN i < 500 THEN 'North' WHEN i < 1000 THEN 'South' WHEN i < 1500 THEN 'West'
    WHEN i < 1993 THEN 'East' ELSE 'Isle' END AS region,
  CASE WHEN i < 6 THEN 'IS' WHEN i < 500 THEN (CASE WHEN i % 5 < 3 THEN 'NO' ELSE 'SE' END)
    WHEN i < 560 THEN 'MT' WHEN i < 1000 THEN (CASE WHEN i % 2 = 0 THEN 'IT' ELSE 'ES' END)
    WHEN i < 1500 THEN (CASE WHEN i % 2 = 0 THEN 'FR' ELSE 'DE' END)
    WHEN i < 1993 THEN (CASE WHEN i % 2 = 0 THEN 'JP' ELSE 'KR' END) ELSE 'TV' END AS country,
  CASE WHEN i BETWEEN 500 AND 559 THEN 'm' || i % 3 WHEN i BETWEEN 600 AND 639 THEN 'two' || i % 2
    WHEN i BETWEEN 1600 AND 1639 THEN 'q' || i % 2 ELSE 'u' || i // 2 END AS uploader,
  CASE WHEN i % 2 = 0 THEN 'en' ELSE 'fr' END AS language,
  CASE WHEN i < 5 THEN 'few' WHEN i % 2 = 0 THEN 'one' ELSE 'other' END AS people,
  CASE WHEN i IN (20, 22) THEN 'v00020' END AS duplicate_cluster,
  (i * 7919 % 1000) / 1000.0 AS noise
FROM range(2000) t(i))sql";

constexpr const char* kContexts = R"sql(
SELECT video_id, 'common' AS context FROM v WHERE i % 3 = 0
UNION ALL SELECT video_id, 'few' FROM v WHERE i IN (10, 30, 50, 70) OR (i >= 500 AND i % 7 = 0)
UNION ALL SELECT video_id, 'one_hand' FROM v
  WHERE i BETWEEN 600 AND 639 OR (region <> 'South' AND i % 5 = 1)
UNION ALL SELECT video_id, 'nearly' FROM v
  WHERE (region = 'West' AND i NOT IN (1001, 1021, 1041, 1061)) OR (region <> 'West' AND i % 4 = 2)
UNION ALL SELECT video_id, 'nearly_one_hand' FROM v
  WHERE (region = 'East' AND i NOT BETWEEN 1600 AND 1639) OR (region <> 'East' AND i % 6 = 1))sql";

struct Count {
  std::int64_t videos = 0, uploaders = 0, others = 0, others_uploaders = 0;
  bool is_small() const {
    return videos > 0 && (videos < kLeast || uploaders < kLeast ||
                          (others > 0 && (others < kLeast || others_uploaders < kLeast)));
  }
};
using Counts = std::map<std::pair<std::string, std::string>, Count>;  // by group and context

class Suppression : public ::testing::Test {
 protected:
  void SetUp() override {
    make(study());
    copy("countries");
    associate(study(), {});
    associate(folder_.path() / "countries", {"--by", "country"});
  }

  fs::path study() const { return folder_.path() / "study"; }

  void copy(const std::string& name) const {
    fs::copy(study(), folder_.path() / name, fs::copy_options::recursive);
  }

  void associate(const fs::path& at, std::vector<std::string> more) {
    std::vector<std::string> words = {"associate",   "--study", at.string(), "--json",
                                      "--bootstrap", "30",      "--kind",    "correlation"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramRun run = run_mien(words);
    EXPECT_EQ(run.exit_status, 0) << run.err;
  }

  void make(const fs::path& at) {
    fs::create_directories(at);
    const auto put = [&](const char* name, const std::string& sql) {
      const Status written = database_.write_query_parquet(
          "WITH v AS (" + std::string(kVideos) + ") " + sql, at / name, {});
      ASSERT_TRUE(written.ok()) << written.error().message;
    };
    put("corpus.parquet",
        "SELECT video_id, CAST(NULL AS VARCHAR) AS uri, country, region, CAST(NULL AS VARCHAR) AS "
        "title, CAST(NULL AS VARCHAR) AS description, language, CAST(NULL AS VARCHAR) AS "
        "uploaded_on, uploader, people, duplicate_cluster FROM v ORDER BY i");
    put("expressions.parquet",
        "SELECT video_id, CAST(1 AS BIGINT) AS faces, noise AS label_awe, noise * noise AS "
        "label_joy, CAST((i * 104729 % 997) / 997.0 AS DOUBLE) AS action_smile FROM v ORDER BY i");
    put("contexts.parquet",
        "SELECT video_id, 'visual' AS source, context, CAST(0.9 AS DOUBLE) AS "
        "score_prob, true AS above_threshold FROM (" +
            std::string(kContexts) + ") ORDER BY video_id, context");
    put("context_status.parquet",
        "SELECT video_id, 'visual' AS source, 'made' AS vocabulary, CASE WHEN i IN (101, 103, 105) "
        "THEN 'failed' WHEN i % 80 = 37 THEN 'skipped' ELSE 'ok' END AS status, CAST(NULL AS "
        "VARCHAR) AS reason, CAST(NULL AS VARCHAR) AS language, CAST(NULL AS DOUBLE) AS "
        "language_prob, CAST(NULL AS DOUBLE) AS none_prob FROM v ORDER BY i");
  }

  // Counted from the tables, by `column` of the corpus.
  Counts truth(const std::string& column) {
    const auto table = [&](const char* name) {
      const fs::path file = study() / name;
      return sql_read_parquet(file);
    };
    Counts counts;
    const Table rows =
        database_
            .query(
                "WITH a AS (SELECT c." + column + " AS g, c.video_id, c.uploader FROM " +
                table("corpus.parquet") + " c JOIN " + table("context_status.parquet") +
                " s USING (video_id) WHERE s.status = 'ok'), k AS (SELECT DISTINCT context FROM " +
                table("contexts.parquet") +
                "), f AS (SELECT a.*, k.context, x.video_id IS NOT "
                "NULL AS has FROM a CROSS JOIN k LEFT JOIN " +
                table("contexts.parquet") +
                " x ON x.video_id = a.video_id AND x.context = k.context) SELECT g, context, "
                "count(*) FILTER (has), count(DISTINCT uploader) FILTER (has), count(*) FILTER "
                "(NOT has), count(DISTINCT uploader) FILTER (NOT has) FROM f GROUP BY ALL")
            .value();
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      const auto number = [&](std::size_t c) { return rows.column(c).integers()[r]; };
      counts[{rows.column(std::size_t{0}).strings()[r], rows.column(1).strings()[r]}] = {
          number(2), number(3), number(4), number(5)};
    }
    return counts;
  }

  Table maps_of(const std::string& name) {
    return database_.read_parquet(folder_.path() / name / "maps" / "maps.parquet").value();
  }

  // Group and context -> whether the cell is held back, and that its row then tells nothing.
  std::map<std::pair<std::string, std::string>, bool> held(const Table& maps) {
    std::map<std::pair<std::string, std::string>, bool> cells;
    for (std::size_t r = 0; r < maps.rows(); ++r) {
      const bool is_held = std::get<bool>(maps.at(r, "suppressed"));
      cells[{maps.column("region").strings()[r], maps.column("context").strings()[r]}] = is_held;
      if (!is_held) continue;
      for (const char* column :
           {"estimate", "se", "lower", "upper", "df", "p", "p_bh", "p_holm", "p_by", "smd",
            "superiority", "n_context", "n_uploaders", "estimate_pooled", "estimate_between"}) {
        EXPECT_TRUE(maps.column(column).is_null(r)) << column;
      }
    }
    return cells;
  }

  TemporaryFolder folder_;
  Database database_ = Database::open().value();
};

TEST_F(Suppression, RegionsMinusCountriesGiveNoSmallCell) {
  const Counts regions = truth("region");
  const Counts countries = truth("country");
  const auto of_regions = held(maps_of("study"));
  const auto of_countries = held(maps_of("countries"));
  const std::map<std::string, std::set<std::string>> parts = {{"North", {"NO", "SE", "IS"}},
                                                              {"South", {"IT", "ES", "MT"}},
                                                              {"West", {"FR", "DE"}},
                                                              {"East", {"JP", "KR"}}};
  for (const auto& [cell, count] : regions) {
    const auto region = parts.find(cell.first);
    if (region == parts.end() || of_regions.at(cell)) continue;
    Count rest;
    for (const std::string& country : region->second) {
      if (!of_countries.at({country, cell.second})) continue;
      rest.videos += countries.at({country, cell.second}).videos;
      rest.uploaders += countries.at({country, cell.second}).uploaders;
    }
    EXPECT_TRUE(rest.videos == 0 || (rest.videos >= kLeast && rest.uploaders >= kLeast))
        << cell.first << " " << cell.second << ": " << rest.videos << " videos";
  }
}

}  // namespace
}  // namespace mien::testing
