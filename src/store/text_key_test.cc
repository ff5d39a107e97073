#include "store/text_key.h"

#include <gtest/gtest.h>

#include "store/database.h"

namespace mien {
namespace {

TEST(TextKey, TitlesThatReadAlikeHaveOneKey) {
  EXPECT_EQ(title_key("  My  Holiday\t2020 "), "my holiday 2020");
  EXPECT_EQ(title_key("ＭＹ holiday\u00a02020"), "my holiday 2020");  // full width, no-break space
  EXPECT_EQ(title_key("Cafe\u0301 STRASSE"), title_key("CAFÉ straße"));  // decomposed; folding
  EXPECT_NE(title_key("cafe"), title_key("café"));
  EXPECT_EQ(title_key(""), "");
}

TEST(TextKey, NamesLoseAccentsAndPunctuation) {
  EXPECT_EQ(name_key("Côte d’Ivoire"), "cotedivoire");
  EXPECT_EQ(name_key("Trinidad & Tobago"), name_key("trinidad and tobago"));
  EXPECT_EQ(name_key("The Gambia"), "gambia");
  EXPECT_EQ(name_key("Thebes"), "thebes");
}

TEST(TextKey, LanguagesHaveOneCode) {
  for (const auto& [text, code] :
       std::initializer_list<std::pair<const char*, const char*>>{{"en", "en"},
                                                                  {"EN", "en"},
                                                                  {"eng", "en"},
                                                                  {"English", "en"},
                                                                  {"pt-BR", "pt"},
                                                                  {"zh_Hant_TW", "zh"},
                                                                  {"German", "de"},
                                                                  {"sw", "sw"},
                                                                  {"haw", "haw"}}) {
    EXPECT_EQ(language_code(text), code) << text;
  }
  for (const char* text : {"", "xx", "Klingonese", "e", "pt-B R", "1"}) {
    EXPECT_EQ(language_code(text), std::nullopt) << text;
  }
}

TEST(TextKey, SqlHashesTitlesByTheirKey) {
  Database database = Database::open().value();
  const Table table =
      database
          .query(
              "SELECT mien_title_hash('My Holiday 2020') = mien_title_hash(' my  HOLIDAY 2020'), "
              "mien_title_hash('My Holiday 2020') = mien_title_hash('My Holiday 2021'), "
              "mien_title_hash('too short') IS NULL, mien_title_hash(NULL) IS NULL")
          .value();
  EXPECT_EQ(table.at(0, table.schema().columns[0].name), Cell(true));
  EXPECT_EQ(table.column(1).at(0), Cell(false));
  EXPECT_EQ(table.column(2).at(0), Cell(true));
  EXPECT_EQ(table.column(3).at(0), Cell(true));
}

}  // namespace
}  // namespace mien
