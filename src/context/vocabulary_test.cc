#include "context/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "support/paths.h"

#include "base/csv_records.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& text) {
  const auto vocabulary = parse_vocabulary(text, "v.csv");
  return vocabulary.ok() ? "" : vocabulary.error().message;
}

std::string source_text(const std::string& path) {
  std::ifstream file(testing::source_dir() / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(Vocabulary, ReadsAllColumnsInAnyOrder) {
  const auto vocabulary = parse_vocabulary(
      "\xEF\xBB\xBFname,id,wordings,parents,is_expression_word,description\r\n"
      "Wedding,wedding,nuptials|es:boda|pt-BR:casamento|ratio 2:1,party,,\"two people, one "
      "day\"\r\n"
      "\r\n"
      "Party,party,,,false,\r\n"
      "Laughter,laughter,fr: rire,,true,\r\n",
      "v.csv");
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.error().message;
  ASSERT_EQ(vocabulary->contexts.size(), 3U);
  const Context& wedding = vocabulary->contexts[0];
  EXPECT_EQ(wedding.id, "wedding");
  EXPECT_EQ(wedding.description, "two people, one day");
  EXPECT_EQ(wedding.line, 2U);
  EXPECT_EQ(wedding.parents, std::vector<std::size_t>{1});  // which stands below it
  ASSERT_EQ(wedding.wordings.size(), 4U);
  EXPECT_EQ(wedding.wordings[0].language, "en");
  EXPECT_EQ(wedding.wordings[1].language, "es");
  EXPECT_EQ(wedding.wordings[1].text, "boda");
  EXPECT_EQ(wedding.wordings[2].language, "pt-BR");
  EXPECT_EQ(wedding.wordings[3].text, "ratio 2:1");
  EXPECT_EQ(vocabulary->contexts[1].line, 4U);
  EXPECT_EQ(vocabulary->contexts[2].wordings[0].text, "rire");
  EXPECT_EQ(vocabulary->roots(), 2U);
  EXPECT_EQ(vocabulary->expression_words(), 1U);
  EXPECT_EQ(vocabulary->find("party"), 1U);
  EXPECT_EQ(vocabulary->find("Party"), std::nullopt);
  EXPECT_EQ(vocabulary->wordings_by_language().at("en"), 2U);
}

TEST(Vocabulary, IdAndNameAreEnoughAndNamesMayRepeat) {
  const auto vocabulary = parse_vocabulary("id,name\na,Football\nb,Football\n", "v.csv");
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.error().message;
  EXPECT_EQ(vocabulary->repeated_names(), std::vector<std::string>{"Football"});
}

TEST(Vocabulary, RefusalsNameLineAndRemedy) {
  const struct {
    std::string text;
    std::string line;
    std::string what;
  } cases[] = {
      {"", "line 1:", "empty"},
      {"\n\n", "line 1:", "empty"},
      {"id,name\n", "line 1:", "at least two"},
      {"id,name\na,A\n", "line 1:", "at least two"},
      {"id\na\nb\n", "line 1:", "no column 'name'"},
      {"id,name,colour\na,A,red\nb,B,blue\n", "line 1:", "unknown column 'colour'"},
      {"id,name,id\na,A,a\nb,B,b\n", "line 1:", "two columns are called 'id'"},
      {"id,name\na,A\nb,B\na,C\n", "line 4:", "stands in line 2 already"},
      {"id,name\na,A\nb,  \n", "line 3:", "name is empty"},
      {"id,name\na,A\n,B\n", "line 3:", "id is empty"},
      {"id,name\na,A\nb|c,B\n", "line 3:", "holds '|'"},
      {"id,name\na,A\nb\n", "line 3:", "1 fields where the first line has 2"},
      {"id,name\na,A\nb,\"B\n", "line 3:", "never closed"},
      {"id,name\na,A\nb,\"B\nC\"\n", "line 3:", "control character"},
      {"id,name\na,A\nb,\xE9\n", "line 3:", "not UTF-8"},
      {std::string("id,name\na,A\nb,\0\n", 16), "line 3:", "zero byte"},
      {"\xFF\xFEi", "line 1:", "UTF-16"},
      {"id,name,parents\na,A,\nb,B,c\n", "line 3:", "parent 'c' is no id"},
      {"id,name,parents\na,A,\nb,B,a|a\n", "line 3:", "stands twice"},
      {"id,name,parents\na,A,\nb,B,b\n", "line 3:", "circle: 'b' below 'b'"},
      {"id,name,parents\nx,X,b\na,A,c\nb,B,a\nc,C,b\n",
       "line 4:", "circle: 'b' below 'a' below 'c' below 'b'"},
      {"id,name,wordings\na,A,x||y\nb,B,\n", "line 2:", "empty wording"},
      {"id,name,wordings\na,A,es:\nb,B,\n", "line 2:", "empty wording"},
      {"id,name,wordings\na,A,es:x|es:x\nb,B,\n", "line 2:", "stands twice"},
      {"id,name,is_expression_word\na,A,maybe\nb,B,\n", "line 2:", "write true or false"},
      {"id,name\na," + std::string(kMaxNameBytes + 1, 'x') + "\nb,B\n", "line 2:", "201 bytes"},
  };
  for (const auto& c : cases) {
    const std::string error = error_of(c.text);
    EXPECT_THAT(error, HasSubstr("v.csv: " + c.line)) << c.text;
    EXPECT_THAT(error, HasSubstr(c.what)) << c.text;
    EXPECT_THAT(error, HasSubstr("remedy: ")) << c.text;
  }
}

TEST(Vocabulary, TellsSeveralProblemsAtOnceAndNotAll) {
  const std::string two = error_of("id,name\na,\nb,\nc,C\n");
  EXPECT_THAT(two, HasSubstr("line 2:"));
  EXPECT_THAT(two, HasSubstr("\nv.csv: line 3:"));
  std::string many = "id,name\n";
  for (int i = 0; i < 1000; ++i) many += "a,\n";
  const std::string error = error_of(many);
  EXPECT_EQ(std::ranges::count(error, '\n') + 1, static_cast<std::ptrdiff_t>(kMaxProblems));
}

TEST(Vocabulary, LimitsHold) {
  std::string rows = "id,name\n";
  for (std::size_t i = 0; i < kMaxContexts; ++i) rows += std::to_string(i) + ",x\n";
  EXPECT_EQ(error_of(rows), "");
  EXPECT_THAT(error_of(rows + "last,x\n"), HasSubstr("line 20002: more than 20000 contexts"));
  std::string wordings;
  for (std::size_t i = 0; i <= kMaxWordings; ++i) wordings += "|" + std::to_string(i);
  EXPECT_THAT(error_of("id,name,wordings\na,A," + wordings.substr(1) + "\nb,B,\n"),
              HasSubstr("501 wordings"));
  EXPECT_THAT(error_of(std::string(kMaxVocabularyBytes + 1, 'x')), HasSubstr("at most"));
  // A chain as long as the vocabulary does not exhaust the stack.
  std::string chain = "id,name,parents\n0,x,\n";
  for (std::size_t i = 1; i < kMaxContexts; ++i) {
    chain += std::to_string(i) + ",x," + std::to_string(i - 1) + "\n";
  }
  EXPECT_EQ(error_of(chain), "");
}

TEST(EverydayVocabulary, HoldsWhatItsPageSays) {
  const auto vocabulary =
      parse_vocabulary(source_text("data/contexts/everyday.csv"), "everyday.csv");
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.error().message;
  EXPECT_GE(vocabulary->contexts.size(), 260U);
  EXPECT_TRUE(vocabulary->repeated_names().empty());
  EXPECT_GE(vocabulary->expression_words(), 5U);
  std::size_t in_many_languages = 0;
  for (const Context& context : vocabulary->contexts) {
    std::set<std::string> languages;
    for (const Wording& wording : context.wordings) {
      if (wording.language != "en") languages.insert(wording.language);
    }
    in_many_languages += languages.size() >= 6 ? 1U : 0U;
  }
  EXPECT_GE(in_many_languages * 10, vocabulary->contexts.size() * 9);
  // Named by the study's press article.
  for (const char* id : {"weight_training", "practical_joke", "toy", "fireworks", "police",
                         "funeral", "team_sport", "candle", "flower", "father", "pet", "wedding"}) {
    EXPECT_TRUE(vocabulary->find(id).has_value()) << id;
  }
}

std::set<std::string> parts(const std::string& text) {
  std::set<std::string> out;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, '|');) out.insert(part);
  return out;
}

