// Whether one uploader can move what is released by more than the noise is made for: sums of small
// studies with and without every uploader, over random and worst-case videos, and over input that
// breaks every promise.
#include "stats/private_sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/random.h"

namespace mien {
namespace {

constexpr std::size_t kExpressions = 3;
constexpr std::size_t kContexts = 6;

PrivateDesign small_design(std::uint32_t most_videos, std::uint32_t most_contexts) {
  PrivateDesign design;
  design.regions = 2;
  design.unit_region = {0, 0, 1};
  design.contexts = kContexts;
  design.expressions = kExpressions;
  design.numbers = 2;
  design.categories = 1;
  design.levels = 3;
  design.most_videos = most_videos;
  design.most_contexts = most_contexts;
  design.clip = 1.7;
  return design;
}

// Scores near 0.5 are far below the clip with this scale, others beyond.
ScoreScale some_scale() {
  return {{0.5, 0.4, 0.6}, {0.2, 0.1, 0.15}};
}

ScoreCentring some_centring(const PrivateDesign& design) {
  ScoreCentring centring;
  centring.unit.assign(design.unit_region.size() * kExpressions, 0.05);
  centring.slope.assign(design.regions * design.covariates() * kExpressions, -0.1);
  return centring;
}

using Vectors = std::map<PrivateVector, WholeNumbers>;

Vectors all_vectors(const PrivateDesign& design, const PrivateVideos& videos) {
  using enum PrivateVector;
  const ScoreScale scale = some_scale();
  UnitSums units = unit_sums(design, videos, scale);
  PrivateContextSums sums = context_sums(design, videos, scale, some_centring(design));
  return {{kScale, scale_sums(design, videos)},  {kUnits, units.units},
          {kProducts, units.products},           {kVideos, sums.videos},
          {kScoreSums, sums.score_sums},         {kScoreSquares, sums.score_squares},
          {kContextVideos, sums.context_videos}, {kContextScores, sums.context_scores},
          {kContextSpread, sums.context_spread}};
}

struct DrawnVideo {
  std::uint32_t unit = 0;
  std::vector<double> scores, covariates;
  std::vector<std::uint16_t> contexts;
};

void append(std::uint32_t uploader, const DrawnVideo& video, PrivateVideos& videos) {
  videos.uploader.push_back(uploader);
  videos.unit.push_back(video.unit);
  videos.scores.insert(videos.scores.end(), video.scores.begin(), video.scores.end());
  videos.covariates.insert(videos.covariates.end(), video.covariates.begin(),
                           video.covariates.end());
  videos.context.insert(videos.context.end(), video.contexts.begin(), video.contexts.end());
  videos.first.push_back(videos.context.size());
}

// Extremes as often as not.
DrawnVideo draw_video(Random& random) {
  DrawnVideo video;
  video.unit = static_cast<std::uint32_t>(random.below(3));
  for (std::size_t e = 0; e < kExpressions; ++e) {
    const double u = random.uniform();
    video.scores.push_back(u < 0.3 ? 0 : u < 0.6 ? 1 : random.uniform());
  }
  for (int k = 0; k < 2; ++k) {
    const double u = random.uniform();
    video.covariates.push_back(u < 0.3 ? -1 : u < 0.6 ? 1 : 2 * random.uniform() - 1);
  }
  const std::uint64_t level = random.below(4);
  for (std::uint64_t k = 0; k < 3; ++k) video.covariates.push_back(k == level ? 1 : 0);
  for (std::uint16_t c = 0; c < kContexts; ++c) {
    if (random.uniform() < 0.7) video.contexts.push_back(c);
  }
  return video;
}

double distance2(const WholeNumbers& a, const WholeNumbers& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i] - b[i]), 2);
  return sum;
}

// The largest change of each vector, as a share of its bound, when one uploader is taken away.
using Shares = std::map<PrivateVector, double>;
void look_for_worst(const PrivateDesign& design,
                    const std::vector<std::vector<DrawnVideo>>& uploaders, Shares& worst) {
  const auto videos_without = [&](std::size_t left_out) {
    PrivateVideos videos;
    for (std::size_t u = 0; u < uploaders.size(); ++u) {
      if (u == left_out) continue;
      for (const DrawnVideo& video : uploaders[u])
        append(static_cast<std::uint32_t>(u), video, videos);
    }
    return videos;
  };
  const Vectors whole = all_vectors(design, videos_without(uploaders.size()));
  for (std::size_t u = 0; u < uploaders.size(); ++u) {
    const Vectors rest = all_vectors(design, videos_without(u));
    for (const auto& [vector, numbers] : whole) {
      const double share = distance2(numbers, rest.at(vector)) / sensitivity2_of(vector, design);
      worst[vector] = std::max(worst[vector], share);
    }
  }
}

