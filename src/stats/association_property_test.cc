// What must not change the numbers: order, threads, cutting into parts, names, sign and scale.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/random.h"
#include "stats/association_fixture.h"
#include "stats/association_map.h"
#include "stats/fused_sums.h"
#include "stats/resampling.h"
#include "stats/suppression.h"
#include "stats/weighted_sums.h"

namespace mien {
namespace {

constexpr double kSame = 1e-12;

// Clustered videos of three groups; uploaders of uneven size, contexts and scores that go with
// uploader and country, one rare context.
FixtureVideos some_videos(std::size_t count, std::uint64_t seed) {
  FixtureVideos videos;
  AssociationLayout& layout = videos.layout;
  layout.source = "visual";
  layout.context_use = "present";
  layout.expressions = {"label_awe", "label_doubt", "label_pain"};
  layout.covariates = {"covariate_kind=a", "covariate_kind=b", "covariate_year"};
  layout.contexts = {"beach", "party", "rare", "sport"};
  layout.groups = {"East", "North", "West"};
  layout.parents = {"", "", ""};
  layout.countries = {"AA", "BB", "CC", "DD", "EE"};
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const double draw = random.uniform();
    const auto uploader = static_cast<std::uint64_t>(60 * draw * draw);
    const std::uint32_t country = static_cast<std::uint32_t>(uploader % 5);
    const std::uint32_t group = country == 0 ? 0 : country < 3 ? 1 : 2;
    Random own = Random(99).fork(uploader);
    const double taste = own.uniform();
    videos.group.push_back(group);
    videos.country.push_back(country);
    videos.uploader.push_back(uploader_hash("u" + std::to_string(uploader)));
    const double year = 2010.0 + std::floor(10 * random.uniform());
    const bool kind = random.uniform() < taste;
    const bool beach = random.uniform() < 0.2 + 0.4 * taste;
    videos.values.push_back(0.3 + 0.2 * taste + 0.1 * beach + 0.1 * random.normal());
    videos.values.push_back(0.5 + 0.01 * (year - 2015) + 0.1 * random.normal());
    videos.values.push_back(random.uniform());
    videos.values.push_back(kind ? 1 : 0);
    videos.values.push_back(kind ? 0 : 1);
    videos.values.push_back(year);
    if (beach) videos.context.push_back(0);
    if (random.uniform() < 0.3) videos.context.push_back(1);
    if (random.uniform() < 0.03) videos.context.push_back(2);
    if (random.uniform() < 0.5 * taste) videos.context.push_back(3);
    videos.first.push_back(videos.context.size());
    videos.weight.push_back(0.5 + random.uniform());
  }
  return videos;
}

MapOptions quick(int threads = 1) {
  MapOptions options;
  options.bootstrap = 50;
  options.minimum = 0;
  options.seed = 5;
  options.threads = threads;
  return options;
}

std::vector<const std::vector<double>*> columns_of(const GroupMap& map) {
  return {&map.estimate, &map.se,     &map.lower,  &map.upper,   &map.df,
          &map.p,        &map.smd,    &map.pooled, &map.between, &map.superiority,
          &map.p_bh,     &map.p_holm, &map.p_by};
}

void expect_same_maps(const AssociationMap& a, const AssociationMap& b, double tolerance) {
  ASSERT_EQ(a.groups.size(), b.groups.size());
  for (std::size_t g = 0; g < a.groups.size(); ++g) {
    EXPECT_EQ(a.groups[g].videos, b.groups[g].videos);
    EXPECT_EQ(a.groups[g].context_videos, b.groups[g].context_videos);
    EXPECT_EQ(a.groups[g].context_uploaders, b.groups[g].context_uploaders);
    EXPECT_EQ(a.groups[g].reason, b.groups[g].reason);
    const auto columns_a = columns_of(a.groups[g]);
    const auto columns_b = columns_of(b.groups[g]);
    for (std::size_t k = 0; k < columns_a.size(); ++k) {
      for (std::size_t i = 0; i < columns_a[k]->size(); ++i) {
        const double x = (*columns_a[k])[i];
        const double y = (*columns_b[k])[i];
        ASSERT_EQ(std::isnan(x), std::isnan(y))
            << "group " << g << " column " << k << " cell " << i;
        if (std::isnan(x)) continue;
        ASSERT_LE(std::abs(x - y), tolerance * std::max(1.0, std::abs(x)))
            << "group " << g << " column " << k << " cell " << i;
      }
    }
  }
}

void expect_same_uploaders(const AssociationSums& a, const AssociationSums& b) {
  ASSERT_EQ(a.blocks.size(), b.blocks.size());
  for (std::size_t k = 0; k < a.blocks.size(); ++k) {
    EXPECT_EQ(a.blocks[k].uploaders, b.blocks[k].uploaders) << "block " << k;
  }
  ASSERT_EQ(a.presence.size(), b.presence.size());
  for (std::size_t k = 0; k < a.presence.size(); ++k) {
    EXPECT_EQ(a.presence[k].uploaders, b.presence[k].uploaders) << "cell " << k;
    EXPECT_EQ(a.presence[k].lacking, b.presence[k].lacking) << "cell " << k;
  }
}

TEST(AssociationPropertyTest, ThreadsDoNotChangeABit) {
  const FixtureVideos videos = some_videos(3000, 1);
  const AssociationSums one = videos.sums(1);
  const AssociationSums four = videos.sums(4);
  ASSERT_EQ(one.blocks.size(), four.blocks.size());
  for (std::size_t b = 0; b < one.blocks.size(); ++b) {
    ASSERT_EQ(one.blocks[b].rows, four.blocks[b].rows);
    ASSERT_EQ(one.blocks[b].products, four.blocks[b].products);
  }
  expect_same_uploaders(one, four);
  const AssociationMap a = association_map(one, quick(1));
  const AssociationMap b = association_map(four, quick(3));
  expect_same_maps(a, b, 0.0);
}

TEST(AssociationPropertyTest, OrderOfRowsDoesNotMatter) {
  const FixtureVideos videos = some_videos(2000, 2);
  std::vector<std::size_t> order(2000);
  std::iota(order.begin(), order.end(), 0);
  Random random(3);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  expect_same_maps(association_map(videos.sums(), quick()),
                   association_map(videos.picked(order).sums(), quick()), kSame);
}

// Whatever the cut: alternating videos (uploaders lie in both parts), a random one, and one that
// leaves whole countries to one part, so that its blocks are finer there.
TEST(AssociationPropertyTest, TwoPartsAddUpToTheWhole) {
  const FixtureVideos videos = some_videos(2400, 4);
  const AssociationSums sums_of_whole = videos.sums();
  const AssociationMap whole = association_map(sums_of_whole, quick());
  Random random(6);
  for (int cut = 0; cut < 3; ++cut) {
    SCOPED_TRACE(cut);
    std::vector<std::size_t> a;
    std::vector<std::size_t> b;
    for (std::size_t i = 0; i < 2400; ++i) {
      const bool first = cut == 0   ? i % 2 == 0
                         : cut == 1 ? random.uniform() < 0.2
                                    : videos.country[i] == 1 || videos.country[i] == 3;
      (first ? a : b).push_back(i);
    }
    const auto sums = add_sums(videos.picked(a).sums(), videos.picked(b).sums());
    ASSERT_TRUE(sums.ok()) << sums.error().message;
    expect_same_maps(whole, association_map(*sums, quick()), kSame);
    expect_same_uploaders(sums_of_whole, *sums);
  }
}

// More uploaders than are kept: sketches of parts are the whole's all the same, also where a
// context is in one part only, and counts are near.
TEST(AssociationPropertyTest, ManyUploadersAddUpAndAreEstimated) {
  constexpr std::size_t kVideos = 40'000;
  FixtureVideos videos = some_videos(kVideos, 31);
  Random random(32);
  std::set<std::uint64_t> all;
  std::set<std::uint64_t> beach;
  std::vector<std::size_t> a;
  std::vector<std::size_t> b;
  for (std::size_t i = 0; i < kVideos; ++i) {
    videos.uploader[i] = uploader_hash("u" + std::to_string(random.below(15'000)));
    const auto begin = videos.context.begin() + static_cast<std::ptrdiff_t>(videos.first[i]);
    const auto end = videos.context.begin() + static_cast<std::ptrdiff_t>(videos.first[i + 1]);
    const bool is_rare = std::find(begin, end, 2U) != end;
    (is_rare || i % 7 == 0 ? b : a).push_back(i);  // nobody of a has the rare context
    if (videos.group[i] != 0) continue;
    all.insert(videos.uploader[i]);
    if (std::find(begin, end, 0U) != end) beach.insert(videos.uploader[i]);
  }
  const AssociationSums whole = videos.sums();
  for (const bool turned : {false, true}) {
    const AssociationSums first = videos.picked(turned ? b : a).sums();
    const auto sums = add_sums(first, videos.picked(turned ? a : b).sums());
    ASSERT_TRUE(sums.ok()) << sums.error().message;
    expect_same_uploaders(whole, *sums);
  }
  const UploaderCounts counts = count_uploaders(whole, 0);
  const auto near = [](std::int64_t told, std::size_t truth, double tolerance) {
    EXPECT_NEAR(static_cast<double>(told) / static_cast<double>(truth), 1, tolerance);
  };
  near(counts.all, all.size(), 0.06);  // several slots: a quarter of the error of one sketch
  near(counts.with_context[0], beach.size(), 0.25);
  EXPECT_GE(counts.without_context[0], static_cast<std::int64_t>(kUploadersKept));
}

TEST(AssociationPropertyTest, APartWithoutALevelOrAContextAddsUpToo) {
  const FixtureVideos videos = some_videos(1200, 7);
  std::vector<std::size_t> with;
  std::vector<std::size_t> without;
  for (std::size_t i = 0; i < 1200; ++i)
    (videos.values[i * 6 + 3] == 1 ? with : without).push_back(i);
  FixtureVideos part = videos.picked(without);
  // As a part that never saw level "a" has it: no such column.
  part.layout.covariates.erase(part.layout.covariates.begin());
  std::vector<double> values;
  for (std::size_t i = 0; i < without.size(); ++i) {
    for (std::size_t v = 0; v < 6; ++v) {
      if (v != 3) values.push_back(part.values[i * 6 + v]);
    }
  }
  part.values = values;
  const auto sums = add_sums(part.sums(), videos.picked(with).sums());
  ASSERT_TRUE(sums.ok()) << sums.error().message;
  EXPECT_EQ(sums->layout.covariates, videos.layout.covariates);
  expect_same_maps(association_map(videos.sums(), quick()), association_map(*sums, quick()), kSame);
}

// Its uploaders lack the context as those of a part that names it and has no video with it.
TEST(AssociationPropertyTest, UploadersOfAPartThatDoesNotNameAContextLackIt) {
  const FixtureVideos videos = some_videos(1200, 17);
  std::vector<std::size_t> with;
  std::vector<std::size_t> without;
  for (std::size_t i = 0; i < 1200; ++i) {
    const bool has_last =
        videos.first[i + 1] > videos.first[i] && videos.context[videos.first[i + 1] - 1] == 3;
    (has_last || i % 5 == 0 ? with : without).push_back(i);
  }
  FixtureVideos part = videos.picked(without);
  part.layout.contexts.pop_back();
  for (const bool turned : {false, true}) {
    const AssociationSums a = videos.picked(with).sums();
    const auto sums = turned ? add_sums(part.sums(), a) : add_sums(a, part.sums());
    ASSERT_TRUE(sums.ok()) << sums.error().message;
    expect_same_uploaders(videos.sums(), *sums);
  }
}

TEST(AssociationPropertyTest, PartsThatDoNotFitAreRefusedByName) {
  const FixtureVideos videos = some_videos(200, 8);
  FixtureVideos other = videos;
  other.layout.expressions[1] = "label_joy";
  const auto expressions = add_sums(videos.sums(), other.sums());
  ASSERT_FALSE(expressions.ok());
  EXPECT_EQ(expressions.error().code, ErrorCode::kMismatch);
  EXPECT_NE(expressions.error().message.find("label_joy"), std::string::npos);
  other = videos;
  other.layout.covariates[2] = "covariate_size";
  EXPECT_FALSE(add_sums(videos.sums(), other.sums()).ok());
  other = videos;
  other.layout.by = "country";
  EXPECT_FALSE(add_sums(videos.sums(), other.sums()).ok());
  other = videos;
  other.layout.context_use = "score";
  EXPECT_FALSE(add_sums(videos.sums(), other.sums()).ok());
}

TEST(AssociationPropertyTest, ContextsMayBeNamedInAnyOrder) {
  const FixtureVideos videos = some_videos(1500, 9);
  FixtureVideos renamed = videos;  // context k becomes 3 - k
  for (std::uint32_t& context : renamed.context) context = 3 - context;
  const AssociationMap a = association_map(videos.sums(), quick());
  const AssociationMap b = association_map(renamed.sums(), quick());
  for (std::size_t g = 0; g < 3; ++g) {
    for (std::size_t c = 0; c < 4; ++c) {
      for (std::size_t e = 0; e < 3; ++e) {
        EXPECT_EQ(a.groups[g].estimate[c * 3 + e], b.groups[g].estimate[(3 - c) * 3 + e]);
        EXPECT_EQ(a.groups[g].se[c * 3 + e], b.groups[g].se[(3 - c) * 3 + e]);
      }
    }
  }
}

TEST(AssociationPropertyTest, SignAndScaleOfScoresAndCovariates) {
  const FixtureVideos videos = some_videos(1500, 10);
  FixtureVideos changed = videos;
  for (std::size_t i = 0; i < 1500; ++i) {
    changed.values[i * 6] *= -1;
    changed.values[i * 6 + 1] = 1000 * changed.values[i * 6 + 1] - 70;
    changed.values[i * 6 + 5] = 3.15e7 * (changed.values[i * 6 + 5] - 1970);  // years to seconds
  }
  for (const auto kind : {AssociationKind::kCorrelation, AssociationKind::kPartial,
                          AssociationKind::kSemipartial, AssociationKind::kStandardisedSlope}) {
    MapOptions options = quick();
    options.estimator.kind = kind;
    const AssociationMap a = association_map(videos.sums(), options);
    const AssociationMap b = association_map(changed.sums(), options);
    for (std::size_t g = 0; g < 3; ++g) {
      for (std::size_t i = 0; i < 12; ++i) {
        const double sign = i % 3 == 0 ? -1 : 1;
        EXPECT_NEAR(a.groups[g].estimate[i], sign * b.groups[g].estimate[i], kSame);
        EXPECT_NEAR(a.groups[g].se[i], b.groups[g].se[i], kSame);
      }
    }
  }
}

TEST(AssociationPropertyTest, DigitsSurviveLargeOffsets) {
  const FixtureVideos videos = some_videos(1500, 11);
  FixtureVideos changed = videos;
  for (std::size_t i = 0; i < 1500; ++i) changed.values[i * 6 + 5] += 1.6e12;
  expect_same_maps(association_map(videos.sums(), quick()),
                   association_map(changed.sums(), quick()), 1e-9);
}

TEST(AssociationPropertyTest, FewerVideosThanCovariatesIsNullWithItsReason) {
  const FixtureVideos videos = some_videos(9, 12);
  const AssociationMap map = association_map(videos.sums(), quick());
  std::size_t too_few = 0;
  for (const GroupMap& group : map.groups) {
    const auto used = static_cast<std::size_t>(
        std::count(group.covariates.begin(), group.covariates.end(), NullReason::kNone));
    const bool is_too_few = static_cast<std::size_t>(group.videos) < group.countries + used + 2;
    for (std::size_t i = 0; i < group.estimate.size() && is_too_few; ++i) {
      EXPECT_TRUE(std::isnan(group.estimate[i]));
      EXPECT_TRUE(group.reason[i] == NullReason::kTooFewVideos ||
                  group.reason[i] == NullReason::kContextAbsent);
      too_few += group.reason[i] == NullReason::kTooFewVideos ? 1 : 0;
    }
  }
  EXPECT_GT(too_few, 0U);
}

TEST(AssociationPropertyTest, CountriesAsASampleNeedTen) {
  MapOptions options = quick();
  options.cluster = ClusterBy::kCountry;
  const AssociationMap map = association_map(some_videos(1500, 13).sums(), options);
  EXPECT_EQ(map.groups[1].reason[0], NullReason::kTooFewCountries);
  EXPECT_TRUE(std::isfinite(map.groups[1].estimate[0]));
  EXPECT_TRUE(std::isnan(map.groups[1].se[0]));
}

TEST(AssociationPropertyTest, SmallCellsAreHeldBackWithEverythingThatTellsOfThem) {
  const FixtureVideos videos = some_videos(900, 14);
  MapOptions options = quick();
  options.minimum = 10;
  const AssociationMap map = association_map(videos.sums(), options);
  std::size_t held = 0;
  for (const GroupMap& group : map.groups) {
    for (std::size_t c = 0; c < 4; ++c) {
      if (group.suppression[c] == NullReason::kNone) {
        EXPECT_TRUE(group.context_videos[c] == 0 ||
                    (group.context_videos[c] >= 10 && group.context_uploaders[c] >= 10));
        continue;
      }
      ++held;
      for (std::size_t e = 0; e < 3; ++e) {
        const std::size_t i = c * 3 + e;
        for (const auto* column : columns_of(group)) EXPECT_TRUE(std::isnan((*column)[i]));
      }
    }
  }
  EXPECT_GT(held, 1U);
}

TEST(SuppressionTest, ATotalMustNotGiveASmallCountAway) {
  const std::vector<std::string> world(4, "");
  // One small cell: the next smallest goes too.
  const auto one = suppressed_cells(
      std::vector<CellCount>{
          {5, 5, 900, 99}, {40, 30, 900, 99}, {25, 20, 900, 99}, {0, 0, 900, 99}},
      world, 10);
  EXPECT_EQ(one, (std::vector<Suppression>{Suppression::kTooFewVideos, Suppression::kShown,
                                           Suppression::kComplement, Suppression::kShown}));
  // Two that reach the minimum together hide each other,
  const auto two = suppressed_cells(
      std::vector<CellCount>{
          {6, 6, 900, 99}, {40, 30, 900, 99}, {90, 12, 900, 9}, {50, 50, 900, 99}},
      world, 10);
  EXPECT_EQ(two[1], Suppression::kShown);
  EXPECT_EQ(two[2], Suppression::kTooFewUploaders) << "few uploaders lack it";
  // but not where the same few uploaders may be behind both.
  const auto same = suppressed_cells(
      std::vector<CellCount>{{60, 6, 900, 99}, {40, 30, 900, 99}, {90, 9, 900, 99}},
      std::vector<std::string>(3), 10);
  EXPECT_EQ(same[1], Suppression::kComplement);
  // Few uploaders behind many videos; all but a few videos have the context.
  const auto others = suppressed_cells(
      std::vector<CellCount>{
          {80, 4, 900, 99}, {895, 300, 900, 5}, {100, 90, 900, 99}, {100, 90, 900, 99}},
      world, 10);
  EXPECT_EQ(others[0], Suppression::kTooFewUploaders);
  EXPECT_EQ(others[1], Suppression::kTooFewVideos);
  EXPECT_EQ(others[2], Suppression::kShown);
  // Families are told apart.
  const auto families = suppressed_cells(
      std::vector<CellCount>{
          {5, 5, 900, 99}, {40, 30, 900, 99}, {25, 20, 900, 99}, {30, 30, 900, 99}},
      std::vector<std::string>{"A", "A", "B", "B"}, 10);
  EXPECT_EQ(families[1], Suppression::kComplement);
  EXPECT_EQ(families[2], Suppression::kShown);
}

TEST(SuppressionTest, GroupsAreHeldBackBySize) {
  const auto held =
      suppressed_groups(std::vector<CellCount>{{500, 90, 0, 0}, {300, 4, 0, 0}, {80, 60, 0, 0}},
                        std::vector<std::string>(3), 10);
  EXPECT_EQ(held, (std::vector<bool>{false, true, true})) << "few uploaders; all less the first";
  EXPECT_EQ(rounded_count(1004), 1000);
  EXPECT_EQ(rounded_count(995), 1000);
}

// Of videos by as many uploaders as are told, each of a hash of its own.
ExcludedVideos excluded(std::int64_t videos, std::uint64_t uploaders, std::uint64_t first = 0) {
  ExcludedVideos result;
  result.videos = videos;
  for (std::uint64_t u = 0; u < uploaders; ++u) result.add_uploader(first + u);
  return result;
}

TEST(SuppressionTest, FewExclusionsAreTogether) {
  const ExclusionKey a = {"A", "en", "no_face"};
  const ExclusionKey b = {"B", "en", "no_face"};
  const ExclusionKey c = {"C", "fr", "no_text"};
  const ExclusionKey together = {"", "", kHeldBackExclusions};
  EXPECT_EQ(shown_exclusions(
                {{a, excluded(3, 3)}, {b, excluded(12, 12, 100)}, {c, excluded(500, 90)}}, 10),
            (ToldExclusions{{together, 15}, {c, 500}}));
  EXPECT_EQ(shown_exclusions({{a, excluded(3, 3)}, {b, excluded(12, 12, 100)}}, 1),
            (ToldExclusions{{a, 3}, {b, 12}}));
  EXPECT_TRUE(shown_exclusions({{a, excluded(3, 3)}}, 10).empty());
  // Many videos of few uploaders are few.
  EXPECT_EQ(shown_exclusions(
                {{a, excluded(400, 2)}, {b, excluded(12, 12, 100)}, {c, excluded(500, 90)}}, 10),
            (ToldExclusions{{together, 412}, {c, 500}}));
  EXPECT_TRUE(shown_exclusions({{a, excluded(400, 2)}, {b, excluded(70, 3)}}, 10).empty())
      << "three uploaders in all";
  EXPECT_TRUE(
      shown_exclusions({{a, excluded(9000, 900)}}, ExcludedVideos::kMostUploaders + 1).empty())
      << "so many are not told apart";
}

TEST(SuppressionTest, ExclusionsOfPartsAreThoseOfTheWholeInAnyOrder) {
  constexpr std::uint64_t kMany = 3 * ExcludedVideos::kMostUploaders;
  ExcludedVideos whole;
  ExcludedVideos backwards;
  for (std::uint64_t part = 0; part < 5; ++part) {
    ExcludedVideos one;
    ExcludedVideos other;
    for (std::uint64_t u = 0; u < kMany; ++u) {
      if (u % 5 == part || u % 7 == part) one.add_uploader(u * 0x9E3779B97F4A7C15);
      const std::uint64_t v = kMany - 1 - u;
      if (v % 5 == 4 - part || v % 7 == 4 - part) other.add_uploader(v * 0x9E3779B97F4A7C15);
    }
    whole.add(one);
    backwards.add(other);
  }
  EXPECT_EQ(whole, backwards);
  EXPECT_EQ(whole.uploaders.size(), ExcludedVideos::kMostUploaders);
}

TEST(SuppressionTest, CountsBesideATotal) {
  EXPECT_EQ(told_count(0, 0, 10), 0);
  EXPECT_EQ(told_count(223, 3, 10), std::nullopt);
  EXPECT_EQ(told_count(7, 7, 10), std::nullopt);
  EXPECT_EQ(told_count(223, 30, 10), 220);
  EXPECT_EQ(told_count(7, 1, 1), 7);
}

TEST(SuppressionTest, UploadersWhoHaveAndWhoLackAContextAreCounted) {
  FixtureVideos videos = some_videos(600, 21);
  const AssociationSums sums = videos.sums();
  for (std::size_t g = 0; g < sums.layout.groups.size(); ++g) {
    const UploaderCounts counts = count_uploaders(sums, g);
    for (std::size_t c = 0; c < sums.layout.contexts.size(); ++c) {
      std::set<std::uint64_t> have;
      std::set<std::uint64_t> lack;
      for (std::size_t i = 0; i < videos.group.size(); ++i) {
        const auto begin = videos.context.begin() + static_cast<std::ptrdiff_t>(videos.first[i]);
        const auto end = videos.context.begin() + static_cast<std::ptrdiff_t>(videos.first[i + 1]);
        if (videos.group[i] != g) continue;
        (std::find(begin, end, c) == end ? lack : have).insert(videos.uploader[i]);
      }
      EXPECT_EQ(counts.with_context[c], static_cast<std::int64_t>(have.size()));
      EXPECT_EQ(counts.without_context[c], static_cast<std::int64_t>(lack.size()));
    }
  }
}

TEST(ResamplingTest, WeightsOfAStratumAddUpAndDoNotDependOnTheirNumber) {
  const std::vector<std::uint32_t> strata = {0, 0, 0, 1, 1, 2};
  const auto few = bootstrap_weights(strata, 20, Random(4));
  const auto many = bootstrap_weights(strata, 50, Random(4));
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
  for (std::size_t set = 0; set < 50; ++set) {
    const double* w = many.data() + set * 6;
    EXPECT_NEAR(w[0] + w[1] + w[2], 3, kSame);
    EXPECT_NEAR(w[3] + w[4], 2, kSame);
    EXPECT_EQ(w[5], 1);
  }
}

TEST(ResamplingTest, VarianceOfAMeanIsThatOfTheSample) {
  const std::vector<double> values = {1, 4, 2, 8, 5, 7, 1, 3};
  const std::vector<std::uint32_t> strata(values.size(), 0);
  constexpr std::size_t kSets = 40000;
  const auto weights = bootstrap_weights(strata, kSets, Random(12));
  double sum = 0;
  double squares = 0;
  for (std::size_t set = 0; set < kSets; ++set) {
    double mean = 0;
    for (std::size_t b = 0; b < values.size(); ++b) mean += weights[set * 8 + b] * values[b] / 8;
    sum += mean;
    squares += mean * mean;
  }
  const double variance = squares / kSets - sum / kSets * (sum / kSets);
  double sample = 0;
  for (const double value : values) sample += (value - 31.0 / 8) * (value - 31.0 / 8) / 7;
  EXPECT_NEAR(variance, sample / 8, 0.03 * sample / 8);
}

TEST(ResamplingTest, SmallCountriesShareAStratum) {
  // Countries of 5, 2, 1 and 1 blocks: the small ones make 4 together.
  EXPECT_EQ(resampling_strata(std::vector<std::uint32_t>{0, 0, 0, 0, 0, 1, 1, 2, 3}),
            (std::vector<std::uint32_t>{0, 0, 0, 0, 0, 1, 1, 1, 1}));
  // Alone too few: the smallest large country takes them in.
  EXPECT_EQ(resampling_strata(std::vector<std::uint32_t>{0, 0, 0, 0, 0, 1, 2, 2, 2, 2}),
            (std::vector<std::uint32_t>{0, 0, 0, 0, 0, 1, 1, 1, 1, 1}));
}

TEST(WeightedSumsTest, EqualTheObviousLoopBitForBit) {
  Random random(21);
  constexpr std::size_t kSets = 7;
  constexpr std::size_t kRows = 13;
  constexpr std::size_t kColumns = 40;
  std::vector<double> weights(kSets * kRows);
  std::vector<double> rows(kRows * kColumns);
  for (double& w : weights) w = random.uniform();
  for (double& r : rows) r = random.normal();
  std::vector<double> out(kSets * kColumns, -1);
  weighted_sums(weights.data(), kRows, kSets, rows.data(), kColumns, kRows, kColumns, out.data(),
                kColumns);
  for (std::size_t s = 0; s < kSets; ++s) {
    for (std::size_t c = 0; c < kColumns; ++c) {
      double sum = 0;
      for (std::size_t r = 0; r < kRows; ++r)
        sum += weights[s * kRows + r] * rows[r * kColumns + c];
      EXPECT_EQ(out[s * kColumns + c], sum);
    }
  }
}

TEST(WeightedSumsTest, ManySetsEqualEachSetAloneAndFusedSumsAreNear) {
  Random random(22);
  constexpr std::size_t kSets = 19;
  constexpr std::size_t kRows = 13;
  constexpr std::size_t kColumns = 40;
  std::vector<double> weights(kSets * kRows);
  std::vector<double> rows(kRows * kColumns);
  for (double& w : weights) w = random.uniform();
  for (double& r : rows) r = random.normal();
  std::vector<double> out(kSets * kColumns, -1);
  std::vector<double> fused(kSets * kColumns, -1);
  std::vector<double> placed(kSets * kColumns, -1);
  weighted_sums(weights.data(), kRows, kSets, rows.data(), kColumns, kRows, kColumns, out.data(),
                kColumns);
  fused_sums(weights.data(), kRows, kSets, rows.data(), kColumns, kRows, kColumns, fused.data(),
             kColumns);
  // Every second row.
  const std::vector<std::uint32_t> places = {0, 2, 4, 6, 8, 10, 12};
  fused_sums_at(weights.data(), kRows, kSets, places.data(), rows.data(), 2 * kColumns,
                places.size(), kColumns, placed.data(), kColumns);
  std::vector<double> alone(kColumns, -1);
  for (std::size_t s = 0; s < kSets; ++s) {
    weighted_sums(weights.data() + s * kRows, kRows, 1, rows.data(), kColumns, kRows, kColumns,
                  alone.data(), kColumns);
    for (std::size_t c = 0; c < kColumns; ++c) {
      EXPECT_EQ(out[s * kColumns + c], alone[c]);
      EXPECT_NEAR(fused[s * kColumns + c], alone[c], 1e-13);
      double sum = 0;
      for (std::size_t r = 0; r < kRows; r += 2)
        sum += weights[s * kRows + r] * rows[r * kColumns + c];
      EXPECT_NEAR(placed[s * kColumns + c], sum, 1e-13);
    }
  }
}

}  // namespace
}  // namespace mien