TEST(TestTitles, HoldWhatTheirPageSays) {
  const auto vocabulary =
      parse_vocabulary(source_text("data/contexts/everyday.csv"), "everyday.csv");
  ASSERT_TRUE(vocabulary.ok());
  const std::string bytes = source_text("data/contexts/titles.csv");
  CsvRecords records(bytes, "titles.csv", ',');
  std::set<std::string> ids;
  std::set<std::string> contexts;
  std::set<std::string> languages;
  std::size_t none = 0;
  std::size_t english = 0;
  std::size_t tune = 0;
  std::size_t rows = 0;
  const auto header = records.next();
  ASSERT_TRUE(header.ok());
  ASSERT_EQ(header->fields.size(), 6U);
  while (!records.at_end()) {
    const auto record = records.next();
    ASSERT_TRUE(record.ok()) << record.error().message;
    ASSERT_EQ(record->fields.size(), 6U) << record->line;
    const auto text = [&](std::size_t i) { return record->fields[i].text; };
    ++rows;
    EXPECT_TRUE(ids.insert(text(0)).second) << text(0);
    EXPECT_TRUE(text(1) == "tune" || text(1) == "test") << text(0);
    EXPECT_FALSE(text(3).empty()) << text(0);
    tune += text(1) == "tune" ? 1U : 0U;
    english += text(2) == "en" ? 1U : 0U;
    languages.insert(text(2));
    none += text(5).empty() ? 1U : 0U;
    for (const std::string& id : parts(text(5))) {
      const auto found = vocabulary->find(id);
      ASSERT_TRUE(found.has_value()) << text(0) << ": " << id;
      EXPECT_NE(text(3), vocabulary->contexts[*found].name) << text(0);
    }
    if (!text(5).empty()) contexts.insert(text(5).substr(0, text(5).find('|')));
  }
  EXPECT_GE(rows, 360U);
  EXPECT_GE(none, 60U);
  EXPECT_GE(contexts.size(), 70U);
  EXPECT_GE(languages.size(), 12U);
  EXPECT_GE(english * 2, rows);
  EXPECT_NEAR(static_cast<double>(tune) / static_cast<double>(rows), 0.5, 0.05);
}

}  // namespace
}  // namespace mien