TEST(PrivateSums, NoUploaderMovesAVectorBeyondItsBound) {
  Random random(11);
  Shares worst;
  for (int study = 0; study < 400; ++study) {
    const auto most_videos = static_cast<std::uint32_t>(1 + random.below(3));
    const auto most_contexts = static_cast<std::uint32_t>(1 + random.below(kContexts));
    std::vector<std::vector<DrawnVideo>> uploaders(4);
    for (std::vector<DrawnVideo>& uploader : uploaders) {
      const DrawnVideo one = draw_video(random);
      const std::uint64_t videos = 1 + random.below(5);
      for (std::uint64_t v = 0; v < videos; ++v) {
        uploader.push_back(random.uniform() < 0.6 ? one : draw_video(random));
      }
    }
    look_for_worst(small_design(most_videos, most_contexts), uploaders, worst);
  }
  ASSERT_EQ(worst.size(), kPrivateVectors);
  for (const auto& [vector, share] : worst) EXPECT_LE(share, 1) << to_string(vector);
}

// The bounds are not wider than they must be: a video made for each reaches it, but for cutting to
// whole numbers. Where several covariates are 1 at once, products of the upper triangle alone
// count.
TEST(PrivateSums, WorstVideosReachTheBounds) {
  Shares worst;
  for (const std::uint32_t most_videos : {1U, 3U}) {
    PrivateDesign design = small_design(most_videos, 4);
    for (const double score : {0.0, 1.0}) {
      DrawnVideo video{1, {score, score, score}, {1, -1, 0, 1, 0}, {0, 2, 3, 5}};
      look_for_worst(design, {std::vector<DrawnVideo>(most_videos + 2, video)}, worst);
    }
    // All of the length on one score, which squares see most.
    ScoreScale scale = some_scale();
    DrawnVideo one{2, {1.0, 0.4, 0.6}, {0, 0, 0, 0, 0}, {1, 2, 3, 4}};
    PrivateVideos videos;
    for (std::uint32_t v = 0; v < most_videos; ++v) append(0, one, videos);
    ScoreCentring none = some_centring(design);
    std::fill(none.unit.begin(), none.unit.end(), 0);
    const PrivateContextSums sums = context_sums(design, videos, scale, none);
    const WholeNumbers zero(sums.score_squares.size(), 0);
    worst[PrivateVector::kScoreSquares] =
        std::max(worst[PrivateVector::kScoreSquares],
                 distance2(sums.score_squares, zero) /
                     sensitivity2_of(PrivateVector::kScoreSquares, design));
  }
  for (const auto& [vector, share] : worst) {
    const bool has_half = vector == PrivateVector::kProducts;
    EXPECT_GT(share, has_half ? 0.7 : 0.99) << to_string(vector);
    EXPECT_LE(share, 1) << to_string(vector);
  }
}

// Covariates out of range, two levels at once, contexts twice, more videos and contexts than count.
TEST(PrivateSums, InputThatBreaksItsPromisesMovesNothingBeyondTheBounds) {
  Random random(12);
  Shares worst;
  for (int study = 0; study < 200; ++study) {
    const PrivateDesign design = small_design(2, 3);
    std::vector<std::vector<DrawnVideo>> uploaders(3);
    for (std::vector<DrawnVideo>& uploader : uploaders) {
      for (int v = 0; v < 4; ++v) {
        DrawnVideo video = draw_video(random);
        video.covariates[random.below(5)] = 50 * random.normal();
        video.scores[random.below(3)] = 20 * random.normal();
        for (int k = 0; k < 4; ++k)
          video.contexts.push_back(video.contexts.empty() ? 0 : video.contexts[0]);
        uploader.push_back(video);
      }
    }
    look_for_worst(design, uploaders, worst);
  }
  for (const auto& [vector, share] : worst) EXPECT_LE(share, 1) << to_string(vector);
}

TEST(PrivateSums, APlanCostsWhatWasAsked) {
  for (const double rho : {0.001, 0.05, 1.0}) {
    const PrivateDesign design = small_design(2, 4);
    const auto plan = plan_private(design, rho);
    ASSERT_TRUE(plan.ok());
    EXPECT_LE(rho_of(*plan), rho);
    EXPECT_GT(rho_of(*plan), 0.9 * rho);
    for (std::size_t v = 0; v < kPrivateVectors; ++v) {
      EXPECT_EQ(static_cast<double>((*plan)[v].sensitivity2),
                std::floor(sensitivity2_of(static_cast<PrivateVector>(v), design)));
    }
  }
  PrivateDesign wide = small_design(1000, 1000);
  const auto refused = plan_private(wide, 1e-6);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace mien
