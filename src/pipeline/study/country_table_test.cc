#include "pipeline/study/country_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "support/paths.h"

namespace mien {
namespace {

std::filesystem::path data() {
  return testing::source_dir() / "data";
}

std::string found(const CountryTable& table, const std::string& text) {
  const auto match = table.find(text);
  return match.has_value() ? match->country->alpha2 : "";
}

TEST(CountryTable, HoldsEveryCountryOnceAndTwelveRegions) {
  const CountryTable table = CountryTable::load(data()).value();
  EXPECT_EQ(table.countries().size(), 250U);  // ISO 3166-1 has 249; Kosovo beside them
  std::set<std::string> regions;
  for (const Country& country : table.countries()) {
    EXPECT_EQ(found(table, country.alpha2), country.alpha2);
    EXPECT_EQ(found(table, country.name), country.alpha2);
    if (!country.region.empty()) regions.insert(country.region);
  }
  std::set<std::string> places;
  for (const RegionPlace& place : table.places()) places.insert(place.name);
  EXPECT_EQ(regions.size(), 12U);
  EXPECT_EQ(regions, places);
}

TEST(CountryTable, FindsCountriesByCodeAndByManyNames) {
  const CountryTable table = CountryTable::load(data()).value();
  for (const auto& [text, code] : std::initializer_list<std::pair<const char*, const char*>>{
           {"de", "DE"},
           {"DEU", "DE"},
           {"276", "DE"},
           {" Germany ", "DE"},
           {"côte d’ivoire", "CI"},
           {"Ivory Coast", "CI"},
           {"USA", "US"},
           {"U.S.A.", "US"},
           {"United States of America", "US"},
           {"UK", "GB"},
           {"The Gambia", "GM"},
           {"gambia", "GM"},
           {"South Korea", "KR"},
           {"Korea, Republic of", "KR"},
           {"Türkiye", "TR"},
           {"Turkey", "TR"},
           {"TRINIDAD & TOBAGO", "TT"},
           {"Viet Nam", "VN"},
           {"Vietnam", "VN"},
           {"Congo", "CG"},
           {"DR Congo", "CD"},
           {"Niger", "NE"},
           {"Kosovo", "XK"},
           {"ＪＰ", "JP"}}) {
    EXPECT_EQ(found(table, text), code) << text;
    EXPECT_EQ(table.find(text)->note, "") << text;
  }
  for (const char* text : {"", "XX", "Atlantis", "Germanyy", "99"})
    EXPECT_EQ(found(table, text), "");
}

TEST(CountryTable, MapsFormerCountriesWithANote) {
  const CountryTable table = CountryTable::load(data()).value();
  for (const auto& [text, code] :
       std::initializer_list<std::pair<const char*, const char*>>{{"SU", "RU"},
                                                                  {"USSR", "RU"},
                                                                  {"Yugoslavia", "RS"},
                                                                  {"Burma", "MM"},
                                                                  {"ZR", "CD"},
                                                                  {"East Germany", "DE"},
                                                                  {"CS", "RS"},
                                                                  {"Czechoslovakia", "CZ"},
                                                                  {"TP", "TL"}}) {
    EXPECT_EQ(found(table, text), code) << text;
    EXPECT_NE(table.find(text)->note, "") << text;
  }
}

TEST(CountryTable, AnotherTableOfRegionsTakesThePlaceOfOurs) {
  testing::TemporaryFolder folder;
  const auto path = folder.path() / "mine.csv";
  const auto write = [&](const std::string& text) { std::ofstream(path) << text; };
  write("country,region\nAustralia,Oceania\nNZL,Oceania\n");
  const CountryTable table = CountryTable::load(data(), path).value();
  EXPECT_EQ(table.find("AU")->country->region, "Oceania");
  EXPECT_EQ(table.find("DE")->country->region, "");
  EXPECT_EQ(table.regions_source(), "mine.csv");
  write("country,region\nAU,Oceania\nAustralia,Asia\n");
  const auto two = CountryTable::load(data(), path);
  ASSERT_FALSE(two.ok());
  EXPECT_EQ(two.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(two.error().message, ::testing::HasSubstr("line 3"));
  write("country,region\nNarnia,Oceania\n");
  const auto none = CountryTable::load(data(), path);
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message, ::testing::HasSubstr("'Narnia' is no country"));
}

}  // namespace
}  // namespace mien
