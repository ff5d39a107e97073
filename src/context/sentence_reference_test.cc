// The Universal Sentence Encoder lite against its package's own tokenizer and weights, run by
// TensorFlow.js (tests/reference/sentences/expected.mjs): ids the same, vectors alike. And what
// every encoder promises (context/text_encoder.h), on this one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "support/base64.h"
#include "support/paths.h"

#include "context/sentence_encoder.h"
#include "context/unigram_tokenizer.h"

namespace mien {
namespace {

using nlohmann::json;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

std::filesystem::path models() {
  return testing::source_dir() / "build/models";
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

const json& expected() {
  static const json rows =
      json::parse(text_of(testing::source_dir() / "tests/reference/sentences/expected.json"));
  return rows;
}

const TextEncoder& encoder() {
  static const auto opened =
      open_sentence_encoder(testing::source_dir() / "models/sentence/use_lite.json", models());
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  return **opened;
}

std::vector<float> encoded(const std::vector<std::string>& texts) {
  auto vectors = encoder().encode(texts);
  EXPECT_TRUE(vectors.ok()) << vectors.error().message;
  return std::move(vectors).value();
}

std::vector<std::string> texts() {
  std::vector<std::string> all;
  for (const json& row : expected()) all.push_back(row.at("text"));
  return all;
}

TEST(UseLite, CutsTextsIntoTheSamePieces) {
  const std::filesystem::path file = models() / "use_lite.tokenizer.json";
  const auto tokenizer = UnigramTokenizer::open(text_of(file), file.string());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  ASSERT_GE(expected().size(), 50U);
  for (const json& row : expected()) {
    EXPECT_THAT((*tokenizer)->encode(row.at("text").get<std::string>()),
                ElementsAreArray(row.at("ids").get<std::vector<std::int64_t>>()))
        << row.at("text");
  }
}

TEST(UseLite, GivesTheSameVectors) {
  const std::vector<std::string> all = texts();
  const std::vector<float> vectors = encoded(all);
  double least = 1;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string bytes = testing::from_base64(expected()[i].at("vector").get<std::string>());
    ASSERT_EQ(bytes.size(), 2 * encoder().dimensions());
    double dot = 0;
    double theirs = 0;
    double ours = 0;
    for (std::size_t c = 0; c < encoder().dimensions(); ++c) {
      std::int16_t units = 0;
      std::memcpy(&units, bytes.data() + 2 * c, 2);
      const double b = units / 32767.0;
      const double a = vectors[i * encoder().dimensions() + c];
      dot += a * b;
      ours += a * a;
      theirs += b * b;
    }
    EXPECT_NEAR(ours, 1, 1e-6);
    least = std::min(least, dot / std::sqrt(ours * theirs));
  }
  EXPECT_GT(least, 1 - 1e-6);  // the units of the expected values alone cost some 1e-8
  RecordProperty("most_apart_1e_9", std::to_string(1e9 * (1 - least)));
}

TEST(UseLite, GivesATextTheSameBitsInAnyCompany) {
  std::vector<std::string> all = texts();
  all.resize(24);
  for (const char* more : {"b", "c", "x y", "p q", "r s", "one two", "two three", "three four"})
    all.emplace_back(more);  // many of one length, which share a call
  const std::size_t width = encoder().dimensions();
  const std::vector<float> together = encoded(all);
  std::vector<std::string> turned(all.rbegin(), all.rend());
  turned.insert(turned.end(), all.begin(), all.end());  // each twice
  std::vector<std::vector<float>> threads(3);
  {
    std::vector<std::jthread> running;
    for (auto& result : threads) running.emplace_back([&] { result = encoded(turned); });
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const float* const one = together.data() + i * width;
    for (const std::vector<float>& vectors : threads) {
      EXPECT_EQ(std::memcmp(one, vectors.data() + (all.size() - 1 - i) * width, width * 4), 0);
      EXPECT_EQ(std::memcmp(one, vectors.data() + (all.size() + i) * width, width * 4), 0);
    }
    EXPECT_EQ(std::memcmp(one, encoded({all[i]}).data(), width * 4), 0) << all[i];
  }
}

TEST(UseLite, SaysWhatItIs) {
  EXPECT_EQ(encoder().name(), "use_lite");
  EXPECT_EQ(encoder().dimensions(), 512U);
  EXPECT_THAT(encoder().identity(), HasSubstr("0.2.0"));
  EXPECT_TRUE(encoder().knows("en"));
  EXPECT_TRUE(encoder().knows("en-GB"));
  for (const char* other : {"", "e", "eng", "de", "un"}) EXPECT_FALSE(encoder().knows(other));
}

TEST(UseLite, NearMeaningsAreNear) {
  const std::vector<float> v =
      encoded({"wedding ceremony", "bride and groom get married", "weight training at the gym"});
  const auto dot = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t c = 0; c < 512; ++c) sum += v[a * 512 + c] * v[b * 512 + c];
    return sum;
  };
  EXPECT_GT(dot(0, 1), dot(0, 2) + 0.1);
}

