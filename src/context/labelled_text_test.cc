#include "context/labelled_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "context/word_overlap.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(LabelledText, ReadsColumnsInAnyOrder) {
  const auto texts = parse_labelled_texts(
      "contexts,title,id,extra\nwedding|dance|wedding,Our &amp; day,a,1\n,Tax law,b,2\n", "l.csv");
  ASSERT_TRUE(texts.ok()) << texts.error().message;
  ASSERT_EQ(texts->size(), 2U);
  EXPECT_EQ((*texts)[0].text.title, "Our & day");
  EXPECT_THAT((*texts)[0].contexts, ElementsAre("wedding", "dance"));
  EXPECT_TRUE((*texts)[1].contexts.empty());
}

TEST(LabelledText, RefusesWithPlaceAndRemedy) {
  for (const char* bad :
       {"", "id,title\na,b\n", "id,contexts\na,b\n", "id,title,contexts\na,b\n",
        "id,title,contexts\na,t,\na,t,\n", "id,title,title,contexts\na,t,t,\n",
        "id,title,contexts\n,t,\n", "id,title,contexts\n", "id,title,contexts\na,\xFF,\n"}) {
    const auto refused = parse_labelled_texts(bad, "l.csv");
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_THAT(refused.error().message, HasSubstr("l.csv"));
    EXPECT_THAT(refused.error().message, HasSubstr("remedy"));
  }
}

TEST(LabelledText, LabelsMustBeOfTheVocabulary) {
  const auto texts = parse_labelled_texts("id,title,contexts\na,t,gym\nb,u,\n", "l.csv");
  const std::vector<std::string> ids = {"wedding", "gym"};
  EXPECT_THAT(*label_positions(*texts, ids, "l.csv"), ElementsAre(ElementsAre(1U), ElementsAre()));
  const std::vector<std::string> others = {"wedding", "dance"};
  const auto refused = label_positions(*texts, others, "l.csv");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(refused.error().message, HasSubstr("'gym'"));
}

TEST(WordOverlap, ComparesWords) {
  EXPECT_THAT(words_of("The Weddings, the BOSS"), ElementsAre("the", "wedding", "boss"));
  EXPECT_THAT(words_of("結婚式 gym"), ElementsAre("結婚", "婚式", "gym"));
  const auto vocabulary = parse_vocabulary(
      "id,name,wordings\nwedding,Wedding,ja:結婚式\ngym,Weight training,bodybuilding\n", "v");
  const WordOverlap overlap(*vocabulary);
  const PreparedText texts[] = {prepare_text("two weddings", ""), prepare_text("", "結婚式の日"),
                                prepare_text("tax law", ""), prepare_text("", "")};
  const auto found = overlap.compare(texts);
  ASSERT_TRUE(found.ok());
  EXPECT_GT(found->values[0], 0.3F);
  EXPECT_EQ(found->values[1], 0.0F);
  EXPECT_GT(found->values[2], 0.3F);
  EXPECT_EQ(found->values[4], 0.0F);
  EXPECT_EQ(found->reasons[3], kNoText);
}

}  // namespace
}  // namespace mien
