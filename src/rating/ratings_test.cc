#include "rating/ratings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rating/rater_profile.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

RatingsBuilder::Row row(const char* rater, const char* clip, const char* label, double value = 1,
                        std::int64_t repeat = -1) {
  RatingsBuilder::Row row;
  row.rater = rater;
  row.clip = clip;
  row.label = label;
  row.value = value;
  row.repeat = repeat;
  return row;
}

Result<Ratings> built(const std::vector<RatingsBuilder::Row>& rows, RatingMode mode) {
  RatingsBuilder builder;
  for (const auto& r : rows) builder.add(r);
  return std::move(builder).finish(mode);
}

TEST(Ratings, ALabelNotChosenIsZeroInChoiceData) {
  const auto ratings = built({row("b", "1", "awe"), row("a", "1", "anger"), row("a", "2", "awe")},
                             RatingMode::kChoice);
  ASSERT_TRUE(ratings.ok());
  EXPECT_THAT(ratings->labels, ElementsAre("anger", "awe"));
  const auto labels = first_judgements(*ratings);
  EXPECT_THAT(labels[0].value, ElementsAre(1, 0, 0));  // clip 1: a, b; clip 2: a
  EXPECT_THAT(labels[1].value, ElementsAre(0, 1, 1));
  EXPECT_EQ(labels[0].design, labels[1].design);
  EXPECT_TRUE(ratings->single_choice());
}

TEST(Ratings, ALabelWithoutAValueIsMissingInValueData) {
  const auto ratings = built(
      {row("b", "1", "awe", 3), row("a", "1", "anger", 5), row("a", "2", "awe", std::nan(""))},
      RatingMode::kValue);
  ASSERT_TRUE(ratings.ok());
  const auto labels = first_judgements(*ratings);
  EXPECT_THAT(labels[0].value, ElementsAre(5));
  EXPECT_THAT(labels[1].value, ElementsAre(3));
  EXPECT_FALSE(ratings->single_choice());
}

TEST(Ratings, NothingChosenIsAJudgement) {
  const auto ratings = built({row("a", "1", "awe"), row("b", "1", "")}, RatingMode::kChoice);
  ASSERT_TRUE(ratings.ok());
  EXPECT_THAT(first_judgements(*ratings)[0].value, ElementsAre(1, 0));
  EXPECT_FALSE(ratings->single_choice());
}

TEST(Ratings, TheOrderOfRowsDoesNotMatter) {
  const std::vector<RatingsBuilder::Row> rows{row("b", "2", "awe", 3), row("a", "1", "awe", 5),
                                              row("b", "1", "anger", 2), row("a", "2", "anger", 1)};
  const auto forwards = built(rows, RatingMode::kValue);
  const auto backwards = built({rows.rbegin(), rows.rend()}, RatingMode::kValue);
  ASSERT_TRUE(forwards.ok() && backwards.ok());
  const auto a = first_judgements(*forwards);
  const auto b = first_judgements(*backwards);
  for (std::size_t l = 0; l < a.size(); ++l) {
    EXPECT_EQ(a[l].value, b[l].value);
    EXPECT_EQ(a[l].design->rater, b[l].design->rater);
  }
}

TEST(Ratings, RepeatsTellOfTheRaterAndNotOfAgreement) {
  const auto ratings =
      built({row("a", "1", "awe", 3), row("b", "1", "awe", 4), row("a", "1", "awe", 5),
             row("a", "2", "awe", 2, 0), row("a", "2", "awe", 2, 1)},
            RatingMode::kValue);
  ASSERT_TRUE(ratings.ok());
  const auto labels = first_judgements(*ratings);
  EXPECT_THAT(labels[0].value, ElementsAre(3, 4, 2));
  const auto profiles = rater_profiles(*ratings, labels);
  EXPECT_EQ(profiles[0].repeats, 2U);
  EXPECT_DOUBLE_EQ(profiles[0].consistency, 0.5);
  EXPECT_DOUBLE_EQ(profiles[0].repeat_difference, 1);
  EXPECT_EQ(profiles[1].repeats, 0U);
  EXPECT_TRUE(std::isnan(profiles[1].consistency));
}

TEST(Ratings, BiasIsTheDistanceToTheOthers) {
  const auto ratings = built({row("a", "1", "awe", 1), row("b", "1", "awe", 3),
                              row("c", "1", "awe", 5), row("a", "2", "awe", 9)},
                             RatingMode::kValue);
  ASSERT_TRUE(ratings.ok());
  const auto profiles = rater_profiles(*ratings, first_judgements(*ratings));
  EXPECT_DOUBLE_EQ(profiles[0].bias[0], -3);  // clip 2 has nobody to compare with
  EXPECT_DOUBLE_EQ(profiles[2].bias[0], 3);
  EXPECT_EQ(profiles[0].compared, 1U);
  EXPECT_EQ(profiles[0].clips, 2U);
}

TEST(Ratings, WhatDoesNotHoldIsToldWithItsRemedy) {
  const auto none = built({}, RatingMode::kChoice);
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message, HasSubstr("there is no rating; remedy"));
  const auto amount = built({row("a", "1", "awe", 3)}, RatingMode::kChoice);
  ASSERT_FALSE(amount.ok());
  EXPECT_THAT(amount.error().message, HasSubstr("data row 1"));
  EXPECT_THAT(amount.error().message, HasSubstr("--mode value"));
  const auto twice =
      built({row("a", "1", "awe", 3, 0), row("a", "1", "awe", 4, 0)}, RatingMode::kValue);
  ASSERT_FALSE(twice.ok());
  EXPECT_THAT(twice.error().message, HasSubstr("data rows 1 and 2"));
  RatingsBuilder builder;
  RatingsBuilder::Row grouped = row("a", "1", "awe");
  grouped.group = "north";
  builder.add(grouped);
  grouped.clip = "2";
  grouped.group = "south";
  builder.add(grouped);
  const auto groups = std::move(builder).finish(RatingMode::kChoice);
  ASSERT_FALSE(groups.ok());
  EXPECT_THAT(groups.error().message, HasSubstr("rater 'a' is of two groups"));
}

}  // namespace
}  // namespace mien
