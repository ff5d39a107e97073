// Whether intervals cover and discoveries are true, in studies whose truth is known: clustered
// uploaders of uneven size, country shifts, a covariate, contexts from common to rare.
//
// A study's population: y = b x + c z + s_k + t_u + e, x Bernoulli(p_u), p_u about p by uploader,
// all parts independent; so the partial correlation within countries is
// b sqrt(p q) / sqrt(b^2 p q + Var t + Var e), each cell against its own. 200 studies in an
// ordinary run; 2,000 with MIEN_SOAK set. Seeds are fixed.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <iostream>

#include "base/random.h"
#include "stats/association_fixture.h"
#include "stats/association_map.h"

namespace mien {
namespace {

constexpr std::size_t kContexts = 20;
constexpr std::size_t kExpressions = 5;
constexpr std::size_t kCountries = 6;
constexpr std::size_t kUploaders = 500;
constexpr std::size_t kVideos = 3000;
constexpr double kNoise = 0.1;
constexpr double kUploaderNoise = 0.06;
constexpr double kEffect = 0.05;

bool is_soak() {
  return std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe): one thread
}

double prevalence(std::size_t context) {
  return 0.3 * std::pow(0.8, static_cast<double>(context));  // 0.3 to 0.0043
}

// Every fifth cell, going round.
bool is_real(std::size_t context, std::size_t expression) {
  return (context + 2 * expression) % 5 == 0;
}

double truth(std::size_t context, std::size_t expression) {
  // The other real contexts of the expression add their own share to its variance.
  double variance = kNoise * kNoise + kUploaderNoise * kUploaderNoise;
  for (std::size_t c = 0; c < kContexts; ++c) {
    if (!is_real(c, expression)) continue;
    variance += kEffect * kEffect * prevalence(c) * (1 - prevalence(c));
  }
  if (!is_real(context, expression)) return 0;
  const double p = prevalence(context);
  return kEffect * std::sqrt(p * (1 - p)) / std::sqrt(variance);
}

FixtureVideos draw_study(std::uint64_t seed) {
  FixtureVideos videos;
  AssociationLayout& layout = videos.layout;
  layout.source = "visual";
  layout.context_use = "present";
  layout.covariates = {"covariate_year"};
  layout.groups = {"Region"};
  layout.parents = {""};
  for (std::size_t e = 0; e < kExpressions; ++e) {
    layout.expressions.push_back("label_" + std::to_string(e));
  }
  for (std::size_t c = 0; c < kContexts; ++c)
    layout.contexts.push_back({static_cast<char>('a' + c)});
  for (std::size_t k = 0; k < kCountries; ++k)
    layout.countries.push_back({static_cast<char>('A' + k)});

  Random random(seed);
  // Sizes fall off as 1 / (rank + 20): the largest uploaders have some fifty videos.
  std::vector<double> share(kUploaders);
  double total = 0;
  for (std::size_t u = 0; u < kUploaders; ++u) {
    total += 1.0 / static_cast<double>(u + 20);
    share[u] = total;
  }
  std::vector<double> shift(kUploaders * kExpressions);
  std::vector<double> odds(kUploaders * kContexts);
  for (double& value : shift) value = kUploaderNoise * random.normal();
  for (double& value : odds) value = random.uniform() < 0.5 ? 0.25 : 1.75;  // mean 1
  std::vector<double> y(kExpressions);
  for (std::size_t i = 0; i < kVideos; ++i) {
    const double draw = random.uniform() * total;
    const auto u = static_cast<std::size_t>(std::lower_bound(share.begin(), share.end(), draw) -
                                            share.begin());
    const std::size_t country = u % kCountries;
    videos.group.push_back(0);
    videos.country.push_back(static_cast<std::uint32_t>(country));
    videos.uploader.push_back(uploader_hash(std::to_string(u)));
    const double z = random.normal();
    for (std::size_t e = 0; e < kExpressions; ++e) {
      y[e] = 0.02 * static_cast<double>(country) + 0.05 * z + shift[u * kExpressions + e] +
             kNoise * random.normal();
    }
    for (std::size_t c = 0; c < kContexts; ++c) {
      if (random.uniform() >= prevalence(c) * odds[u * kContexts + c]) continue;
      videos.context.push_back(static_cast<std::uint32_t>(c));
      for (std::size_t e = 0; e < kExpressions; ++e) y[e] += is_real(c, e) ? kEffect : 0;
    }
    videos.values.insert(videos.values.end(), y.begin(), y.end());
    videos.values.push_back(z);
    videos.first.push_back(videos.context.size());
  }
  return videos;
}

struct Tally {
  double covered = 0;
  double cells = 0;
  double share() const { return covered / cells; }
};

TEST(AssociationCoverageTest, IntervalsCoverAndDiscoveriesAreTrue) {
  const std::size_t studies = is_soak() ? 2000 : 200;
  Tally all;
  Tally rare;  // the rarest tenth of contexts that are shown
  Tally real;
  double false_share = 0;
  double false_share_squares = 0;
  double found = 0;
  double to_find = 0;
  for (std::size_t study = 0; study < studies; ++study) {
    MapOptions options;
    options.bootstrap = 200;
    options.seed = study;
    const AssociationMap map = association_map(draw_study(1000 + study).sums(), options);
    const GroupMap& group = map.groups.front();
    double discoveries = 0;
    double mistakes = 0;
    for (std::size_t c = 0; c < kContexts; ++c) {
      for (std::size_t e = 0; e < kExpressions; ++e) {
        const std::size_t i = c * kExpressions + e;
        if (!std::isfinite(group.se[i])) continue;
        const double value = truth(c, e);
        const double covered = group.lower[i] <= value && value <= group.upper[i] ? 1 : 0;
        all.covered += covered;
        all.cells += 1;
        if (c >= kContexts - 2) rare.covered += covered, rare.cells += 1;
        if (is_real(c, e)) real.covered += covered, real.cells += 1;
        to_find += is_real(c, e) ? 1 : 0;
        if (group.p_bh[i] > 0.05) continue;
        discoveries += 1;
        mistakes += is_real(c, e) ? 0 : 1;
        found += is_real(c, e) ? 1 : 0;
      }
    }
    const double share = discoveries > 0 ? mistakes / discoveries : 0;
    false_share += share;
    false_share_squares += share * share;
  }
  const auto n = static_cast<double>(studies);
  const double mean = false_share / n;
  const double se = std::sqrt((false_share_squares / n - mean * mean) / n);
  std::cout << studies << " studies: coverage " << all.share() << " of " << all.cells
            << " cells, rarest tenth " << rare.share() << " of " << rare.cells << ", real "
            << real.share() << "; false discoveries " << mean << " (se " << se << "), power "
            << found / to_find << "\n";
  const double slack = is_soak() ? 0 : 0.01;
  EXPECT_GE(all.share(), 0.93 - slack);
  EXPECT_LE(all.share(), 0.97 + slack);
  EXPECT_GE(rare.share(), 0.93 - 2 * slack);
  EXPECT_LE(rare.share(), 0.97 + 2 * slack);
  EXPECT_GE(real.share(), 0.93 - slack);
  EXPECT_LE(mean, 0.05 + 2 * se);
  EXPECT_GT(found / to_find, 0.2);
}

}  // namespace
}  // namespace mien
