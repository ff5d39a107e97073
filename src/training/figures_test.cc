#include "training/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "training/calibration.h"
#include "training/card.h"
#include "training/dataset.h"
#include "training/rated_labels.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Choices of clip i by its raters, in order; raters' groups are "one" and "two" in turn.
Ratings choices(const std::vector<std::vector<std::string>>& of_clip) {
  RatingsBuilder builder;
  for (std::size_t i = 0; i < of_clip.size(); ++i) {
    const std::string clip = std::to_string(100000 + i);
    for (std::size_t r = 0; r < of_clip[i].size(); ++r) {
      const std::string rater = "r" + std::to_string(r);
      RatingsBuilder::Row row;
      row.clip = clip;
      row.rater = rater;
      row.label = of_clip[i][r];
      row.group = r % 2 == 0 ? "one" : "two";
      builder.add(row);
    }
  }
  return std::move(builder).finish(RatingMode::kChoice).value();
}

Evaluation evaluated(const Ratings& ratings, const std::vector<float>& scores) {
  std::vector<std::uint32_t> clusters;
  for (std::uint32_t i = 0; i < ratings.clips.size(); ++i) clusters.push_back(i);
  EvaluationInput input;
  input.labels = ratings.labels;
  input.scores = scores;
  input.ratings = &ratings;
  input.clusters = clusters;
  return evaluate(input);
}

TEST(Figures, ByHand) {
  // Clip 0: a a, clip 1: a b, clip 2: b b, clip 3: b b without a score.
  const Ratings ratings = choices({{"a", "a"}, {"a", "b"}, {"b", "b"}, {"b", "b"}});
  const Evaluation e = evaluated(ratings, {0.9F, 0.1F, 0.2F, 0.8F, 0.2F, 0.8F, NAN, NAN});
  ASSERT_EQ(e.labels.size(), 2U);
  const LabelFigures& a = e.labels[0];
  EXPECT_EQ(a.clips, 3U);
  EXPECT_DOUBLE_EQ(a.ratings, 6);
  EXPECT_DOUBLE_EQ(a.mean_rating, 0.5);
  // Choices of a: 2 at 0.9, 1 at 0.2; others: 3 at 0.2. (2 * 3 + 1 * 3 / 2) / (3 * 3)
  EXPECT_NEAR(a.auc, 7.5 / 9, 1e-6);
  EXPECT_NEAR(a.brier, (2 * 0.01 + 2 * 0.09 + 2 * 0.04) / 6, 1e-6);
  // Three bins of one clip each: off by 0.1, 0.3, 0.2.
  EXPECT_NEAR(a.calibration_error, 0.2, 1e-6);
  // x - mean: .4667 -.2333 -.2333; y - mean: .5 0 -.5
  EXPECT_NEAR(a.correlation.estimate, 0.35 / std::sqrt(0.32666667 * 0.5), 1e-5);
  EXPECT_THAT(e.confusion, ElementsAre(2, 1, 0, 3));
  EXPECT_EQ(e.decided_clips, 3U);  // clip 1 is a tie
  EXPECT_NEAR(e.accuracy, 2.0 / 3, 1e-12);
  EXPECT_NEAR(e.balanced_accuracy, (1 + 0.5) / 2, 1e-12);
  EXPECT_EQ(e.clips_without_score, 1U);
  // Group one says a, a, b of clips 0 to 2; group two a, b, b.
  ASSERT_EQ(e.groups.size(), 2U);
  EXPECT_NEAR(e.groups[0].labels[0].bias, (0.9 - 1 + 0.2 - 1 + 0.2 - 0) / 3, 1e-6);
  EXPECT_NEAR(e.groups[1].labels[0].bias, (0.9 - 1 + 0.2 - 0 + 0.2 - 0) / 3, 1e-6);
}

// A third of the labels of `clips` clips: chosen with the clip's share by `raters` raters.
struct Planted {
  Ratings ratings;
  std::vector<float> truth;  // [clips][2]
  double reliability = 0;
};

Planted planted(std::size_t clips, std::size_t raters, double spread, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<std::string>> of_clip;
  Planted result;
  double between = 0, within = 0;
  for (std::size_t i = 0; i < clips; ++i) {
    const double share = 0.5 + spread * (random.uniform() - 0.5);
    auto& chosen = of_clip.emplace_back();
    for (std::size_t r = 0; r < raters; ++r) chosen.push_back(random.uniform() < share ? "a" : "b");
    result.truth.push_back(static_cast<float>(share));
    result.truth.push_back(static_cast<float>(1 - share));
    between += (share - 0.5) * (share - 0.5) / static_cast<double>(clips);
    within += share * (1 - share) / static_cast<double>(clips);
  }
  result.ratings = choices(of_clip);
  result.reliability = between / (between + within / static_cast<double>(raters));
  return result;
}

