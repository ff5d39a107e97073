#include "context/text_normalise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unicode/locid.h>

#include "base/utf8.h"

namespace mien {
namespace {

std::string plain(std::string_view bytes) {
  return normalise_text(bytes).text;
}

TEST(TextNormalise, ReadsMarkupAsWords) {
  EXPECT_EQ(plain("Tom &amp; Jerry&#39;s &quot;wedding&quot; &#x1F600;"),
            "Tom & Jerry's \"wedding\"");
  EXPECT_EQ(plain("twice &amp;amp; encoded"), "twice & encoded");
  EXPECT_EQ(plain("caf&eacute; &szlig;"), "café ß");
  EXPECT_EQ(plain("<b>bold</b><br/>next<!-- not this -->line"), "bold next line");
  EXPECT_EQ(plain("<script>alert(1)</script>words<style>p{}</style>"), "words");
  EXPECT_EQ(plain("&lt;b&gt;bold&lt;/b&gt;"), "bold");
  EXPECT_EQ(plain("I <3 you, 2 < 3 & a&b; &nosuch; &#0;&#xD800; <unclosed"),
            "I <3 you, 2 < 3 & a&b; &nosuch; <unclosed");
}

TEST(TextNormalise, LeavesAddressesOut) {
  EXPECT_EQ(plain("see https://example.com/a?b=1 and www.example.org now"), "see and now");
  EXPECT_EQ(plain("mail me@example.com or follow @some_body (http://x.co)"), "mail or follow");
  EXPECT_EQ(plain("shop: example.com/films end. Right"), "shop: end. Right");
  EXPECT_EQ(plain("dinner @ home"), "dinner @ home");
}

TEST(TextNormalise, SplitsHashtags) {
  EXPECT_EQ(plain("#WeightTraining #BMX #first_birthday2024"),
            "weight training BMX first birthday 2024");
  EXPECT_EQ(plain("gym#LegDay#PR"), "gym leg day PR");
  EXPECT_EQ(plain("#свадьба #結婚式"), "свадьба 結婚式");
  EXPECT_EQ(plain("# 1 and #"), "1 and");
  EXPECT_EQ(split_hashtag("ILoveBMXTricks"), "i love BMX tricks");
}

TEST(TextNormalise, NamesThingsThatEmojiShowAndDropsFaces) {
  const NormalisedText text = normalise_text("our day 💍🎂🎂 😂❤️👍🏽🇺🇸");
  EXPECT_EQ(text.text, "our day");
  EXPECT_EQ(text.emoji, "ring birthday cake");
  EXPECT_EQ(text.letters, 6U);
  const NormalisedText one = normalise_text("😂");
  EXPECT_EQ(one.text + one.emoji, "");
  EXPECT_EQ(one.letters, 0U);
}

TEST(TextNormalise, IsUnicodeNormalFormKc) {
  EXPECT_EQ(plain("ｆｕｌｌ ｗｉｄｔｈ ①"), "full width 1");
  EXPECT_EQ(plain("e\xCC\x81"), "é");
  EXPECT_EQ(plain("𝓦𝓮𝓭𝓭𝓲𝓷𝓰"), "Wedding");
}

TEST(TextNormalise, DropsControlCharactersAndRepeatedMarks) {
  EXPECT_EQ(plain("a\x01"
                  "b\tc\r\n\x7F"
                  "d\xE2\x80\x8B"
                  "e"),
            "a b c de");
  EXPECT_EQ(plain(std::string_view("a\0b", 3)), "a b");
  EXPECT_EQ(plain("wow!!!! really???   yes....."), "wow! really? yes.");
  EXPECT_EQ(plain("می‌خواهم"), "می‌خواهم");  // the non-joiner belongs to the word
  EXPECT_EQ(plain("\xEE\x80\x80private"), "private");
}

TEST(TextNormalise, MakesShoutedTextsSmall) {
  EXPECT_EQ(plain("OUR WEDDING DAY"), "our wedding day");
  EXPECT_EQ(plain("NASA BMX"), "NASA BMX");
  EXPECT_EQ(plain("We said YES at the NEW barn"), "We said YES at the NEW barn");
}

TEST(TextNormalise, MakesTheSameLettersSmallInAnyLocale) {
  const icu::Locale before = icu::Locale::getDefault();
  UErrorCode code = U_ZERO_ERROR;
  icu::Locale::setDefault(icu::Locale("tr"), code);
  ASSERT_TRUE(U_SUCCESS(code));
  EXPECT_EQ(plain("ÉTÉ: WEDDING FILM"), "été: wedding film");
  EXPECT_EQ(plain("#ÉtéIci"), "été ici");
  icu::Locale::setDefault(before, code);
}

TEST(TextNormalise, SurvivesBytesThatAreNotText) {
  const NormalisedText text = normalise_text("good \xFF\xC3 day \xED\xA0\x80");
  EXPECT_EQ(text.text, "good day");
  EXPECT_EQ(text.bad_bytes, 5U);
  for (int seed = 0; seed < 300; ++seed) {
    std::string bytes;
    unsigned state = static_cast<unsigned>(seed) * 2654435761U + 1;
    for (int i = 0; i < 200; ++i) {
      state = state * 1664525U + 1013904223U;
      constexpr std::string_view kTricky = "<>&#;!-/@_ aZ0\xF0\x9F\x92\x8D\xE2\x80\x8D\xFF";
      bytes += (state >> 30U) == 0 ? static_cast<char>(state >> 16U)
                                   : kTricky[(state >> 20U) % kTricky.size()];
    }
    const NormalisedText random = normalise_text(bytes);
    EXPECT_EQ(first_invalid_utf8(random.text), std::string_view::npos);
    EXPECT_EQ(first_invalid_utf8(random.emoji), std::string_view::npos);
  }
}

TEST(TextNormalise, CutsAMegabyteBetweenTwoCharacters) {
  std::string long_text;
  while (long_text.size() < 1'000'000) long_text += "婚";
  const NormalisedText text = normalise_text(long_text);
  EXPECT_TRUE(text.cut);
  EXPECT_EQ(text.bad_bytes, 0U);
  EXPECT_LE(text.text.size(), kMaxTextBytes);
  EXPECT_GE(text.text.size(), kMaxTextBytes - 4);
  EXPECT_EQ(normalise_text(std::string(1'000'000, '<')).letters, 0U);
  EXPECT_EQ(plain(""), "");
  EXPECT_FALSE(normalise_text("short").cut);
}

}  // namespace
}  // namespace mien
