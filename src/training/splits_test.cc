#include "training/splits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/random.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

DatasetClip clip(const std::string& person, const std::string& source,
                 Split split = Split::kUnassigned) {
  DatasetClip clip;
  clip.person = person;
  clip.source = source;
  clip.split = split;
  return clip;
}

std::vector<DatasetClip> random_clips(std::size_t n, std::uint64_t people, std::uint64_t seed) {
  Random random(seed);
  std::vector<DatasetClip> clips;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t person = random.below(people);
    clips.push_back(clip("p" + std::to_string(person), "s" + std::to_string(person / 3)));
  }
  return clips;
}

TEST(Splits, ClipsHangTogetherOverPersonsAndSources) {
  const std::vector clips = {clip("a", "1"), clip("b", "2"), clip("b", "1"), clip("c", "3"),
                             clip("d", "2")};
  EXPECT_THAT(clusters_of(clips), ElementsAre(0, 0, 0, 1, 0));
}

TEST(Splits, SharesAreMetAndNobodyStandsOnTwoSides) {
  const auto clips = random_clips(3000, 400, 1);
  const auto splits = settle_splits(clips, 5);
  ASSERT_TRUE(splits.ok()) << splits.error().message;
  const auto share = [&](Split split) {
    return static_cast<double>(std::ranges::count(*splits, split)) / 3000;
  };
  EXPECT_NEAR(share(Split::kTrain), 0.7, 0.02);
  EXPECT_NEAR(share(Split::kValidation), 0.15, 0.02);
  std::map<std::string, std::set<Split>> of_person, of_source;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    of_person[clips[i].person].insert((*splits)[i]);
    of_source[clips[i].source].insert((*splits)[i]);
  }
  for (const auto& [name, sides] : of_person) EXPECT_EQ(sides.size(), 1U) << name;
  for (const auto& [name, sides] : of_source) EXPECT_EQ(sides.size(), 1U) << name;
  EXPECT_EQ(*splits, *settle_splits(clips, 5));
  EXPECT_NE(*splits, *settle_splits(clips, 6));
}

TEST(Splits, ALeakFailsAndIsNamed) {
  std::vector clips = {clip("a", "1", Split::kTrain), clip("b", "2", Split::kValidation),
                       clip("c", "3", Split::kTest)};
  EXPECT_TRUE(settle_splits(clips, 1).ok());
  clips.push_back(clip("a", "4", Split::kTest));
  auto leak = settle_splits(clips, 1);
  ASSERT_FALSE(leak.ok());
  EXPECT_EQ(leak.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(leak.error().message, HasSubstr("person 'a' stands in train and in test"));
  clips.back() = clip("e", "2", Split::kTrain);
  EXPECT_THAT(settle_splits(clips, 1).error().message, HasSubstr("source '2'"));
}

TEST(Splits, SaysWhereClipsCannotBeDivided) {
  const std::vector one = {clip("a", "1"), clip("b", "1"), clip("a", "2")};
  EXPECT_THAT(settle_splits(one, 1).error().message, HasSubstr("more people"));
  EXPECT_THAT(deal_folds(one, 5, 1).error().message, HasSubstr("at least 5"));
  const std::vector half = {clip("a", "1", Split::kTrain), clip("b", "2")};
  EXPECT_THAT(settle_splits(half, 1).error().message, HasSubstr("1 of 2 clips"));
}

TEST(Splits, FoldsAreEqualAndKeepClustersWhole) {
  const auto clips = random_clips(1000, 200, 2);
  const auto folds = deal_folds(clips, 5, 3);
  ASSERT_TRUE(folds.ok());
  for (std::uint8_t f = 0; f < 5; ++f)
    EXPECT_NEAR(static_cast<double>(std::ranges::count(*folds, f)), 200, 15);
  std::vector<std::uint8_t> broken = *folds;
  const auto twin = std::ranges::find_if(clips, [&](const DatasetClip& other) {
    return &other != &clips[0] && other.person == clips[0].person;
  });
  ASSERT_NE(twin, clips.end());
  broken[0] = static_cast<std::uint8_t>((broken[0] + 1) % 5);
  EXPECT_THAT(check_fold_leaks(clips, broken).error().message, HasSubstr("stands in fold"));
}

}  // namespace
}  // namespace mien
