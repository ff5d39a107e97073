#include "pipeline/ingest/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/paths.h"

#include "base/sha256.h"
#include "store/database.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::atomic<bool> kGoOn{false};

class IngestTest : public ::testing::Test {
 protected:
  IngestTest() : countries_(CountryTable::load(testing::source_dir() / "data").value()) {
    request_.study = folder_.path() / "study";
  }

  Result<IngestSummary> run(const std::string& text, const std::string& name = "list.csv") {
    request_.options.list = folder_.path() / name;
    std::ofstream(request_.options.list, std::ios::binary) << text;
    request_.redo = true;
    return ingest(request_, countries_, kGoOn);
  }

  Table read(const std::string& table) {
    return Database::open().value().read_parquet(request_.study / (table + ".parquet")).value();
  }

  // A column as text, "-" for null.
  std::vector<std::string> column(const std::string& table, const std::string& name) {
    const Table rows = read(table);
    std::vector<std::string> texts;
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      const Cell cell = rows.at(r, name);
      if (const auto* text = std::get_if<std::string>(&cell)) {
        texts.push_back(*text);
      } else if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
        texts.push_back(std::to_string(*whole));
      } else {
        texts.push_back(std::holds_alternative<std::monostate>(cell) ? "-" : "?");
      }
    }
    return texts;
  }

  testing::TemporaryFolder folder_;
  CountryTable countries_;
  IngestRequest request_;
};

// Fields as yt-dlp names them.
TEST_F(IngestTest, TakesAFolderOfWhatYtDlpWrote) {
  const std::filesystem::path folder = folder_.path() / "downloads";
  std::filesystem::create_directories(folder);
  const auto put = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder / name, std::ios::binary) << text;
  };
  put("a.info.json",
      R"({"id": "x1", "title": "A walk in the park", "description": "d", "upload_date": "20200131",
          "duration": 61.5, "channel_id": "UC1", "uploader_id": "@one", "extractor": "site",
          "webpage_url": "https://site/x1", "language": "en", "view_count": 7,
          "tags": ["park", "walk"], "ext": "mp4", "_type": "video", "formats": [{"url": "u"}]})");
  put("a.mp4", "bytes");
  put("b.info.json", R"({"id": "x2", "title": null, "uploader_id": "@two", "ext": "../../x"})");
  put("c.info.json", R"({"id": "PL", "_type": "playlist"})");
  put("d.info.json", R"({"id": "cut)");
  put("e.json", "{}");
  request_.options.list = folder;
  const auto summary = ingest(request_, countries_, kGoOn);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->accepted, 2);
  EXPECT_EQ(summary->reasons.at("bad_json"), 2);
  EXPECT_EQ(summary->without_country, 2);
  EXPECT_THAT(column("corpus", "video_id"), ElementsAre("x1", "x2"));
  EXPECT_THAT(column("corpus", "uri"), ElementsAre((folder / "a.mp4").string(), "-"));
  EXPECT_THAT(column("corpus", "uploaded_on"), ElementsAre("2020-01-31", "-"));
  EXPECT_THAT(column("corpus", "uploader"), ElementsAre("UC1", "@two"));
  EXPECT_THAT(column("corpus", "country"), ElementsAre("-", "-"));
  EXPECT_THAT(column("corpus", "tags"), ElementsAre("park|walk", "-"));
  EXPECT_THAT(column("rejects", "message"),
              ElementsAre(HasSubstr("c.info.json: not of a video"), HasSubstr("d.info.json: no ")));
}

TEST_F(IngestTest, TakesYtDlpsLinesAndLeavesOrdinaryOnesAlone) {
  ASSERT_TRUE(run(R"({"id": "x1", "extractor": "s", "title": "One", "formats": []})"
                  "\n\n"
                  R"({"id": "x2", "extractor": "s", "channel_id": "c"})"
                  "\n",
                  "lines.jsonl")
                  .ok());
  EXPECT_THAT(column("corpus", "video_id"), ElementsAre("x1", "x2"));
  EXPECT_THAT(column("corpus", "title"), ElementsAre("One", "-"));
  ASSERT_TRUE(run(R"({"video_id": "y1", "id": "z", "extractor": "s"})", "list.jsonl").ok());
  EXPECT_THAT(column("corpus", "video_id"), ElementsAre("y1"));
}

