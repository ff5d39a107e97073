// Ways of cutting that are told by hand, and files that are not what they should be.
#include "context/unigram_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "support/paths.h"

namespace mien {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

json tokenizer_file() {
  return json::parse(R"({"format": "unigram", "normal_form": "nfkc", "collapse_spaces": true,
    "leading_space": "missing", "equal_scores": "first", "unknown_id": 0,
    "pieces": [null, ["▁", -2], ["a", -3], ["b", -3], ["ab", -4], ["▁ab", -5.5], ["é", -3],
               ["aa", -6]]})");
}

std::unique_ptr<Tokenizer> opened(const json& file) {
  auto tokenizer = UnigramTokenizer::open(file.dump(), "t.json");
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  return std::move(tokenizer).value();
}

std::string problem_with(const json& file) {
  const auto tokenizer = UnigramTokenizer::open(file.dump(), "t.json");
  return tokenizer.ok() ? "" : tokenizer.error().message;
}

TEST(UnigramTokenizer, TakesTheWayWithTheGreatestSum) {
  const auto tokenizer = opened(tokenizer_file());
  EXPECT_THAT(tokenizer->encode("ab"), ElementsAre(5));         // -5.5 beats -2 - 4
  EXPECT_THAT(tokenizer->encode("bab"), ElementsAre(1, 3, 4));  // -4 beats -3 - 3
  EXPECT_THAT(tokenizer->encode(""), IsEmpty());
}

TEST(UnigramTokenizer, EqualSumsAreDecidedByTheLastPiece) {
  json file = tokenizer_file();
  EXPECT_THAT(opened(file)->encode("aaa"), ElementsAre(1, 2, 7));
  file["equal_scores"] = "last";
  EXPECT_THAT(opened(file)->encode("aaa"), ElementsAre(1, 2, 2, 2));  // -3 - 3 equals -6
}

TEST(UnigramTokenizer, UnknownCharactersInARowAreOneId) {
  EXPECT_THAT(opened(tokenizer_file())->encode("axyz世b?"), ElementsAre(1, 2, 0, 3, 0));
}

TEST(UnigramTokenizer, NormalisesUnicodeAndSpaces) {
  json file = tokenizer_file();
  EXPECT_THAT(opened(file)->encode("e\xCC\x81"), ElementsAre(1, 6));  // e and an acute: é
  EXPECT_THAT(opened(file)->encode("ａ   b"), ElementsAre(1, 2, 1, 3));
  EXPECT_THAT(opened(file)->encode("  a"), ElementsAre(1, 2));
  file["leading_space"] = "always";
  file["collapse_spaces"] = false;
  EXPECT_THAT(opened(file)->encode("  a"), ElementsAre(1, 1, 1, 2));
  file["normal_form"] = "none";
  EXPECT_THAT(opened(file)->encode("ａ"), ElementsAre(1, 0));
}

TEST(UnigramTokenizer, ReplacesCharacters) {
  json file = tokenizer_file();
  file["characters"] = json::parse(R"([["x","ab"],["\t"," "],["\u0001",""],["世","b"]])");
  EXPECT_THAT(opened(file)->encode("x"), ElementsAre(5));
  EXPECT_THAT(opened(file)->encode("\x01 \t世\x01"), ElementsAre(1, 3));
}

// The slow obvious way: every way of cutting, tried.
double best_sum(const std::vector<std::pair<std::string, double>>& pieces, std::string_view text) {
  if (text.empty()) return 0;
  double best = -std::numeric_limits<double>::infinity();
  for (const auto& [piece, score] : pieces) {
    if (text.starts_with(piece))
      best = std::max(best, score + best_sum(pieces, text.substr(piece.size())));
  }
  return best;
}

