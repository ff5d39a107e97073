#include "pipeline/rate/rating_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/paths.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class RatingListTest : public ::testing::Test {
 protected:
  Result<Ratings> read(const std::string& text, const std::string& name = "ratings.csv",
                       std::optional<RatingMode> mode = std::nullopt) {
    const std::filesystem::path file = folder_.path() / name;
    std::ofstream(file, std::ios::binary) << text;
    auto database = Database::open();
    EXPECT_TRUE(database.ok());
    return read_ratings(*database, file, mode);
  }
  testing::TemporaryFolder folder_;
};

TEST_F(RatingListTest, ReadsColumnsInAnyOrderAndCase) {
  const auto ratings =
      read("Label;RATER;note;clip;value;group\nawe;a;x;1;3;north\nawe;b;;1;4;south\n");
  ASSERT_TRUE(ratings.ok()) << ratings.error().message;
  EXPECT_EQ(ratings->mode, RatingMode::kValue);
  EXPECT_THAT(ratings->groups, ElementsAre("north", "south"));
  EXPECT_THAT(first_judgements(*ratings)[0].value, ElementsAre(3, 4));
}

TEST_F(RatingListTest, RowsWithoutAValueColumnAreChoices) {
  const auto ratings = read("rater,clip,label\na,1,awe\na,2,\nb,1,anger\n");
  ASSERT_TRUE(ratings.ok()) << ratings.error().message;
  EXPECT_EQ(ratings->mode, RatingMode::kChoice);
  EXPECT_EQ(ratings->judgements.size(), 3U);
  EXPECT_THAT(ratings->labels, ElementsAre("anger", "awe"));
}

TEST_F(RatingListTest, ParquetGivesWhatCsvGives) {
  const std::string text =
      "rater,clip,label,value,order\na,1,awe,2.5,2\nb,1,awe,3,1\na,2,awe,1,1\n";
  const auto from_text = read(text);
  auto database = Database::open();
  ASSERT_TRUE(database.ok());
  const std::filesystem::path parquet = folder_.path() / "ratings.parquet";
  ASSERT_TRUE(database
                  ->write_query_parquet("SELECT * FROM (VALUES ('a','1','awe',2.5,2), "
                                        "('b','1','awe',3.0,1), ('a','2','awe',1.0,1)) AS "
                                        "t(rater, clip, label, value, \"order\")",
                                        parquet, {})
                  .ok());
  const auto from_parquet = read_ratings(*database, parquet, std::nullopt);
  ASSERT_TRUE(from_text.ok() && from_parquet.ok());
  EXPECT_EQ(first_judgements(*from_text)[0].value, first_judgements(*from_parquet)[0].value);
  EXPECT_EQ(from_text->judgements[0].order, 1U);
  EXPECT_EQ(from_parquet->judgements[0].order, 1U);
}

TEST_F(RatingListTest, JsonLines) {
  const auto ratings = read(
      "{\"rater\": \"a\", \"clip\": \"1\", \"label\": \"awe\", \"value\": 5}\n", "ratings.jsonl");
  ASSERT_TRUE(ratings.ok()) << ratings.error().message;
  EXPECT_THAT(first_judgements(*ratings)[0].value, ElementsAre(5));
}

struct BadList {
  const char* text;
  const char* line;
  const char* what;
};

TEST_F(RatingListTest, NamesLineAndRemedyOfWhatDoesNotHold) {
  const std::vector<BadList> lists{
      {"rater,clip,label,value\na,1,awe,much\n", "line 2", "'much' is not a number"},
      {"rater,clip,label,value\na,1,awe,nan\n", "line 2", "'nan' is not a number"},
      {"rater,clip,label,value\na,1,awe,1\n,1,awe,1\n", "line 3", "no rater"},
      {"rater,clip,label,value\na,,awe,1\n", "line 2", "no clip"},
      {"rater,clip,label,value\na,1,,3\n", "line 2", "no label"},
      {"rater,clip,label,repeat\na,1,awe,-1\n", "line 2", "not a whole number"},
      {"rater,clip,label,repeat\na,1,awe,0.5\n", "line 2", "not a whole number"},
      {"rater,clip,label\na,1\n", "line 2", "2 fields where the first line has 3"},
      {"rater,clip,label\na,\"1,awe\n", "line 2", "quotation mark"},
  };
  for (const BadList& list : lists) {
    const auto ratings = read(list.text);
    ASSERT_FALSE(ratings.ok()) << list.text;
    EXPECT_EQ(ratings.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(ratings.error().message, HasSubstr("ratings.csv"));
    EXPECT_THAT(ratings.error().message, HasSubstr(list.line));
    EXPECT_THAT(ratings.error().message, HasSubstr(list.what));
    EXPECT_THAT(ratings.error().message, HasSubstr("remedy: "));
  }
}

TEST_F(RatingListTest, AMissingColumnIsNamedWithThoseThatAreThere) {
  const auto ratings = read("who,clip,label\na,1,awe\n");
  ASSERT_FALSE(ratings.ok());
  EXPECT_EQ(ratings.error().code, ErrorCode::kUsage);
  EXPECT_THAT(ratings.error().message, HasSubstr("no column 'rater'; it has who, clip, label"));
}

TEST_F(RatingListTest, TellsTheFirstTwentyProblemsAndTheNumberOfTheOthers) {
  std::string text = "rater,clip,label,value\n";
  for (int i = 0; i < 30; ++i) text += "a,1,awe,x\n";
  const auto ratings = read(text);
  ASSERT_FALSE(ratings.ok());
  EXPECT_THAT(ratings.error().message, HasSubstr("line 21"));
  EXPECT_THAT(ratings.error().message, Not(HasSubstr("line 22")));
  EXPECT_THAT(ratings.error().message, HasSubstr("and 10 more"));
}

}  // namespace
}  // namespace mien