TEST_F(IngestTest, PutsEveryColumnIntoTheCorpussTerms) {
  const auto summary = run(
      "video_id,Country,language,uploaded_on,uploader,uri,title,covariate_a,covariate_b,site,line\n"
      "a,Germany,German,2020-01-31,u1,a.mp4,One title of some length,1,2.5,x,9\n"
      "b,jpn,ja,2019-05-06T07:08:09Z,u1,/v/b.mp4,,2,3,007,8\n"
      "c,Burma,eng,20180102,,https://x/c,,3,4,9,7\n"
      "d,,,,,,,,,,\n"
      "e,Australia,pt-BR,2017/03/04,u2,,,4,-1e3,y,6\n");
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->rows, 5);
  EXPECT_EQ(summary->accepted, 5);
  EXPECT_EQ(summary->without_country, 1);
  EXPECT_EQ(summary->without_region, 2);
  EXPECT_EQ(summary->former_countries.size(), 1U);
  EXPECT_THAT(column("corpus", "video_id"), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(column("corpus", "country"), ElementsAre("DE", "JP", "MM", "-", "AU"));
  EXPECT_THAT(column("corpus", "region"), ElementsAre("Central/Northern Europe", "East Asia",
                                                      "Southeast Asia (Mainland)", "-", "-"));
  EXPECT_THAT(column("corpus", "country_note"),
              ElementsAre("-", "-", HasSubstr("Myanmar"), "-", "-"));
  EXPECT_THAT(column("corpus", "language"), ElementsAre("de", "ja", "en", "-", "pt"));
  EXPECT_THAT(column("corpus", "uploaded_on"),
              ElementsAre("2020-01-31", "2019-05-06", "2018-01-02", "-", "2017-03-04"));
  EXPECT_THAT(column("corpus", "uri"), ElementsAre((folder_.path() / "a.mp4").string(), "/v/b.mp4",
                                                   "https://x/c", "-", "-"));
  const Table corpus = read("corpus");
  EXPECT_EQ(corpus.column("covariate_a").type(), ColumnType::kInt64);
  EXPECT_EQ(corpus.column("covariate_b").type(), ColumnType::kDouble);
  EXPECT_EQ(corpus.at(4, "covariate_b"), Cell(-1000.0));
  EXPECT_EQ(corpus.column("site").type(), ColumnType::kString);
  EXPECT_EQ(corpus.at(1, "site"), Cell("007"));
  EXPECT_EQ(corpus.at(0, "line"), Cell(std::int64_t{9}));  // the list's own, not ours
  EXPECT_EQ(read("rejects").rows(), 0U);
  EXPECT_FALSE(fs::exists(request_.study / ".ingest"));
}

TEST_F(IngestTest, RejectsRowsWithLineAndReason) {
  const auto summary =
      run("video_id,country,uploaded_on,language\n"
          "a,DE,2020-01-01,de\n"
          ",DE,,\n"
          "b,Narnia,,\n"
          "a,FR,,\n"
          "c,FR,2020-02-30,\n"
          "d,FR,03/04/2020,\n"
          "e,FR,1200-01-01,\n"
          "f,FR,,Klingon B\n"
          "g,F\"R,,\n"
          "h,FR\n"
          "i,\xE9,,\n"
          "j,FR,,fr\n");
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_THAT(column("corpus", "video_id"), ElementsAre("a", "j"));
  EXPECT_THAT(column("rejects", "line"),
              ElementsAre("3", "4", "5", "6", "7", "8", "9", "10", "11", "12"));
  EXPECT_THAT(column("rejects", "reason"),
              ElementsAre("no_id", "unknown_country", "duplicate_id", "bad_date", "bad_date",
                          "bad_date", "unknown_language", "bad_quotes", "field_count", "not_utf8"));
  EXPECT_EQ(column("rejects", "value")[1], "Narnia");
  EXPECT_THAT(column("rejects", "message")[2], HasSubstr("line 2"));
  EXPECT_EQ(summary->rows, 12);
  EXPECT_EQ(summary->accepted, 2);
  EXPECT_EQ(summary->rejected, 10);
  EXPECT_THAT(summary->reasons, ::testing::Contains(Pair("bad_date", 3)));
}