TEST(Figures, TheTruthReachesTheCeilingWithinItsInterval) {
  int reliability_held = 0, corrected_held = 0;
  constexpr int kStudies = 20;
  for (int s = 0; s < kStudies; ++s) {
    const Planted study = planted(200, 6, 0.9, static_cast<std::uint64_t>(s) + 1);
    const LabelFigures a = evaluated(study.ratings, study.truth).labels[0];
    reliability_held +=
        a.reliability.lower <= study.reliability && study.reliability <= a.reliability.upper ? 1
                                                                                             : 0;
    corrected_held += a.corrected.lower <= 1 && 1 <= a.corrected.upper ? 1 : 0;
    EXPECT_NEAR(a.corrected.estimate, 1, 0.15);
    EXPECT_EQ(a.verdict, LabelVerdict::kKept);
  }
  EXPECT_GE(reliability_held, 17);
  EXPECT_GE(corrected_held, 17);
}

TEST(Figures, VerdictsFollowTheRule) {
  const Planted noise = planted(200, 4, 0.0, 1);  // raters agree on nothing
  EXPECT_EQ(evaluated(noise.ratings, noise.truth).labels[0].verdict, LabelVerdict::kUnreliable);
  const Planted study = planted(200, 8, 1, 2);
  std::vector<float> random_scores;
  Random random(3);
  for (std::size_t i = 0; i < study.truth.size(); ++i)
    random_scores.push_back(static_cast<float>(random.uniform()));
  EXPECT_EQ(evaluated(study.ratings, random_scores).labels[0].verdict, LabelVerdict::kInaccurate);
  const Planted single = planted(200, 1, 1, 2);
  const LabelFigures one = evaluated(single.ratings, single.truth).labels[0];
  EXPECT_EQ(one.verdict, LabelVerdict::kNotEstimable);
  EXPECT_TRUE(std::isnan(one.corrected.estimate));
  EXPECT_FALSE(one.corrected.reason.empty());
}

TEST(Calibration, FindsThePlantedSlopeAndGivesUpOnWhatTellsNothing) {
  Random random(1);
  constexpr std::size_t kClips = 4000;
  Targets targets{kClips, 2, {}, {}};
  std::vector<float> logits;
  std::vector<std::uint32_t> clips;
  for (std::uint32_t i = 0; i < kClips; ++i) {
    const double z = 2 * random.normal();
    clips.push_back(i);
    logits.push_back(static_cast<float>(z));
    logits.push_back(static_cast<float>(-z));  // tells the second label the wrong way round
    double chosen = 0;
    for (int rater = 0; rater < 3; ++rater)
      chosen += random.uniform() < 1 / (1 + std::exp(1 - 0.5 * z)) ? 1 : 0;
    for (int label = 0; label < 2; ++label) {
      targets.mean.push_back(static_cast<float>(chosen / 3));
      targets.raters.push_back(3);
    }
  }
  const CalibrationLine line = calibrate(logits, clips, targets);
  EXPECT_NEAR(line.slope[0], 0.5, 0.04);
  EXPECT_NEAR(line.intercept[0], -1, 0.06);
  EXPECT_EQ(line.slope[1], 0);
  double mean = 0;
  for (std::size_t i = 0; i < kClips; ++i)
    mean += static_cast<double>(targets.mean[2 * i]) / kClips;
  EXPECT_NEAR(calibrated({{0, 0}}, line)[1], mean, 1e-5);
}

TEST(TrainingTargets, SmoothingFadesWithRatersAndWeightsEvenLabelsOut) {
  // One label chosen in 1 of 4 clips, the other in 3; the last clip has 10 raters.
  Targets targets{4, 2, {1, 0, 0, 1, 0, 1, 0, 1}, {1, 1, 1, 1, 1, 1, 10, 10}};
  const std::vector<std::uint32_t> all = {0, 1, 2, 3};
  const Targets smooth = smoothed(targets, all);
  const double rate = 1.0 / 13;
  EXPECT_NEAR(smooth.mean[0], (1 + 0.1 * rate) / 1.1, 1e-6);
  EXPECT_NEAR(smooth.mean[6], 0.1 * rate / 10.1, 1e-6);
  const Targets even = training_targets(targets, all);
  double first = 0, second = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    first += static_cast<double>(even.raters[2 * i] * targets.mean[2 * i]);
    second += static_cast<double>(even.raters[2 * i + 1] * targets.mean[2 * i + 1]);
  }
  // From 1 to 12 toward even, as far as kMostBalance allows.
  EXPECT_GT(first / second, 0.5);
}

}  // namespace
}  // namespace mien
