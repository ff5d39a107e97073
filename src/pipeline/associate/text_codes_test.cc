#include "pipeline/associate/text_codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

namespace mien {
namespace {

TEST(TextCodesTest, SeveralThreadsAgreeOnEveryText) {
  constexpr std::size_t kTexts = 3001;  // a prime
  constexpr std::size_t kThreads = 4;
  TextCodes codes;
  std::vector<std::vector<std::uint32_t>> found(kThreads, std::vector<std::uint32_t>(kTexts));
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        TextCodes::Session session(codes);
        for (std::size_t i = 0; i < kTexts; ++i) {
          const std::size_t at = (i * (2 * t + 1) + t) % kTexts;  // an order of its own
          found[t][at] = session.code("text " + std::to_string(at));
          ASSERT_EQ(session.code("text " + std::to_string(at)), found[t][at]);
        }
      });
    }
  }
  ASSERT_EQ(codes.texts().size(), kTexts);
  const SortedCodes sorted(codes);
  EXPECT_EQ(std::set<std::string>(sorted.texts.begin(), sorted.texts.end()).size(), kTexts);
  EXPECT_TRUE(std::is_sorted(sorted.texts.begin(), sorted.texts.end()));
  for (std::size_t i = 0; i < kTexts; ++i) {
    const std::string text = "text " + std::to_string(i);
    for (std::size_t t = 0; t < kThreads; ++t) ASSERT_EQ(found[t][i], found[0][i]);
    ASSERT_EQ(codes.texts()[found[0][i]], text);
    ASSERT_EQ(sorted.texts[sorted.places[found[0][i]]], text);
  }
}

TEST(TextCodesTest, TheEmptyTextIsAText) {
  TextCodes codes;
  TextCodes::Session session(codes);
  EXPECT_EQ(session.code(""), 0U);
  EXPECT_EQ(session.code("a"), 1U);
  EXPECT_EQ(session.code(""), 0U);
  EXPECT_EQ(codes.texts().size(), 2U);
}

}  // namespace
}  // namespace mien
