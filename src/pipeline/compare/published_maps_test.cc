// Folders of maps that a person might name: whole, odd and broken.
#include "pipeline/compare/published_maps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "support/paths.h"

#include "pipeline/compare/compare_study.h"

namespace mien {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PublishedMapsFolder : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
  }
  Result<PublishedMaps> read(int experiment = 1) {
    return read_published_maps(folder_.path(), experiment);
  }
  Error error() {
    const auto result = read();
    return result.ok() ? Error{ErrorCode::kInternal, "no error"} : result.error();
  }

  testing::TemporaryFolder folder_;
};

TEST_F(PublishedMapsFolder, ReadsByRowWithRepeatedNamesAndHoles) {
  write("Exp1_B (south).csv", ",Awe,Doubt\nFish,0.5,-1e-3\nGoal,NaN,\nFish,+0.25,0\n");
  write("Exp1_A.csv", "\xEF\xBB\xBF\"\",Awe,Doubt\r\nFish,1,2\r\nGoal,3,4\r\nFish,5,6\r\n");
  write("Exp2_A.csv", ",Awe\nSong,1\n");
  write("notes.txt", "not a map");
  const PublishedMaps published = read().value();
  EXPECT_THAT(published.maps.regions, ElementsAre("A", "B (south)"));
  EXPECT_THAT(published.maps.contexts, ElementsAre("Fish", "Goal", "Fish"));
  EXPECT_THAT(published.maps.expressions, ElementsAre("Awe", "Doubt"));
  EXPECT_THAT(published.repeated_contexts, ElementsAre("Fish"));
  EXPECT_EQ(published.maps.cells[0](2, 1), 6);
  EXPECT_EQ(published.maps.cells[1](2, 0), 0.25);
  EXPECT_TRUE(std::isnan(published.maps.cells[1](1, 0)));
  EXPECT_TRUE(std::isnan(published.maps.cells[1](1, 1)));
  EXPECT_THAT(published_experiments(folder_.path()), ElementsAre(1, 2));
}

TEST_F(PublishedMapsFolder, NamesWhatIsNotThere) {
  EXPECT_EQ(read_published_maps(folder_.path() / "none", 1).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(error().message, HasSubstr("remedy"));
  write("Exp2_A.csv", ",Awe\nSong,1\n");
  EXPECT_THAT(error().message, HasSubstr("experiments there: 2"));
}

TEST_F(PublishedMapsFolder, WrongQuotesEncodingsAndNumbersSayWhere) {
  write("Exp1_A.csv", ",Awe\n\"Fish,1\n");
  EXPECT_THAT(error().message, AllOf(HasSubstr("Exp1_A.csv"), HasSubstr("never closed")));
  write("Exp1_A.csv", ",Awe\nCaf\xE9,1\n");
  EXPECT_THAT(error().message, AllOf(HasSubstr("line 2"), HasSubstr("UTF-8")));
  write("Exp1_A.csv", ";Awe\nFish;0,5\n");
  EXPECT_THAT(error().message, AllOf(HasSubstr("row 1 (Fish)"), HasSubstr("decimal point")));
  write("Exp1_A.csv", ",Awe\nFish,inf\n");
  EXPECT_EQ(error().code, ErrorCode::kCorrupt);
  write("Exp1_A.csv", ",Awe\nFish,1,2\n");
  EXPECT_THAT(error().message, HasSubstr("3 fields"));
  write("Exp1_A.csv", ",Awe\n,1\n");
  EXPECT_THAT(error().message, HasSubstr("no name"));
  write("Exp1_A.csv", "");
  EXPECT_THAT(error().message, HasSubstr("empty"));
  write("Exp1_A.csv", ",Awe\n");
  EXPECT_THAT(error().message, HasSubstr("no context"));
  write("Exp1_A.csv", "context\nFish\n");
  EXPECT_THAT(error().message, HasSubstr("no expression"));
}

TEST_F(PublishedMapsFolder, FilesOfOneExperimentMustAgree) {
  write("Exp1_A.csv", ",Awe\nFish,1\nGoal,2\n");
  write("Exp1_B.csv", ",Awe\nFish,1\nCream,2\n");
  EXPECT_EQ(error().code, ErrorCode::kMismatch);
  EXPECT_THAT(error().message, AllOf(HasSubstr("Exp1_B.csv"), HasSubstr("context 2 is 'Cream'")));
  write("Exp1_B.csv", ",Doubt\nFish,1\nGoal,2\n");
  EXPECT_THAT(error().message, HasSubstr("expression 1 is 'Doubt'"));
  write("Exp1_B.csv", ",Awe\nFish,1\n");
  EXPECT_THAT(error().message, HasSubstr("1 contexts where there were 2"));
}

TEST_F(PublishedMapsFolder, OneRegionOneContextOneExpressionGivesNullsNotNumbers) {
  write("Exp1_A.csv", ",Awe\nFish,1\n");
  const auto comparison = compare_published_with_panels(folder_.path(), 1, {});
  ASSERT_TRUE(comparison.ok()) << comparison.error().message;
  const nlohmann::ordered_json json = to_json(*comparison);
  EXPECT_TRUE(json["pairwise"]["mean_r"].is_null());
  EXPECT_TRUE(json["region_vs_rest"]["A"].is_null());
  EXPECT_TRUE(json["per_expression"]["Awe"].is_null());
  EXPECT_TRUE(json["preserved"]["preserved"].is_null());
  EXPECT_TRUE(json["preserved"]["components"].empty());
  EXPECT_FALSE(json["noise_corrected"]["estimable"].get<bool>());
  EXPECT_FALSE(json["visual_against_text"]["possible"].get<bool>());
  EXPECT_TRUE(json["panels"].contains("a"));
  EXPECT_TRUE(json["panels"].contains("k"));
  EXPECT_FALSE(to_text(*comparison).empty());
}

TEST_F(PublishedMapsFolder, AConstantExpressionIsNullAndTheRestStays) {
  std::string a = ",Awe,Still\n";
  std::string b = a;
  for (int i = 0; i < 6; ++i) {
    a += "c" + std::to_string(i) + "," + std::to_string(i * i) + ",0.5\n";
    b += "c" + std::to_string(i) + "," + std::to_string(i) + ",0.5\n";
  }
  write("Exp1_A.csv", a);
  write("Exp1_B.csv", b);
  const Comparison comparison = compare_published(folder_.path(), 1, {}).value();
  EXPECT_TRUE(std::isnan(comparison.per_expression[1].similarity));
  EXPECT_GT(comparison.per_expression[0].similarity, 0.9);
  EXPECT_GT(comparison.pairwise.mean_r, 0.5);
}

TEST_F(PublishedMapsFolder, ContextsNamedAsExpressionsAreFoundByWord) {
  ContextMaps maps;
  maps.expressions = {"Triumph", "Pain"};
  maps.contexts = {"Triumph Motorcycles", "Painting", "Back pains", "Sport"};
  EXPECT_THAT(contexts_named_as_expressions(maps), ElementsAre(0U, 2U));
}

}  // namespace
}  // namespace mien
