#include "rating/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "rating/reliability.h"
#include "rating/split_half.h"

namespace mien {
namespace {

// clips x raters, each rating there with the probability given; value = clip + rater + noise.
struct Planted {
  double clip_sd = 1, rater_sd = 0.3, noise_sd = 1, shown = 0.5;
  std::size_t clips = 150, raters = 20;
};

std::string name(char kind, std::size_t number) {
  return std::string(1, kind) + std::to_string(1000 + number);
}

Ratings simulated(const Planted& planted, std::uint64_t seed, bool rounded = false) {
  Random random(seed);
  std::vector<double> rater(planted.raters);
  for (double& r : rater) r = planted.rater_sd * random.normal();
  RatingsBuilder builder;
  for (std::size_t c = 0; c < planted.clips; ++c) {
    const double clip = planted.clip_sd * random.normal();
    for (std::size_t r = 0; r < planted.raters; ++r) {
      const double value = clip + rater[r] + planted.noise_sd * random.normal();
      if (random.uniform() > planted.shown) continue;
      const std::string clip_name = name('c', c);
      const std::string rater_name = name('r', r);
      RatingsBuilder::Row row;
      row.clip = clip_name;
      row.rater = rater_name;
      row.label = "awe";
      row.value = rounded ? std::round(value) : value;
      builder.add(row);
    }
  }
  auto ratings = std::move(builder).finish(RatingMode::kValue);
  EXPECT_TRUE(ratings.ok());
  return *std::move(ratings);
}

Agreement estimate(const LabelRatings& label, const ResampleWeights& weights) {
  return AgreementEstimator(label).estimate(weights, UnitWeights(*label.design, weights));
}

// A clip drawn twice is a study that holds it twice.
TEST(Agreement, WeightOfAClipIsItsNumberOfCopies) {
  const Ratings ratings = simulated({.clips = 12, .raters = 5}, 7, true);
  const LabelRatings label = first_judgements(ratings)[0];
  ResampleWeights weights = no_resampling(ratings.clips.size(), ratings.raters.size());
  weights.clip[3] = 3;
  weights.clip[5] = 0;
  std::vector<double> value;
  RatingDesign design;
  for (std::size_t u = 0; u < label.design->units(); ++u) {
    for (int copy = 0; copy < weights.clip[label.design->clip[u]]; ++copy) {
      design.clip.push_back(static_cast<std::uint32_t>(design.clip.size()));
      design.start.push_back(static_cast<std::uint32_t>(design.rater.size()));
      for (std::uint32_t i = label.design->start[u]; i < label.design->start[u + 1]; ++i) {
        design.rater.push_back(label.design->rater[i]);
        value.push_back(label.value[i]);
      }
    }
  }
  design.start.push_back(static_cast<std::uint32_t>(design.rater.size()));
  const std::size_t clips = design.clip.size();
  const LabelRatings copied(std::make_shared<const RatingDesign>(std::move(design)), value);
  const Agreement weighted = estimate(label, weights);
  const Agreement plain = estimate(copied, no_resampling(clips, ratings.raters.size()));
  EXPECT_NEAR(weighted.nominal, plain.nominal, 1e-12);
  EXPECT_NEAR(weighted.ordinal, plain.ordinal, 1e-12);
  EXPECT_NEAR(weighted.interval, plain.interval, 1e-12);
  EXPECT_NEAR(weighted.kappa, plain.kappa, 1e-12);
  EXPECT_NEAR(weighted.reliability, plain.reliability, 1e-12);
  EXPECT_NEAR(weighted.mean, plain.mean, 1e-12);
}

// Two copies of everybody are no second opinion: pairs of one person do not count.
TEST(Agreement, NobodyAgreesWithHimself) {
  const Ratings ratings = simulated({.shown = 1, .clips = 40, .raters = 6}, 11, true);
  const LabelRatings label = first_judgements(ratings)[0];
  ResampleWeights twice = no_resampling(ratings.clips.size(), ratings.raters.size());
  for (double& w : twice.rater) w = 2;
  const Agreement once = estimate(label, no_resampling(40, 6));
  const Agreement doubled = estimate(label, twice);
  EXPECT_NEAR(doubled.interval, once.interval, 0.01);
  EXPECT_NEAR(doubled.clip_variance, once.clip_variance, 1e-9);
  EXPECT_NEAR(doubled.error_variance, once.error_variance, 1e-9);
}

TEST(Agreement, MetricsOfTwoValuesAreOne) {
  RatingsBuilder builder;
  Random random(3);
  for (int c = 0; c < 50; ++c) {
    const double chance = random.uniform();
    for (int r = 0; r < 4; ++r) {
      const std::string clip = name('c', static_cast<std::size_t>(c));
      const std::string rater = name('r', static_cast<std::size_t>(r));
      RatingsBuilder::Row row;
      row.clip = clip;
      row.rater = rater;
      row.label = random.uniform() < chance ? "awe" : "";
      builder.add(row);
    }
  }
  const auto ratings = std::move(builder).finish(RatingMode::kChoice);
  ASSERT_TRUE(ratings.ok());
  const Agreement agreement = estimate(first_judgements(*ratings)[0], no_resampling(50, 4));
  EXPECT_GT(agreement.nominal, 0.1);
  EXPECT_EQ(agreement.nominal, agreement.ordinal);
  EXPECT_EQ(agreement.nominal, agreement.interval);
  EXPECT_EQ(agreement.nominal, agreement.ratio);
}

// Intervals of the reliability of mean ratings against the truth that was planted, and components
// without bias. Seeds fixed beforehand.
TEST(Agreement, PlantedReliabilityLiesInItsInterval) {
  const Planted planted{
      .clip_sd = 1, .rater_sd = 0.3, .noise_sd = 1.2, .shown = 0.4, .clips = 120, .raters = 25};
  constexpr int kStudies = 40;
  int covered = 0;
  double clip_variance = 0;
  for (int study = 0; study < kStudies; ++study) {
    const Ratings ratings = simulated(planted, 500 + static_cast<std::uint64_t>(study));
    const ReliabilityReport report = reliability_of(ratings, {.replicates = 200});
    const LabelReliability& label = report.labels[0];
    // n_i of this study; raters differ from clip to clip, so that their spread is error.
    double inverse = 0;
    const LabelRatings first = first_judgements(ratings)[0];
    for (std::size_t u = 0; u < first.design->units(); ++u) {
      inverse += 1.0 / (first.design->start[u + 1] - first.design->start[u]);
    }
    inverse /= static_cast<double>(first.design->units());
    const double error = planted.noise_sd * planted.noise_sd + planted.rater_sd * planted.rater_sd;
    const double truth = 1 / (1 + error * inverse);
    covered += label.reliability.lower <= truth && truth <= label.reliability.upper ? 1 : 0;
    clip_variance += label.components.row / kStudies;
    EXPECT_NEAR(label.components.residual, planted.noise_sd * planted.noise_sd, 0.35);
  }
  EXPECT_GE(covered, 35);  // 95% intervals: fewer than 35 of 40 in under 2% of runs
  EXPECT_NEAR(clip_variance, 1, 0.08);
}

TEST(Agreement, SplitHalfIsTheReliabilityOfTheMean) {
  const Ratings ratings = simulated(
      {.clip_sd = 1, .rater_sd = 0, .noise_sd = 1, .shown = 1, .clips = 2000, .raters = 4}, 21);
  const Interval half = split_halves(first_judgements(ratings), 2000, 4, 100, Random(1), 2)[0];
  EXPECT_NEAR(half.estimate, 0.8, 0.02);  // 1 / (1 + 1/4)
  EXPECT_LT(half.lower, 0.8);
  EXPECT_GT(half.upper, 0.8);
}

TEST(Agreement, ThreadsChangeNoNumber) {
  const Ratings ratings = simulated({.clips = 60, .raters = 8}, 5, true);
  const ReliabilityReport one = reliability_of(ratings, {.replicates = 50, .threads = 1});
  const ReliabilityReport three = reliability_of(ratings, {.replicates = 50, .threads = 3});
  EXPECT_EQ(one.labels[0].alpha_ordinal.lower, three.labels[0].alpha_ordinal.lower);
  EXPECT_EQ(one.labels[0].split_half.upper, three.labels[0].split_half.upper);
  EXPECT_EQ(one.labels[0].components.row, three.labels[0].components.row);
}

struct NoAnswer {
  const char* title;
  std::vector<std::array<const char*, 3>> rows;
  const char* reason;
};

TEST(Agreement, WhatCannotBeToldIsNullWithItsReason) {
  const std::vector<NoAnswer> cases{
      {"one rater", {{"a", "1", "2"}, {"a", "2", "3"}}, "one_rater"},
      {"no clip twice", {{"a", "1", "2"}, {"b", "2", "3"}}, "no_clip_rated_twice"},
      {"constant",
       {{"a", "1", "2"}, {"b", "1", "2"}, {"a", "2", "2"}, {"b", "2", "2"}},
       "no_variation"},
  };
  for (const NoAnswer& c : cases) {
    RatingsBuilder builder;
    for (const auto& [rater, clip, value] : c.rows) {
      RatingsBuilder::Row row;
      row.rater = rater;
      row.clip = clip;
      row.label = "awe";
      row.value = std::stod(value);
      builder.add(row);
    }
    const auto ratings = std::move(builder).finish(RatingMode::kValue);
    ASSERT_TRUE(ratings.ok());
    const ReliabilityReport report = reliability_of(*ratings, {.replicates = 10});
    const LabelReliability& label = report.labels[0];
    EXPECT_TRUE(std::isnan(label.alpha_interval.estimate)) << c.title;
    EXPECT_EQ(label.alpha_interval.reason, c.reason) << c.title;
    EXPECT_TRUE(std::isnan(label.ceiling.estimate)) << c.title;
    EXPECT_FALSE(label.ceiling.reason.empty()) << c.title;
    EXPECT_FALSE(label.components.reason.empty()) << c.title;
  }
}

}  // namespace
}  // namespace mien