TEST_F(IngestTest, VideosOfOneTitleAreOneClusterAcrossRegions) {
  const auto summary =
      run("video_id,country,uploader,title\n"
          "a,DE,u1,The Very Same Title\n"
          "b,JP,u2,the  very SAME title\n"
          "c,JP,u3,Another title altogether\n"
          "d,FR,u4,Video\n"
          "e,FR,u5,video\n"
          "f,Narnia,u6,The very same title\n");
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_THAT(column("corpus", "duplicate_cluster"), ElementsAre("a", "a", "-", "-", "-"));
  EXPECT_EQ(summary->duplicate_clusters, 1);
  EXPECT_EQ(summary->duplicate_videos, 2);
  EXPECT_EQ(summary->clusters_across_regions, 1);
  EXPECT_EQ(summary->clusters_across_uploaders, 1);
}

std::string many(int rows) {
  std::string text = "video_id,country,uploader,title\n";
  const char* const codes[] = {"DE", "FR", "JP", "JP", "JP", "AU"};
  for (int i = 0; i < rows; ++i) {
    text += "v" + std::to_string(i) + "," + codes[i % 6] + ",u" + std::to_string(i % 50) +
            ",title number " + std::to_string(i % 700) + "\n";
  }
  return text;
}

TEST_F(IngestTest, BalancesBySeedAndCountsWhatIsLeftOut) {
  request_.options.per_region = 100;
  request_.options.per_uploader = 60;
  const auto summary = run(many(6000));
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  for (const auto& [region, rows] : summary->regions) EXPECT_EQ(rows.rows, 100) << region;
  EXPECT_EQ(summary->regions.size(), 3U);
  EXPECT_EQ(summary->accepted, 300);
  EXPECT_EQ(summary->not_sampled, 5700);
  const auto first = column("corpus", "video_id");
  ASSERT_TRUE(run(many(6000)).ok());
  EXPECT_EQ(first, column("corpus", "video_id"));
  request_.options.seed = 1;
  ASSERT_TRUE(run(many(6000)).ok());
  EXPECT_NE(first, column("corpus", "video_id"));
}

TEST_F(IngestTest, TheBytesDoNotDependOnThreads) {
  std::vector<std::string> sums;
  for (const int threads : {1, 3}) {
    request_.threads = threads;
    ASSERT_TRUE(run(many(300000)).ok());
    sums.push_back(sha256_of_file(request_.study / "corpus.parquet").value());
  }
  EXPECT_EQ(sums[0], sums[1]);
}

TEST_F(IngestTest, ReadsParquetAndJsonLinesToTheSameCorpus) {
  ASSERT_TRUE(run(many(500)).ok());
  const auto ids = column("corpus", "video_id");
  const auto regions = column("corpus", "region");
  Database database = Database::open().value();
  const fs::path corpus = request_.study / "corpus.parquet";
  const fs::path list = folder_.path() / "list.parquet";
  ASSERT_TRUE(
      database
          .write_query_parquet("SELECT video_id, country, uploader, title, DATE '2020-01-02' AS "
                               "uploaded_on FROM " +
                                   sql_read_parquet(corpus),
                               list, {})
          .ok());
  request_.options.list = list;
  ASSERT_TRUE(ingest(request_, countries_, kGoOn).ok());
  EXPECT_EQ(column("corpus", "video_id"), ids);
  EXPECT_EQ(column("corpus", "region"), regions);
  EXPECT_EQ(column("corpus", "uploaded_on")[0], "2020-01-02");
  ASSERT_TRUE(
      run("{\"video_id\":\"a\",\"country\":\"DE\",\"n\":1}\n{\"video_id\":7}\n", "l.jsonl").ok());
  EXPECT_THAT(column("corpus", "video_id"), ElementsAre("a", "7"));
  EXPECT_THAT(column("corpus", "country"), ElementsAre("DE", "-"));
  EXPECT_THAT(column("corpus", "n"), ElementsAre("1", "-"));
}

