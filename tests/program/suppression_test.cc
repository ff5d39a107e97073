// Small cells are held back in everything that is made of groups of videos: maps, exports, JSON,
// comparison, report. The truth is counted by SQL from the study's tables; then every output is
// searched, and what one could take from one another is.
//
// The study: regions North, South, West, East and one of 7 videos; countries of 6 videos, and of 60
// by 3 uploaders; contexts of 4 videos in North, of 40 videos by 2 uploaders in South, of all but 4
// videos in West, of all but 40 by 2 uploaders in East.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "program/program.h"

#include "store/database.h"
#include "store/sql_text.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

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
    copy("open");
    copy("countries");
    associate(study(), {});
    associate(folder_.path() / "open", {"--min-count", "1"});
    associate(folder_.path() / "countries", {"--by", "country"});
  }

  fs::path study() const { return folder_.path() / "study"; }

  void copy(const std::string& name) const {
    fs::copy(study(), folder_.path() / name, fs::copy_options::recursive);
  }

  Json associate(const fs::path& at, std::vector<std::string> more) {
    std::vector<std::string> words = {"associate",   "--study", at.string(), "--json",
                                      "--bootstrap", "30",      "--kind",    "correlation"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramRun run = run_mien(words);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    outputs_[at.filename().string() + ": associate --json"] = run.out;
    return Json::parse(run.out, nullptr, false);
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
      return sql_read_parquet({&file, 1});
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

  // Every output as text, by name; what is packed is unpacked.
  void gather() {
    const auto run = [&](const std::string& name, const std::vector<std::string>& words) {
      const ProgramRun done = run_mien(words);
      EXPECT_EQ(done.exit_status, 0) << name << done.err;
      outputs_[name] = done.out;
    };
    run("compare --json", {"compare", "--study", study().string(), "--json", "--group", "people"});
    run("report", {"report", "--study", study().string()});
    for (const char* table : {"maps", "excluded", "pairs", "cells", "deviations", "contexts"}) {
      const std::string name =
          std::string(table) == "contexts" ? "compare/contexts" : std::string(table);
      for (const char* format : {"csv", "jsonl"}) {
        run("export " + name + " " + format,
            {"export", study().string(), "--table", name, "--format", format});
      }
    }
    for (const char* folder : {"maps", "compare", "report"}) {
      for (const auto& entry : fs::recursive_directory_iterator(study() / folder)) {
        const std::string end = entry.path().extension().string();
        if (!entry.is_regular_file() || end == ".parquet" || end == ".sums") continue;
        outputs_[entry.path().lexically_relative(study()).string()] = read_text(entry.path());
      }
    }
  }

  static std::string unpacked(const std::string& base64) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    std::uint32_t word = 0;
    int bits = 0;
    for (const char c : base64) {
      const std::size_t digit = kDigits.find(c);
      if (digit == std::string_view::npos) break;
      word = (word << 6U) | static_cast<std::uint32_t>(digit);
      bits += 6;
      if (bits < 8) continue;
      bits -= 8;
      bytes += static_cast<char>((word >> static_cast<unsigned>(bits)) & 0xffU);
    }
    return bytes;
  }

  static Json script(const std::string& text) {
    const std::size_t at = text.find("={") + 1;
    return Json::parse(text.substr(at, text.find_last_of("}]") + 1 - at), nullptr, false);
  }

  // The numbers from 1 to below the minimum that stand under a name of a count.
  static void find_small_counts(const Json& json, const std::string& name,
                                std::vector<std::string>& found) {
    static const std::set<std::string> kCounts = {"videos",
                                                  "uploaders",
                                                  "n",
                                                  "n_context",
                                                  "n_uploaders",
                                                  "blocks",
                                                  "countries",
                                                  "clusters",
                                                  "videos_left_out",
                                                  "clusters_across_regions",
                                                  "corpus_videos",
                                                  "videos_without_a_score_or_action",
                                                  "videos_without_these_measurements"};
    if (json.is_object()) {
      for (const auto& [key, value] : json.items()) find_small_counts(value, key, found);
    } else if (json.is_array()) {
      for (const Json& value : json) find_small_counts(value, name, found);
    } else if (json.is_number_integer() && kCounts.contains(name) && json > 0 && json < kLeast &&
               name != "countries") {
      found.push_back(name + " = " + json.dump());
    }
  }

  TemporaryFolder folder_;
  Database database_ = Database::open().value();
  std::map<std::string, std::string> outputs_;
};

