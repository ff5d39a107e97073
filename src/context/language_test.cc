#include "context/language.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "support/paths.h"

#include "context/labelled_text.h"

namespace mien {
namespace {

TEST(Language, TellsLanguagesAndScripts) {
  const struct {
    const char* text;
    const char* code;
    const char* script;
  } kCases[] = {{"She walked down the aisle and her father cried", "en", "Latn"},
                {"Nuestra boda en la playa con toda la familia", "es", "Latn"},
                {"新郎から新婦へ涙の披露宴", "ja", "Hani"},
                {"Лучший день нашей жизни, свадьба в деревне", "ru", "Cyrl"},
                {"आखिरी ओवर में चाहिए थे बीस रन, फिर जो हुआ", "hi", "Deva"},
                {"ליל הסדר של המשפחה שלנו", "he", "Hebr"},
                {"우리 결혼식 하이라이트 영상", "ko", "Hang"}};
  for (const auto& one : kCases) {
    const LanguageGuess guess = guess_language(one.text);
    EXPECT_EQ(guess.code, one.code) << one.text;
    EXPECT_EQ(guess.script, one.script) << one.text;
    EXPECT_GE(guess.prob, kSureLanguageProb) << one.text;
  }
}

TEST(Language, IsNotSureOfShortWordsAndSaysNothingWithoutLetters) {
  EXPECT_LT(guess_language("gym").prob, kSureLanguageProb);
  EXPECT_LT(guess_language("la").prob, kSureLanguageProb);
  for (const char* text : {"", "123 !? -", " "}) {
    const LanguageGuess guess = guess_language(text);
    EXPECT_EQ(guess.code, "");
    EXPECT_EQ(guess.script, "");
    EXPECT_EQ(guess.prob, 0.0);
  }
  EXPECT_EQ(guess_language("ᚠᚢᚦᚨᚱᚲ").script, "Runr");
}

// What a "sure" guess is worth: on the invented titles, where the true language is known.
TEST(Language, SureGuessesAreMostlyRight) {
  std::ifstream in(testing::source_dir() / "data" / "contexts" / "titles.csv");
  std::stringstream bytes;
  bytes << in.rdbuf();
  auto titles = parse_labelled_texts(bytes.str(), "titles.csv");
  ASSERT_TRUE(titles.ok()) << titles.error().message;
  int sure = 0;
  int right = 0;
  int english_suppressed = 0;
  for (const LabelledText& title : *titles) {
    const LanguageGuess& guess = title.text.language;
    if (guess.prob < kSureLanguageProb) continue;
    ++sure;
    right += guess.code.substr(0, guess.code.find('-')) == title.language ? 1 : 0;
    english_suppressed += title.language == "en" && guess.code != "en" ? 1 : 0;
  }
  RecordProperty("sure", sure);
  RecordProperty("right", right);
  EXPECT_GE(sure, 500);
  EXPECT_GE(right, sure * 95 / 100);
  EXPECT_EQ(english_suppressed, 0);
}

}  // namespace
}  // namespace mien
