#include "app/suggestion.h"

#include <gtest/gtest.h>

namespace mien {
namespace {

TEST(SuggestionTest, NamesTheNearestKnownWordOrNone) {
  const std::vector<std::string> known{"--threads", "--rate", "--channels"};
  EXPECT_EQ(nearest_word("--thread", known), "--threads");
  EXPECT_EQ(nearest_word("--chanels", known), "--channels");
  EXPECT_EQ(nearest_word("--completely-else", known), std::nullopt);
  EXPECT_EQ(nearest_word("x", {}), std::nullopt);
}

}  // namespace
}  // namespace mien