TEST_F(IngestTest, ColumnsGoByFlagsAndByNames) {
  ASSERT_TRUE(add_column(request_.options, "video_id=ID").ok());
  ASSERT_TRUE(add_column(request_.options, "country=geo").ok());
  ASSERT_TRUE(run("id,geo,country\na,DE,ignored\n").ok());
  EXPECT_THAT(column("corpus", "country"), ElementsAre("DE"));
  EXPECT_THAT(column("corpus", "list_country"), ElementsAre("ignored"));
  const auto missing = run("name,geo\na,DE\n");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kUsage);
  EXPECT_THAT(missing.error().message, HasSubstr("no column 'ID'"));
  EXPECT_EQ(add_column(request_.options, "kind=x").error().code, ErrorCode::kUsage);
  EXPECT_EQ(add_column(request_.options, "country").error().code, ErrorCode::kUsage);
  request_.options.columns.clear();
  EXPECT_THAT(run("name\na\n").error().message, HasSubstr("there is no column 'video_id'"));
}

TEST_F(IngestTest, TheListsOwnRegionsStandUnlessACountryHasTwo) {
  ASSERT_TRUE(run("video_id,country,region\na,DE,North\nb,AU,South\n").ok());
  EXPECT_THAT(column("corpus", "region"), ElementsAre("North", "South"));
  const auto two = run("video_id,country,region\na,DE,North\nb,AU,South\nc,Germany,South\n");
  ASSERT_FALSE(two.ok());
  EXPECT_EQ(two.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(two.error().message, HasSubstr("DE belongs to region 'North' at line 2"));
  EXPECT_THAT(two.error().message, HasSubstr("'South' at line 4"));
}

TEST_F(IngestTest, ACorpusIsReplacedOnlyWhenAsked) {
  ASSERT_TRUE(run("video_id\na\n").ok());
  request_.redo = false;
  const auto again = ingest(request_, countries_, kGoOn);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kMismatch);
  const std::atomic<bool> stop{true};
  request_.redo = true;
  EXPECT_EQ(ingest(request_, countries_, stop).error().code, ErrorCode::kCancelled);
  EXPECT_THAT(column("corpus", "video_id"), ElementsAre("a"));
}

TEST_F(IngestTest, OptionsComeFromStudyToml) {
  const fs::path file = folder_.path() / "study.toml";
  const auto write = [&](const std::string& text) { std::ofstream(file) << text; };
  write(
      "[ingest]\nlist = \"v.csv\"\nper_region = 5\nseed = 3\n[ingest.columns]\ncountry = "
      "\"geo\"\n");
  const IngestOptions options = read_ingest_options(file).value();
  EXPECT_EQ(options.list, folder_.path() / "v.csv");
  EXPECT_EQ(options.per_region, 5);
  EXPECT_EQ(options.seed, 3U);
  EXPECT_THAT(options.columns, ElementsAre(Pair("country", "geo")));
  const auto refused = [&](const std::string& text) {
    write(text);
    const auto result = read_ingest_options(file);
    return result.ok() ? "" : result.error().message;
  };
  EXPECT_THAT(refused("[ingest]\nper_regon = 5\n"), HasSubstr("line 2: 'per_regon' is not known"));
  EXPECT_THAT(refused("[ingest]\nseed = \"a\"\n"), HasSubstr("line 2: seed must be"));
  EXPECT_THAT(refused("[ingest\n"), HasSubstr("line 1"));
  EXPECT_THAT(refused("[ingest.columns]\nnation = \"geo\"\n"), HasSubstr("'nation' is no column"));
  write("[other]\n");
  EXPECT_TRUE(read_ingest_options(file).value().list.empty());
}

}  // namespace
}  // namespace mien
