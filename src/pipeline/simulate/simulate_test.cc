#include "pipeline/simulate/simulate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "support/paths.h"

#include "base/sha256.h"
#include "pipeline/simulate/ordered_work.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::atomic<bool> kGoOn{false};
const char* const kTables[] = {"corpus", "expressions", "contexts", "context_status", "truth"};

CountryTable countries() {
  return CountryTable::load(testing::source_dir() / "data").value();
}

SimulateRequest small(const fs::path& study) {
  SimulateRequest request;
  request.study = study;
  request.design.videos = 20000;
  request.design.contexts = 30;
  request.design.missing = 0.1;
  return request;
}

std::map<std::string, std::string> sums(const fs::path& study) {
  std::map<std::string, std::string> result;
  for (const auto& entry : fs::directory_iterator(study)) {
    if (entry.path().filename() == ".lock") continue;
    result[entry.path().filename().string()] = sha256_of_file(entry.path()).value();
  }
  return result;
}

TEST(Simulate, WritesTheSameBytesForAnyNumberOfThreads) {
  testing::TemporaryFolder folder;
  SimulateRequest one = small(folder.path() / "one");
  SimulateRequest three = small(folder.path() / "three");
  three.threads = 3;
  ASSERT_TRUE(simulate(one, countries(), kGoOn).ok());
  ASSERT_TRUE(simulate(three, countries(), kGoOn).ok());
  const auto expected = sums(one.study);
  EXPECT_EQ(expected.size(), 6U);
  EXPECT_EQ(expected, sums(three.study));
  SimulateRequest other = small(folder.path() / "other");
  other.design.seed = 2;
  ASSERT_TRUE(simulate(other, countries(), kGoOn).ok());
  for (const auto& [name, sum] : sums(other.study)) EXPECT_NE(sum, expected.at(name)) << name;
}

TEST(Simulate, TablesAreThoseOfAStudyAndSayThatTheyAreSimulated) {
  testing::TemporaryFolder folder;
  const SimulateRequest request = small(folder.path() / "study");
  const SimulateSummary summary = simulate(request, countries(), kGoOn).value();
  EXPECT_EQ(summary.regions, 12);
  EXPECT_EQ(summary.countries, 144);
  Database database = Database::open().value();
  for (const char* table : kTables) {
    const fs::path path = request.study / (std::string(table) + ".parquet");
    const FileMetadata metadata = database.read_metadata(path).value();
    EXPECT_EQ(metadata.at(kSimulatedKey), "true");
    EXPECT_EQ(metadata.at("mien.table"), table);
    EXPECT_EQ(metadata.at("mien.seed"), "1");
    for (const auto& [key, value] : metadata)
      EXPECT_EQ(value.find(folder.path().string()), std::string::npos);
  }
  const auto one = [&](const std::string& sql) {
    std::string text = sql;
    for (const char* table : kTables) {
      const std::string mark = "@" + std::string(table) + " ";
      const fs::path path = request.study / (std::string(table) + ".parquet");
      for (std::size_t at; (at = text.find(mark)) != std::string::npos;) {
        text.replace(at, mark.size(), sql_read_parquet(path) + " ");
      }
    }
    const Table result = database.query(text).value();
    return std::get<std::int64_t>(result.column(0).at(0));
  };
  EXPECT_EQ(one("SELECT count(DISTINCT video_id) FROM @corpus "), 20000);
  EXPECT_EQ(one("SELECT count(DISTINCT country) FROM @corpus "), 144);
  EXPECT_EQ(one("SELECT count(*) FROM (SELECT country FROM @corpus GROUP BY 1 HAVING "
                "count(DISTINCT region) > 1)"),
            0);
  EXPECT_EQ(one("SELECT count(*) FROM @corpus WHERE title IS NOT NULL"), 0);
  EXPECT_NEAR(static_cast<double>(one("SELECT count(covariate_1) FROM @corpus ")), 18000, 200);
  EXPECT_EQ(one("SELECT CAST(round(avg(covariate_1)) AS BIGINT) FROM @corpus "), 2015);
  EXPECT_EQ(one("SELECT count(*) FROM @expressions WHERE (label_awe IS NULL) <> (faces = 0)"), 0);
  EXPECT_EQ(one("SELECT count(*) FROM @expressions WHERE label_awe < 0 OR label_triumph > 1"), 0);
  // Contexts stand only where they could be named, at least 5 a video, with scores on their side.
  EXPECT_EQ(one("SELECT count(*) FROM @contexts c JOIN @context_status s USING (video_id) WHERE "
                "s.status <> 'ok'"),
            0);
  EXPECT_EQ(one("SELECT min(n) FROM (SELECT count(*) AS n FROM @contexts GROUP BY video_id)"), 5);
  EXPECT_EQ(one("SELECT count(*) FROM @contexts WHERE above_threshold <> (score_prob >= 0.5)"), 0);
  EXPECT_EQ(one("SELECT count(*) FROM (SELECT video_id, context FROM @contexts GROUP BY ALL HAVING "
                "count(*) > 1)"),
            0);
  EXPECT_EQ(one("SELECT count(DISTINCT video_id) FROM @contexts "),
            one("SELECT count(*) FROM @context_status WHERE status = 'ok'"));
  EXPECT_EQ(one("SELECT count(*) FROM @truth "), 4 * 5 * 12 * 30 * 16);
  EXPECT_EQ(one("SELECT count(*) FROM @truth WHERE no_effect AND kind = 'partial' AND within = "
                "'country' AND estimate <> 0"),
            0);
  EXPECT_GT(one("SELECT count(*) FROM @truth WHERE no_effect AND kind = 'partial' AND within = "
                "'country'"),
            0);
}

