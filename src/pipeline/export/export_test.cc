// Every table that lies in a study's folder can be taken out of it.
#include "pipeline/export/export.h"

#include <gtest/gtest.h>

#include "support/paths.h"

#include "pipeline/simulate/simulate.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien {
namespace {

namespace fs = std::filesystem;

// A study without annotations: what `mien simulate` and `mien associate` leave, two rows a table.
class ExportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* file :
         {"corpus.parquet", "rejects.parquet", "expressions.parquet", "maps/maps.parquet",
          "maps/excluded.parquet", "compare/pairs.parquet"}) {
      put(file);
    }
  }

  void put(const std::string& file, const FileMetadata& metadata = {}) {
    const fs::path path = folder_.path() / file;
    ASSERT_TRUE(make_folders(path.parent_path()).ok());
    Table table(
        {"t", "row", "", {{"name", ColumnType::kString, ""}, {"n", ColumnType::kInt64, ""}}});
    table.append(std::vector<Cell>{path.stem().string(), std::int64_t{1}});
    table.append(std::vector<Cell>{Cell{}, std::int64_t{2}});
    const Status written = database_.write_parquet(table, path, metadata);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  Result<ExportSummary> take(const std::string& table, ExportFormat format = ExportFormat::kCsv) {
    text_.clear();
    return export_table({folder_.path(), table, format, parquet_},
                        [this](const std::string& text) -> Status {
                          text_ += text;
                          return Ok{};
                        });
  }

  testing::TemporaryFolder folder_;
  fs::path parquet_ = folder_.path() / "out" / "t.parquet";
  Database database_ = std::move(Database::open()).value();
  std::string text_;
};

TEST_F(ExportTest, GivesEveryTableOfTheFolderInEveryFormat) {
  ASSERT_TRUE(make_folders(parquet_.parent_path()).ok());
  for (const std::string table :
       {"corpus", "rejects", "expressions", "maps", "excluded", "pairs"}) {
    const auto csv = take(table);
    ASSERT_TRUE(csv.ok()) << csv.error().message;
    EXPECT_EQ(csv->rows, 2);
    EXPECT_EQ(text_, "name,n\n" + table + ",1\n,2\n");
    ASSERT_TRUE(take(table, ExportFormat::kJsonLines).ok());
    EXPECT_EQ(text_, "{\"name\":\"" + table + "\",\"n\":1}\n{\"name\":null,\"n\":2}\n");
    ASSERT_TRUE(take(table, ExportFormat::kParquet).ok());
    EXPECT_EQ(text_, "");
    const auto copy = database_.read_parquet(parquet_);
    ASSERT_TRUE(copy.ok()) << copy.error().message;
    EXPECT_EQ(copy->column("name").strings()[0], table);
    EXPECT_EQ(copy->rows(), 2U);
  }
}

TEST_F(ExportTest, OfTwoTablesOfANameBothCanBeTaken) {
  put("maps/contexts.parquet");
  put("compare/corpus.parquet", {{kSimulatedKey, "true"}});
  EXPECT_FALSE(take("corpus")->is_simulated);
  EXPECT_TRUE(take("compare/corpus")->is_simulated);
  EXPECT_TRUE(take("maps/contexts").ok());
  EXPECT_NE(take("x").error().message.find("compare/corpus"), std::string::npos);
}

TEST_F(ExportTest, NamesTheTablesThatAreThere) {
  const auto unknown = take("frames");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kUsage);
  EXPECT_NE(unknown.error().message.find("corpus, excluded, expressions, maps, pairs, rejects"),
            std::string::npos)
      << unknown.error().message;
  EXPECT_NE(unknown.error().message.find("--frames"), std::string::npos);
  fs::remove_all(folder_.path() / "maps");
  EXPECT_FALSE(take("maps").ok());
  const auto nowhere = export_table({folder_.path() / "nowhere", "corpus", ExportFormat::kCsv, {}},
                                    [](const std::string&) -> Status { return Ok{}; });
  EXPECT_EQ(nowhere.error().code, ErrorCode::kNotFound);
}

TEST_F(ExportTest, SaysThatATableIsSimulatedAndKeepsItSoInParquet) {
  EXPECT_FALSE(take("maps")->is_simulated);
  put("corpus.parquet", {{kSimulatedKey, "true"}});
  put("maps/maps.parquet", {{std::string("expressions_") + kSimulatedKey, "true"}});
  EXPECT_TRUE(take("corpus")->is_simulated);
  EXPECT_TRUE(take("maps")->is_simulated);
  ASSERT_TRUE(make_folders(parquet_.parent_path()).ok());
  ASSERT_TRUE(take("corpus", ExportFormat::kParquet).ok());
  EXPECT_EQ(database_.read_metadata(parquet_)->at(kSimulatedKey), "true");
}

TEST_F(ExportTest, AFileThatIsNoParquetIsAnError) {
  ASSERT_TRUE(write_file_durably(folder_.path() / "rejects.parquet", "nothing").ok());
  const auto bad = take("rejects");
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(bad.error().message.find("rejects.parquet"), std::string::npos) << bad.error().message;
}

}  // namespace
}  // namespace mien