TEST(UseLite, TextsWithoutTokensHaveNoVector) {
  const std::vector<float> vectors = encoded({"", " \t\n", "a"});
  for (std::size_t c = 0; c < 1024; ++c) EXPECT_TRUE(std::isnan(vectors[c]));
  for (std::size_t c = 1024; c < 1536; ++c) EXPECT_FALSE(std::isnan(vectors[c]));
  EXPECT_EQ(encoder().tokens("  "), 0U);
  EXPECT_EQ(encoder().tokens("Hello"), expected()[13].at("ids").size());
  EXPECT_TRUE(encoded({}).empty());
}

TEST(UseLite, LongTextsAreEncodedInPieces) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "children play with toys, " + std::to_string(i) + " ";
  EXPECT_GT(encoder().tokens(text), 900U);
  EXPECT_LE(encoder().tokens(text), 128 * kMaxTextPieces);
  const std::vector<float> vectors = encoded({text, "children play with toys", "a police stop"});
  double near = 0;
  double far = 0;
  double square = 0;
  for (std::size_t c = 0; c < 512; ++c) {
    near += vectors[c] * vectors[512 + c];
    far += vectors[c] * vectors[1024 + c];
    square += vectors[c] * vectors[c];
  }
  EXPECT_NEAR(square, 1, 1e-6);
  EXPECT_GT(near, far + 0.1);
  const std::string megabyte(1 << 20, 'x');
  EXPECT_EQ(encoded({megabyte}).size(), 512U);
  EXPECT_LE(encoder().tokens(megabyte), 128 * kMaxTextPieces);
}

TEST(UseLite, RefusesWhatIsNotText) {
  const std::vector<std::string> bad = {"fine", "bad \xC3"};
  const auto vectors = encoder().encode(bad);
  ASSERT_FALSE(vectors.ok());
  EXPECT_EQ(vectors.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(vectors.error().message, HasSubstr("text 2 of 2"));
  EXPECT_EQ(encoder().tokens(bad[1]), 0U);
}

TEST(UseLite, OddTextsHaveVectorsToo) {
  for (const std::string& odd :
       {std::string("\0\1\2", 3) + "x", std::string("😀"), std::string("\xF3\xA0\x80\x81"),
        std::string("\xEF\xBF\xBE"), std::string(500, '\x7F') + "a"}) {
    EXPECT_EQ(encoded({odd}).size(), 512U);
    EXPECT_FALSE(std::isnan(encoded({odd})[0]));
  }
}

TEST(UseLite, NamesAnAbsentModelAndItsRemedy) {
  const testing::TemporaryFolder empty;
  const auto opened =
      open_sentence_encoder(testing::source_dir() / "models/sentence/use_lite.json", empty.path());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(opened.error().message, HasSubstr("mien models import"));
}

}  // namespace
}  // namespace mien
