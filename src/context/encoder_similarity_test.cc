#include "context/encoder_similarity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "context/letter_encoder.h"

namespace mien {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::LetterEncoder;
using ::testing::Not;

ContextVocabulary vocabulary() {
  auto parsed = parse_vocabulary(
      "id,name,description,wordings\nwedding,Wedding,Two people marry,nuptials|es:boda\n"
      "gym,Weight training,,bodybuilding|es:pesas|ja:筋トレ\n",
      "v");
  return std::move(parsed).value();
}

std::unique_ptr<EncoderSimilarity> similarity(bool knows_spanish = false, int threads = 1) {
  auto made = EncoderSimilarity::create(std::make_shared<LetterEncoder>(knows_spanish),
                                        vocabulary(), threads);
  return std::move(made).value();
}

TEST(EncoderSimilarity, PromptsAreInLanguagesThatTheEncoderKnows) {
  const ContextVocabulary contexts = vocabulary();
  const std::vector<std::string> english = context_prompts(contexts.contexts[0], LetterEncoder());
  EXPECT_EQ(english.front(), "Wedding");
  EXPECT_THAT(english, Contains("This video is about nuptials."));
  EXPECT_THAT(english, Contains("Two people marry"));
  EXPECT_THAT(english, Not(Contains("boda")));
  EXPECT_THAT(context_prompts(contexts.contexts[0], LetterEncoder(true)), Contains("boda"));
  EXPECT_THAT(context_prompts(contexts.contexts[1], LetterEncoder(true)), Not(Contains("筋トレ")));
}

TEST(EncoderSimilarity, NearerWordsAreMoreAlike) {
  const PreparedText texts[] = {prepare_text("our wedding in the barn, all the nuptials", ""),
                                prepare_text("", "weight training for beginners, bodybuilding")};
  const auto found = similarity()->compare(texts);
  ASSERT_TRUE(found.ok());
  EXPECT_GT(found->values[0], found->values[1]);
  EXPECT_LT(found->values[2], found->values[3]);
}

TEST(EncoderSimilarity, SaysWhyItReadsATextNot) {
  const struct {
    const char* title;
    std::string_view reason;
  } kCases[] = {{"", kNoText},
                {"😂", kNoWords},
                {"\xFF\xFE\xFD\xFC", kNotText},
                {"Nuestra boda en la playa con toda la familia", kUnknownLanguage},
                {"Лучший день нашей жизни, свадьба", kUnknownLanguage},
                {"ᚠᚢᚦᚨᚱᚲ", kUnknownScript},
                {"gym", ""},  // no sure guess: read
                {"🎂", ""},
                {"12 3", ""}};
  std::vector<PreparedText> texts;
  for (const auto& one : kCases) texts.push_back(prepare_text(one.title, ""));
  const auto found = similarity()->compare(texts);
  ASSERT_TRUE(found.ok());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(found->reasons[i], kCases[i].reason) << kCases[i].title;
    EXPECT_EQ(std::isnan(found->values[2 * i]), !kCases[i].reason.empty()) << kCases[i].title;
  }
  const auto knowing = similarity(true)->compare(texts);
  EXPECT_EQ(knowing->reasons[3], "");
}

TEST(EncoderSimilarity, ATextHasTheSameRowInAnyCompanyAndOnAnyThreads) {
  std::vector<PreparedText> texts;
  for (int i = 0; i < 40; ++i) {
    texts.push_back(prepare_text("wedding number " + std::to_string(i), i % 2 ? "gym" : ""));
  }
  const auto together = similarity(false, 1)->compare(texts);
  const auto threaded = similarity(false, 3);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto alone = threaded->compare({&texts[i], 1});
    EXPECT_EQ(alone->values[0], together->values[2 * i]);
    EXPECT_EQ(alone->values[1], together->values[2 * i + 1]);
  }
  EXPECT_TRUE(similarity()->compare({})->values.empty());
}

TEST(EncoderSimilarity, TheBackgroundIsTakenOff) {
  const PreparedText texts[] = {prepare_text("our wedding", ""), prepare_text("at the gym", ""),
                                prepare_text("", "")};
  const std::unique_ptr<EncoderSimilarity> plain = similarity();
  auto background = background_of(*plain, texts);
  ASSERT_TRUE(background.ok());
  ASSERT_TRUE(plain->set_background(*background).ok());
  const auto found = plain->compare(texts);
  EXPECT_NEAR(found->values[0] + found->values[2], 0, 1e-5);
  const Status wrong = plain->set_background({1, 2});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(wrong.error().message, HasSubstr("remedy"));
}

}  // namespace
}  // namespace mien
