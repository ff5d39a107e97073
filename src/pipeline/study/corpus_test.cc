#include "pipeline/study/corpus.h"

#include "pipeline/annotate/study_fixture.h"
#include "store/csv_import.h"
#include "store/text_export.h"

namespace mien {
namespace {

using testing::HasSubstr;

class CorpusTest : public StudyFixture {
 protected:
  Status update(const std::string& csv) {
    return update_corpus(database_, root_, parse_list(csv, "list.csv").value());
  }
  std::string corpus(const std::string& columns) {
    const std::filesystem::path path = root_ / "corpus.parquet";
    const Table table =
        database_.query("SELECT " + columns + " FROM " + sql_read_parquet(path)).value();
    std::string out;
    append_csv(table, out);
    return out;
  }
};

TEST_F(CorpusTest, ColumnsThatAreLackingAreNullAndOwnOnesFollow) {
  ASSERT_TRUE(update("age,video_id,uri,country\n7,a,/x/a.mp4,BR\n,b,/x/b.mp4,\n").ok());
  EXPECT_EQ(corpus("*"), "a,/x/a.mp4,BR,,,,,,,7\nb,/x/b.mp4,,,,,,,,\n");
  const Table table = database_.read_parquet(root_ / "corpus.parquet").value();
  EXPECT_EQ(table.schema().columns.size(), corpus_schema().columns.size() + 1);
  EXPECT_EQ(table.schema().columns.back().name, "age");
}

TEST_F(CorpusTest, NewRowsAreAppendedAndAListCorrectsOldOnes) {
  ASSERT_TRUE(update("video_id,uri,country,age\na,/x/a,BR,7\nb,/x/b,,8\n").ok());
  ASSERT_TRUE(update("video_id,uri,country,age\nc,/x/c,FR,\nb,/x/b,JP,\n").ok());
  EXPECT_EQ(corpus("video_id, uri, country, age"), "a,/x/a,BR,7\nb,/x/b,JP,8\nc,/x/c,FR,\n");
}

TEST_F(CorpusTest, NamingAFileDirectlyTakesNothingAway) {
  ASSERT_TRUE(update("video_id,uri,country,age\na,/x/a,BR,7\n").ok());
  ASSERT_TRUE(update("video_id,uri\na,/moved/a\nd,/x/d\n").ok());
  EXPECT_EQ(corpus("video_id, uri, country, age"), "a,/moved/a,BR,7\nd,/x/d,,\n");
}

TEST_F(CorpusTest, OtherOwnColumnsAreRefusedWithTheDifference) {
  ASSERT_TRUE(update("video_id,uri,age\na,/x/a,7\n").ok());
  const std::string before = read_whole_file(root_ / "corpus.parquet").value();
  const Status refused = update("video_id,uri,mood\nb,/x/b,9\n");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(refused.error().message, HasSubstr("new: mood (string); missing: age (string)"));
  EXPECT_THAT(refused.error().message, HasSubstr("remedy"));
  EXPECT_EQ(read_whole_file(root_ / "corpus.parquet").value(), before);
}

TEST_F(CorpusTest, TheSameListTwiceChangesNothing) {
  ASSERT_TRUE(update("video_id,uri,age\na,/x/a,7\n").ok());
  const auto time = std::filesystem::last_write_time(root_ / "corpus.parquet");
  ASSERT_TRUE(update("video_id,uri,age\na,/x/a,7\n").ok());
  EXPECT_EQ(std::filesystem::last_write_time(root_ / "corpus.parquet"), time);
}

TEST_F(CorpusTest, KindsOfAParquetListStayInOwnColumnsAlone) {
  Table rows({"list",
              "video",
              "",
              {{"video_id", ColumnType::kString, ""},
               {"language", ColumnType::kInt64, ""},
               {"age", ColumnType::kInt64, ""},
               {"weight", ColumnType::kDouble, ""}}});
  rows.append(std::vector<Cell>{std::string("a"), std::int64_t{5}, std::int64_t{30}, 0.1});
  ASSERT_TRUE(update_corpus(database_, root_, rows).ok());
  const Table table = database_.read_parquet(root_ / "corpus.parquet").value();
  EXPECT_EQ(table.at(0, "language"), Cell{std::string("5")});
  EXPECT_EQ(table.at(0, "age"), Cell{std::int64_t{30}});
  EXPECT_EQ(table.at(0, "weight"), Cell{0.1});
}

TEST_F(CorpusTest, ADamagedCorpusIsNamed) {
  std::ofstream(root_ / "corpus.parquet") << "not parquet";
  const Status status = update("video_id,uri\na,/x/a\n");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("corpus.parquet"));
}

}  // namespace
}  // namespace mien