TEST_F(Suppression, NoOutputHoldsASmallCellOrLetsOneTakeItFromOthers) {
  gather();
  const Counts truth = this->truth("region");
  const auto cells = held(maps_of("study"));
  std::size_t small = 0;
  std::map<std::string, std::vector<Count>> held_by_context;
  for (const auto& [cell, count] : truth) {
    if (count.videos == 0) continue;
    if (count.is_small()) {
      ++small;
      EXPECT_TRUE(cells.at(cell)) << cell.first << " " << cell.second;
    }
    if (cells.at(cell)) held_by_context[cell.second].push_back(count);
  }
  EXPECT_TRUE((truth.at({"North", "few"}).is_small()));
  EXPECT_TRUE((truth.at({"South", "one_hand"}).is_small()));
  EXPECT_TRUE((truth.at({"West", "nearly"}).is_small()));
  EXPECT_TRUE((truth.at({"East", "nearly_one_hand"}).is_small()));
  EXPECT_GE(small, 8U) << "and all of the region of 7 videos";
  EXPECT_FALSE(cells.at({"North", "common"}) && cells.at({"South", "common"})) << "most are shown";

  // Total minus the others.
  for (const auto& [context, counts] : held_by_context) {
    std::int64_t videos = 0;
    std::int64_t uploaders = 0;
    for (const Count& count : counts) {
      videos += count.videos;
      uploaders += count.uploaders;  // regions share none here
    }
    EXPECT_GE(counts.size(), 2U) << context;
    EXPECT_GE(videos, kLeast) << context;
    EXPECT_GE(uploaders, kLeast) << context;
  }

  // Values that are held back stand nowhere: neither as digits nor in the packed arrays.
  const Table open = maps_of("open");
  std::size_t searched = 0;
  for (std::size_t r = 0; r < open.rows(); ++r) {
    if (!cells.at({open.column("region").strings()[r], open.column("context").strings()[r]})) {
      continue;
    }
    for (const char* column : {"estimate", "smd", "estimate_pooled"}) {
      if (open.column(column).is_null(r)) continue;
      const double value = open.column(column).doubles()[r];
      if (std::abs(value) < 1e-3 || std::abs(std::abs(value) - 1) < 1e-9) continue;
      const std::string digits = fmt::format("{:.12f}", std::abs(value)).substr(0, 11);
      const auto packed = static_cast<float>(value);
      std::string bytes(sizeof packed, '\0');
      std::memcpy(bytes.data(), &packed, sizeof packed);
      for (const auto& [name, text] : outputs_) {
        if (name.starts_with("open")) continue;
        EXPECT_THAT(text.find(digits), std::string::npos) << name << " " << column << " " << digits;
        ++searched;
        if (!name.starts_with("report/data/cells-")) continue;
        const Json arrays = script(text);
        for (const auto& [key, value_of] : arrays.items()) {
          if (!value_of.is_string()) continue;
          const std::string array = unpacked(value_of.get<std::string>());
          for (std::size_t at = 0; at + bytes.size() <= array.size(); at += bytes.size()) {
            EXPECT_NE(array.compare(at, bytes.size(), bytes), 0) << name << " " << key;
          }
        }
      }
    }
  }
  EXPECT_GT(searched, 100U);
}

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

TEST_F(Suppression, SizesExclusionsPanelsAndCoverageAreHeldBackToo) {
  gather();
  for (const auto& [name, text] : outputs_) {
    if (name.starts_with("open")) continue;
    Json json;
    if (name.ends_with("--json") || name.ends_with(".json"))
      json = Json::parse(text, nullptr, false);
    if (name.ends_with(".js") && name.starts_with("report/data/")) json = script(text);
    if (name.ends_with("jsonl")) {
      json = Json::array();
      std::size_t begin = 0;
      for (std::size_t end = text.find('\n'); end != std::string::npos;
           begin = end + 1, end = text.find('\n', begin)) {
        json.push_back(Json::parse(text.substr(begin, end - begin), nullptr, false));
      }
    }
    std::vector<std::string> found;
    find_small_counts(json, "", found);
    EXPECT_THAT(found, ::testing::IsEmpty()) << name;
  }
  const Json facts = script(outputs_.at("report/data/facts.js"));
  ASSERT_TRUE(facts.is_object());
  std::map<std::string, Json> videos;
  for (const Json& country : facts.at("countries")) videos[country[0]] = country[4];
  EXPECT_TRUE(videos.at("IS").is_null()) << "6 videos";
  EXPECT_TRUE(videos.at("MT").is_null()) << "60 videos of 3 uploaders";
  EXPECT_TRUE(videos.at("TV").is_null()) << "7 videos";
  EXPECT_EQ(videos.at("FR"), 250);
  EXPECT_EQ(videos.at("PE"), 0);
  for (const auto& [country, count] : videos) {
    if (!count.is_number()) continue;
    EXPECT_EQ(count.get<int>() % 10, 0) << country;
  }
  EXPECT_EQ(facts.at("corpus_videos").get<int>() % 10, 0);
  std::int64_t excluded = 0;
  for (const Json& row : facts.at("excluded")) {
    EXPECT_GE(row[4], kLeast) << row;
    excluded += row[4].get<std::int64_t>();
  }
  EXPECT_EQ(excluded, 28) << "put together, none lost";
  for (const Json& face : facts.at("faces")) EXPECT_NE(face.at("name"), "Isle");
  const Json& set = facts.at("sets")[0];
  std::int64_t unknown = 0;
  for (std::size_t g = 0; g < set.at("regions").size(); ++g) {
    const bool is_isle = set.at("regions")[g] == "Isle";
    EXPECT_TRUE(!is_isle || set.at("n")[g].is_null());
    unknown += set.at("n")[g].is_null() ? 1 : 0;
  }
  EXPECT_EQ(unknown, 2) << "the total minus the others would tell of the one";

  const Json compared = Json::parse(outputs_.at("compare --json"));
  for (const Json& country : compared.at("panels").at("g").at("result")) {
    for (const char* small : {"IS", "MT", "TV"}) EXPECT_NE(country.at("country"), small);
  }
  const Json& groups = compared.at("panels").at("f").at("result");
  for (const Json& row : groups.at("scores")) {
    EXPECT_NE(row.at("group"), "few");
    EXPECT_EQ(row.at("videos").get<int>() % 10, 0);
  }
  EXPECT_TRUE(compared.at("panels").at("j").at("result").at("clusters").is_null());
  EXPECT_TRUE(compared.at("panels").at("j").at("result").at("videos_left_out").is_null());
}

}  // namespace
}  // namespace mien::testing