TEST(UnigramTokenizer, AgreesWithEveryWayTried) {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<std::string, double>> pieces = {{"\xE2\x96\x81", -1.0}};
    for (const char* single : {"a", "b", "c"}) pieces.emplace_back(single, -1.0 - below(50) / 8.0);
    for (int i = 0; i < 8; ++i) {
      std::string piece(2 + static_cast<std::size_t>(below(3)), 'a');
      for (char& c : piece) c = static_cast<char>('a' + below(3));
      const auto is_same = [&](const auto& other) { return other.first == piece; };
      if (std::any_of(pieces.begin(), pieces.end(), is_same)) continue;
      pieces.emplace_back(piece, -1.0 - below(100) / 8.0);
    }
    json file = tokenizer_file();
    file["pieces"] = json::array({nullptr});
    for (const auto& [piece, score] : pieces) file["pieces"].push_back({piece, score});
    std::string text(1 + static_cast<std::size_t>(below(9)), 'a');
    for (char& c : text) c = static_cast<char>('a' + below(3));
    double sum = 0;
    std::string joined;
    for (const std::int64_t id : opened(file)->encode(text)) {
      const auto& [piece, score] = pieces[static_cast<std::size_t>(id) - 1];
      joined += piece;
      sum += score;
    }
    EXPECT_EQ(joined, "\xE2\x96\x81" + text);
    EXPECT_DOUBLE_EQ(sum, best_sum(pieces, "\xE2\x96\x81" + text));
  }
}

// tests/reference/sentencepiece/expected.py: a model turned by tools/unigram_from_sentencepiece.
TEST(UnigramTokenizer, AgreesWithSentencePiece) {
  const std::filesystem::path folder = testing::source_dir() / "tests/reference/sentencepiece";
  std::ifstream file(folder / "tokenizer.json");
  std::ifstream rows(folder / "expected.json");
  const auto tokenizer = opened(json::parse(file));
  std::size_t unknown = 0;
  for (const json& row : json::parse(rows)) {
    const auto ids = row.at("ids").get<std::vector<std::int64_t>>();
    EXPECT_EQ(tokenizer->encode(row.at("text").get<std::string>()), ids) << row.at("text");
    unknown += static_cast<std::size_t>(std::count(ids.begin(), ids.end(), 3));
  }
  EXPECT_GT(unknown, 10U);  // the model knows some characters only
}

TEST(UnigramTokenizer, NamesAFieldThatIsMissing) {
  const json whole = tokenizer_file();
  for (const auto& [key, unused] : whole.items()) {
    json lacking = whole;
    lacking.erase(key);
    EXPECT_THAT(problem_with(lacking), HasSubstr("t.json: the tokenizer ")) << key;
  }
}

TEST(UnigramTokenizer, RefusesHostileFiles) {
  for (const char* text : {"", "[", "null", "[]", "{}", "1e999", "\"\xC3\""})
    EXPECT_FALSE(UnigramTokenizer::open(text, "t.json").ok()) << text;
  EXPECT_FALSE(UnigramTokenizer::open(std::string(100000, '['), "t.json").ok());
  const json changes = json::parse(R"({"format": "bpe", "normal_form": 3, "unknown_id": 99,
      "pieces": [["a", null]], "collapse_spaces": "yes", "characters": [["ab", "a"]],
      "equal_scores": "", "leading_space": {}})");
  for (const auto& [key, value] : changes.items()) {
    json file = tokenizer_file();
    file[key] = value;
    EXPECT_NE(problem_with(file), "") << key;
  }
  for (const char* pieces : {"[]", "{}", "[[\"\", -1]]", "[[\"a\", 1e300]]", "[[\"a\"]]", "[7]"}) {
    json file = tokenizer_file();
    file["pieces"] = json::parse(pieces);
    EXPECT_NE(problem_with(file), "") << pieces;
  }
  json file = tokenizer_file();
  file["unknown_id"] = -1;
  EXPECT_NE(problem_with(file), "");
  file = tokenizer_file();
  file["pieces"].push_back({std::string(2000, 'a'), -1});
  EXPECT_THAT(problem_with(file), HasSubstr("impossible piece at 8"));
}

}  // namespace
}  // namespace mien
