// Whether intervals made of noisy sums alone cover, and what privacy costs in accuracy, in
// simulated studies whose population is known in closed form (true_map.h). Noise has no seed:
// bounds are wide enough that chance breaks one less than once in a million runs.
//
// MIEN_SOAK=1: more studies, and sizes up to 2,000,000 videos.
#include "stats/private_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <iostream>

#include "stats/association_map.h"
#include "stats/correlation.h"
#include "stats/private_fixture.h"
#include "stats/true_map.h"

namespace mien {
namespace {

constexpr double kDelta = 1e-6;
constexpr double kMinimum = 10;

bool is_soak() {
  return std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe): one thread
}

std::vector<PrivateRegionMap> private_maps_at(const SimulatedStudy& study, double epsilon,
                                              Noise& noise) {
  const auto plan = plan_private(study.design, rho_of(epsilon, kDelta));
  MIEN_CHECK(plan.ok(), "a plan");
  return private_maps(study.design, study.private_, *plan, kMinimum, noise);
}

struct CoverageTally {
  double covered = 0;
  double cells = 0;
  double of_all = 0;
  double share() const { return covered / cells; }
};

// Every shown cell against the population's value.
void count_covered(const GenerativeModel& model, const std::vector<PrivateRegionMap>& maps,
                   CoverageTally& tally) {
  for (int region = 0; region < model.regions; ++region) {
    const TrueMap truth = true_map(model, region, {});
    const PrivateRegionMap& map = maps[static_cast<std::size_t>(region)];
    for (std::size_t i = 0; i < map.estimate.size(); ++i) {
      tally.of_all += 1;
      if (std::isnan(map.estimate[i]) || std::isnan(truth.semipartial[i])) continue;
      tally.cells += 1;
      const double value = truth.semipartial[i];
      tally.covered += map.lower[i] <= value && value <= map.upper[i] ? 1 : 0;
    }
  }
}

TEST(PrivateMap, IntervalsFromNoisySumsCover) {
  const int studies = is_soak() ? 40 : 2;
  SystemNoise noise;
  for (const std::uint32_t most_videos : {1U, 4U}) {
    for (const double epsilon : {1.0, 4.0}) {
      CoverageTally tally;
      for (int study = 0; study < studies; ++study) {
        const GenerativeModel model = make_generative_model(
            simulation_of(4, 100000, 40, 8, 2, 100 + static_cast<std::uint64_t>(study)));
        count_covered(model,
                      private_maps_at(draw_simulated_study(model, most_videos), epsilon, noise),
                      tally);
      }
      std::cout << studies << " studies, at most " << most_videos << " videos an uploader, epsilon "
                << epsilon << ": coverage " << tally.share() << " of " << tally.cells
                << " cells, of " << tally.of_all << "\n";
      EXPECT_GT(tally.cells, 0.3 * tally.of_all);
      EXPECT_GE(tally.share(), is_soak() ? 0.94 : 0.92);
      EXPECT_LE(tally.share(), is_soak() ? 0.97 : 0.985);
    }
  }
}

struct Agreement {
  double r = 0;
  double error = 0;  // mean absolute
  double se = 0;     // mean
  double shown = 0;  // share of cells
};

Agreement agreement(const std::vector<PrivateRegionMap>& maps, const AssociationMap& ordinary) {
  std::vector<double> ours;
  std::vector<double> theirs;
  Agreement result;
  double cells = 0;
  for (std::size_t g = 0; g < maps.size(); ++g) {
    for (std::size_t i = 0; i < maps[g].estimate.size(); ++i) {
      cells += 1;
      if (std::isnan(maps[g].estimate[i]) || std::isnan(ordinary.groups[g].estimate[i])) continue;
      ours.push_back(maps[g].estimate[i]);
      theirs.push_back(ordinary.groups[g].estimate[i]);
      result.error += std::fabs(ours.back() - theirs.back());
      result.se += maps[g].se[i];
    }
  }
  const auto n = static_cast<double>(ours.size());
  result.r = pearson(ours, theirs).r;
  result.error /= n;
  result.se /= n;
  result.shown = n / cells;
  return result;
}

// 12 regions, 60 contexts, 16 expressions, 3 covariates; against the ordinary map of
// all videos.
TEST(PrivateMap, AccuracyRisesWithTheBudgetAndTheSize) {
  const std::vector<std::int64_t> sizes = is_soak()
                                              ? std::vector<std::int64_t>{60000, 400000, 2000000}
                                              : std::vector<std::int64_t>{150000};
  SystemNoise noise;
  NoNoise none;
  for (const std::int64_t videos : sizes) {
    const GenerativeModel model = make_generative_model(simulation_of(12, videos, 60, 16, 3, 5));
    const SimulatedStudy study = draw_simulated_study(model, 1);
    MapOptions options;
    options.bootstrap = 0;
    options.estimator.kind = AssociationKind::kSemipartial;
    options.threads = 2;
    const AssociationMap ordinary = association_map(study.ordinary.sums(2), options);
    std::cout << videos << " videos of " << study.private_.size() << " uploaders\n";
    std::vector<double> correlations;
    for (const double epsilon : {0.5, 1.0, 2.0, 4.0, 8.0}) {
      const Agreement with = agreement(private_maps_at(study, epsilon, noise), ordinary);
      const Agreement without = agreement(private_maps_at(study, epsilon, none), ordinary);
      std::cout << "  epsilon " << epsilon << ": shown " << with.shown << ", r " << with.r
                << ", mean absolute error " << with.error << ", mean SE " << with.se
                << "; bounding alone: r " << without.r << ", error " << without.error << "\n";
      if (with.shown > 0.2) correlations.push_back(with.r);
    }
    ASSERT_GE(correlations.size(), 2U);
    for (std::size_t i = 1; i < correlations.size(); ++i) {
      EXPECT_GT(correlations[i], correlations[i - 1]);
    }
    EXPECT_GT(correlations.back(), 0.7);
  }
}

// Without noise and with nothing cut off, the estimate is the ordinary one but for spreads that are
// taken over the study and whole numbers.
TEST(PrivateMap, WithoutNoiseItIsTheSemipartialCorrelation) {
  const GenerativeModel model = make_generative_model(simulation_of(3, 30000, 20, 4, 2, 9));
  SimulatedStudy study = draw_simulated_study(model, 1000000);
  study.design.clip = 40;
  study.design.most_contexts = 20;
  study.design.most_videos = 1000000;
  PrivatePlan plan;
  plan.fill({1, 1});
  NoNoise none;
  const auto maps = private_maps(study.design, study.private_, plan, kMinimum, none);
  MapOptions options;
  options.bootstrap = 0;
  options.estimator.kind = AssociationKind::kSemipartial;
  const AssociationMap ordinary = association_map(study.ordinary.sums(), options);
  std::size_t compared = 0;
  for (std::size_t g = 0; g < maps.size(); ++g) {
    for (std::size_t i = 0; i < maps[g].estimate.size(); ++i) {
      if (std::isnan(maps[g].estimate[i]) || std::isnan(ordinary.groups[g].estimate[i])) continue;
      EXPECT_NEAR(maps[g].estimate[i], ordinary.groups[g].estimate[i], 0.003);
      ++compared;
    }
  }
  EXPECT_GT(compared, 200U);
}

// Nothing but noise: no cell is shown, none is a discovery.
TEST(PrivateMap, AStudyOfHardlyAnybodyShowsNothing) {
  const GenerativeModel model = make_generative_model(simulation_of(2, 200, 10, 4, 1, 3));
  SystemNoise noise;
  for (const PrivateRegionMap& map : private_maps_at(draw_simulated_study(model, 1), 0.5, noise)) {
    for (std::size_t i = 0; i < map.estimate.size(); ++i) {
      EXPECT_TRUE(std::isnan(map.estimate[i]));
      EXPECT_NE(map.reason[i], PrivateReason::kNone);
    }
  }
}

TEST(PrivateMap, TwoReleasesDiffer) {
  const GenerativeModel model = make_generative_model(simulation_of(2, 100000, 10, 4, 1, 3));
  const SimulatedStudy study = draw_simulated_study(model, 1);
  SystemNoise noise;
  const auto first = private_maps_at(study, 4, noise);
  const auto second = private_maps_at(study, 4, noise);
  std::size_t different = 0;
  std::size_t both = 0;
  for (std::size_t i = 0; i < first[0].estimate.size(); ++i) {
    if (std::isnan(first[0].estimate[i]) || std::isnan(second[0].estimate[i])) continue;
    ++both;
    different += first[0].estimate[i] != second[0].estimate[i] ? 1 : 0;
  }
  EXPECT_GT(both, 8U);
  EXPECT_EQ(different, both);
}

}  // namespace
}  // namespace mien
