#include "rating/view_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace mien {
namespace {

// `moments` of which each has a true share of raters in each view; `raters` a clip.
Ratings planted(std::size_t moments, int raters, double shift, double own, std::uint64_t seed) {
  Random random(seed);
  RatingsBuilder builder;
  for (std::size_t m = 0; m < moments; ++m) {
    const double face = 0.2 + 0.4 * random.uniform();
    const double other = 0.2 + 0.4 * random.uniform();
    const double scene = shift + (1 - own) * face + own * other;
    for (const bool is_scene : {false, true}) {
      const std::string clip = std::to_string(1000 + m) + (is_scene ? "-scene" : "-face");
      for (int r = 0; r < raters; ++r) {
        const std::string rater = "r" + std::to_string((m * 7 + static_cast<std::size_t>(r)) % 40);
        RatingsBuilder::Row row;
        row.clip = clip;
        row.rater = rater;
        row.label = random.uniform() < (is_scene ? scene : face) ? "joy" : "calm";
        builder.add(row);
      }
    }
  }
  return std::move(builder).finish(RatingMode::kChoice).value();
}

std::optional<ClipView> view_of(std::string_view clip) {
  const std::size_t at = clip.find('-');
  if (at == std::string_view::npos) return std::nullopt;
  return ClipView{std::string(clip.substr(0, at)), clip.substr(at) == "-scene"};
}

ReliabilityOptions quick(std::uint64_t seed = 1) {
  ReliabilityOptions options;
  options.replicates = 200;
  options.seed = seed;
  return options;
}

TEST(ViewComparison, FindsWhatTheSceneAdds) {
  const Ratings ratings = planted(300, 12, 0.2, 0, 5);
  const auto views = compare_views(ratings, view_of, quick());
  ASSERT_EQ(views.size(), 2U);
  const ViewComparison& joy = views[1];
  EXPECT_EQ(joy.label, "joy");
  EXPECT_EQ(joy.pairs, 300U);
  EXPECT_NEAR(joy.face.estimate, 0.4, 0.03);
  EXPECT_NEAR(joy.difference.estimate, 0.2, 0.03);
  EXPECT_LT(joy.difference.lower, 0.2);
  EXPECT_GT(joy.difference.lower, 0.1);
  EXPECT_DOUBLE_EQ(joy.difference.estimate, joy.scene.estimate - joy.face.estimate);
  EXPECT_NEAR(views[0].difference.estimate, -joy.difference.estimate, 1e-12) << "calm is the rest";
  // The same faces in the same order: noise alone lowers r.
  EXPECT_LT(joy.r.estimate, 0.7);
  EXPECT_NEAR(joy.corrected, 1, 0.25);
}

TEST(ViewComparison, AnotherOrderInTheSceneLowersTheCorrectedFigureToo) {
  const auto views = compare_views(planted(300, 12, 0, 0.8, 6), view_of, quick());
  EXPECT_LT(views[1].corrected, 0.6);
  EXPECT_LT(views[1].difference.lower, 0);
  EXPECT_GT(views[1].difference.upper, 0);
}

TEST(ViewComparison, IntervalsHoldNoDifferenceAboutAsOftenAsTheySay) {
  int held = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto views = compare_views(planted(60, 6, 0, 0, 100 + seed), view_of, quick(seed));
    held += views[1].difference.lower <= 0 && views[1].difference.upper >= 0 ? 1 : 0;
  }
  EXPECT_GE(held, 36) << "of 40; the bootstrap errs on the wide side";
}

TEST(ViewComparison, ClipsOfOneViewDoNotCountAndFewPairsHaveNoCorrelation) {
  RatingsBuilder builder;
  for (const char* clip : {"1-face", "1-scene", "2-face", "2-scene", "3-face", "elsewhere"}) {
    for (const char* rater : {"a", "b"}) {
      RatingsBuilder::Row row;
      row.clip = clip;
      row.rater = rater;
      row.label = *clip == '2' ? "awe" : "joy";
      builder.add(row);
    }
  }
  const Ratings ratings = std::move(builder).finish(RatingMode::kChoice).value();
  const auto views = compare_views(ratings, view_of, quick());
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[0].pairs, 2U);
  EXPECT_DOUBLE_EQ(views[0].face.estimate, 0.5);
  EXPECT_TRUE(std::isnan(views[0].r.estimate));
  EXPECT_EQ(views[0].r.reason, "too_few_pairs");
  EXPECT_TRUE(std::isnan(views[0].corrected));
  const auto none = [](std::string_view) { return std::optional<ClipView>(); };
  EXPECT_TRUE(compare_views(ratings, none, quick()).empty());
}

}  // namespace
}  // namespace mien