TEST(Simulate, TheTruthToReadSaysWhatRegionsShare) {
  testing::TemporaryFolder folder;
  SimulateRequest request = small(folder.path() / "study");
  request.regions = 3;
  request.countries = 7;
  request.design.expressions = 4;
  request.design.preserved = 2;
  request.design.geography = 0;
  request.design.contexts = 200;
  request.design.country_slopes = 0;
  ASSERT_TRUE(simulate(request, countries(), kGoOn).ok());
  const auto json = nlohmann::json::parse(read_whole_file(request.study / "truth.json").value());
  EXPECT_EQ(json.at("simulated"), true);
  EXPECT_EQ(json.at("regions").size(), 3U);
  const auto& shared = json.at("shared");
  EXPECT_EQ(shared.at("planted_dimensions"), 2);
  EXPECT_EQ(shared.at("similarity").size(), 3U);
  EXPECT_NEAR(shared.at("similarity_mean").get<double>(), 0.7, 0.15);
  EXPECT_NEAR(shared.at("variance_preserved").get<double>(), 0.7, 0.15);
  const auto& values = shared.at("preserved_eigenvalues");
  EXPECT_GT(values.at(1).get<double>(), 3 * std::abs(values.at(2).get<double>()));
  EXPECT_EQ(json.at("partial").at("Africa").size(), 200U);
  EXPECT_TRUE(json.at("partial").at("Africa").at("context_001").contains("expression_1"));
}

TEST(Simulate, RefusesAFolderThatHoldsAStudyAndDesignsThatCannotBe) {
  testing::TemporaryFolder folder;
  SimulateRequest request = small(folder.path() / "study");
  request.design.videos = 50;
  ASSERT_TRUE(simulate(request, countries(), kGoOn).ok());
  const auto before = sums(request.study);
  const auto again = simulate(request, countries(), kGoOn);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kMismatch);
  EXPECT_EQ(before, sums(request.study));
  const auto refused = [&](auto change) {
    SimulateRequest bad = small(folder.path() / "bad");
    change(bad);
    const auto result = simulate(bad, countries(), kGoOn);
    EXPECT_FALSE(result.ok());
    if (result.ok()) return std::string();
    EXPECT_EQ(result.error().code, ErrorCode::kUsage);
    EXPECT_FALSE(fs::exists(bad.study));
    return result.error().message;
  };
  EXPECT_THAT(refused([](auto& r) { r.regions = 13; }), HasSubstr("--regions 13"));
  EXPECT_THAT(refused([](auto& r) { r.countries = 11; }), HasSubstr("--countries 11"));
  EXPECT_THAT(refused([](auto& r) { r.countries = 500; }), HasSubstr("--countries 500"));
  EXPECT_THAT(refused([](auto& r) { r.design.videos = -1; }), HasSubstr("--videos -1"));
  EXPECT_THAT(refused([](auto& r) { r.design.effect = 7; }), HasSubstr("--effect 7"));
}

TEST(Simulate, StopsWhenAskedAndLeavesNoCorpus) {
  testing::TemporaryFolder folder;
  const std::atomic<bool> stop{true};
  const auto result = simulate(small(folder.path() / "study"), countries(), stop);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(fs::exists(folder.path() / "study" / "corpus.parquet"));
}

TEST(Simulate, RegionsGetCountriesInProportionTheLargestFirst) {
  const CountryTable table = countries();
  const auto regions = simulated_regions(table, 12, 144).value();
  std::size_t total = 0;
  for (const SimulatedRegion& region : regions) {
    EXPECT_GE(region.countries.size(), 1U);
    total += region.countries.size();
    for (const std::string& country : region.countries) {
      EXPECT_EQ(table.find(country)->country->region, region.name);
    }
    if (region.name == "US & Canada") {
      EXPECT_THAT(region.countries, ::testing::ElementsAre("CA", "US", "PM"));
    }
  }
  EXPECT_EQ(total, 144U);
}

TEST(OrderedWork, GivesPiecesInOrderAndEndsEarlyWithoutWaiting) {
  for (const int threads : {1, 4}) {
    OrderedWork<int> work(100, threads,
                          [](std::size_t i, int& piece) { piece = static_cast<int>(i); });
    int piece = -1;
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(work.next(piece));
      EXPECT_EQ(piece, i);
    }
    EXPECT_FALSE(work.next(piece));
    OrderedWork<int> left(1000, threads, [](std::size_t, int& p) { p = 0; });
    ASSERT_TRUE(left.next(piece));
  }
}

}  // namespace
}  // namespace mien
