// Parts of the comparison on inputs small enough to check by hand, and on inputs that are too small
// or too empty to estimate anything from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/missing.h"
#include "base/random.h"
#include "stats/canonical_correlations.h"
#include "stats/clustering.h"
#include "stats/context_colours.h"
#include "stats/context_order.h"
#include "stats/embedding.h"
#include "stats/generalised_correlations.h"
#include "stats/geography.h"
#include "stats/heterogeneity.h"
#include "stats/noise_correction.h"
#include "stats/permutation.h"
#include "stats/preserved_components.h"
#include "stats/rotation.h"
#include "stats/similarity.h"

namespace mien {
namespace {

ContextMaps random_maps(int regions, int contexts, int expressions, std::uint64_t seed) {
  Random random(seed);
  ContextMaps maps;
  for (int c = 0; c < contexts; ++c) maps.contexts.push_back("context " + std::to_string(c));
  for (int e = 0; e < expressions; ++e) maps.expressions.push_back("e" + std::to_string(e));
  Matrix shared(contexts, expressions);
  for (Eigen::Index i = 0; i < shared.size(); ++i) shared.data()[i] = random.normal();
  for (int g = 0; g < regions; ++g) {
    maps.regions.push_back("region " + std::to_string(g));
    maps.cells.push_back(shared);
    for (Eigen::Index i = 0; i < shared.size(); ++i) {
      maps.cells.back().data()[i] += random.normal();
    }
  }
  return maps;
}

TEST(ContextMaps, ShapesAndInfiniteCellsAreRefusedByName) {
  ContextMaps maps = random_maps(2, 3, 2, 1);
  EXPECT_TRUE(check_maps(maps).ok());
  maps.cells[1](2, 1) = INFINITY;
  EXPECT_EQ(check_maps(maps).error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(check_maps(maps).error().message,
              ::testing::AllOf(::testing::HasSubstr("region 1"), ::testing::HasSubstr("context 2"),
                               ::testing::HasSubstr("e1")));
  maps = random_maps(2, 3, 2, 1);
  maps.cells[0].resize(2, 2);
  EXPECT_EQ(check_maps(maps).error().code, ErrorCode::kMismatch);
  EXPECT_FALSE(check_maps(ContextMaps{}).ok());
}

TEST(ContextMaps, AnExpressionThatARegionLacksCostsNoContexts) {
  ContextMaps maps = random_maps(3, 5, 3, 2);
  maps.cells[1].col(2).setConstant(kNaN);
  maps.cells[2].row(4).setConstant(kNaN);
  const CompleteMaps complete = complete_maps(maps);
  EXPECT_THAT(complete.dropped_expressions, ::testing::ElementsAre(2U));
  EXPECT_THAT(complete.dropped_contexts, ::testing::ElementsAre(4U));
  EXPECT_EQ(complete.maps.cells[0].rows(), 4);
  ASSERT_EQ(missing_rows(maps).size(), 1U);
  EXPECT_EQ(missing_rows(maps)[0].region, 2U);
}

TEST(Similarity, ConcordanceAsksForOneSizeAndOneLevel) {
  ContextMaps maps = random_maps(2, 20, 4, 3);
  const Matrix centred = maps.cells[0].array() - maps.cells[0].mean();
  const double spread = centred.squaredNorm() / 80;
  const auto of_pair = [&](const Matrix& other) {
    maps.cells = {centred, other};
    return pairwise_similarity(maps).pairs[0];
  };
  EXPECT_NEAR(of_pair(centred).concordance, 1, 1e-12);
  EXPECT_NEAR(of_pair(centred / 2).r, 1, 1e-12);
  EXPECT_NEAR(of_pair(centred / 2).concordance, 0.8, 1e-12);
  EXPECT_NEAR(of_pair(-centred).concordance, -1, 1e-12);
  const Matrix moved = centred.array() + std::sqrt(spread);
  EXPECT_NEAR(of_pair(moved).concordance, 2.0 / 3, 1e-12);
  EXPECT_NEAR(of_pair(Matrix::Constant(20, 4, 1)).concordance, 0, 1e-12);
  maps.cells = {Matrix::Zero(20, 4), Matrix::Zero(20, 4)};
  EXPECT_TRUE(std::isnan(pairwise_similarity(maps).pairs[0].concordance));
}

TEST(Similarity, MissingCellsCostOnlyThePairsThatTheyTouch) {
  ContextMaps maps = random_maps(3, 20, 4, 3);
  const PairwiseSimilarity whole = pairwise_similarity(maps);
  maps.cells[2](7, 1) = kNaN;
  const PairwiseSimilarity holed = pairwise_similarity(maps);
  EXPECT_EQ(holed.pairs[0].r, whole.pairs[0].r);
  EXPECT_EQ(holed.pairs[0].spearman, whole.pairs[0].spearman);
  EXPECT_EQ(holed.pairs[0].cells, 80U);
  EXPECT_NE(holed.pairs[1].r, whole.pairs[1].r);
  EXPECT_EQ(holed.pairs[1].cells, 79U);
}

TEST(Similarity, OneRegionOneContextOrAConstantExpression) {
  const ContextMaps one = random_maps(1, 10, 3, 4);
  EXPECT_TRUE(std::isnan(pairwise_similarity(one).mean_r));
  EXPECT_TRUE(std::isnan(region_against_rest(one, similarity_matrix(one))[0].r));
  EXPECT_TRUE(std::isnan(similarity_per_expression(one)[0].similarity));
  EXPECT_FALSE(preserved_components(one).not_testable.empty());

  const ContextMaps one_context = random_maps(4, 1, 5, 5);
  EXPECT_FALSE(std::isnan(pairwise_similarity(one_context).mean_r));
  EXPECT_TRUE(std::isnan(similarity_per_expression(one_context)[0].similarity));
  EXPECT_TRUE(preserved_components(one_context).components.empty());

  ContextMaps constant = random_maps(10, 30, 3, 6);
  for (Matrix& map : constant.cells) map.col(1).setConstant(0.25);
  EXPECT_TRUE(std::isnan(similarity_per_expression(constant)[1].similarity));
  EXPECT_EQ(similarity_per_expression(constant)[1].pairs, 0U);
  const PreservedComponents preserved = preserved_components(constant);
  EXPECT_EQ(preserved.preserved, 2U);
  EXPECT_TRUE(std::isnan(preserved.components.back().mean_partial_spearman));
}

TEST(Similarity, AveragingAloneExplainsARegionAgainstTheRest) {
  EXPECT_NEAR(expected_against_mean(0.480, 11), 0.661, 5e-4);
  EXPECT_NEAR(expected_against_mean(0.345, 11), 0.542, 5e-4);
  EXPECT_NEAR(expected_against_mean(0.3, 1), 0.3, 1e-15);
}

TEST(PreservedComponents, TooFewRegionsCannotPass) {
  EXPECT_TRUE(preserved_components(random_maps(9, 40, 16, 7)).held_out_not_testable.empty());
  const PreservedComponents eight = preserved_components(random_maps(8, 40, 16, 7));
  EXPECT_EQ(eight.held_out_not_testable, "8 regions cannot pass 16 corrected tests");
  EXPECT_EQ(eight.preserved_held_out, 0U);
  EXPECT_TRUE(std::isnan(eight.components[0].p));
  EXPECT_TRUE(eight.not_testable.empty()) << "flips of 8 regions can pass, one after the other";
  EXPECT_EQ(eight.flips, 128U);
  const PreservedComponents five = preserved_components(random_maps(5, 40, 3, 7));
  EXPECT_EQ(five.not_testable, "5 regions have too few flips to reach p below 0.05");
  EXPECT_EQ(five.preserved, 0U);
  EXPECT_TRUE(std::isnan(five.components[0].p_sign_flip));
  EXPECT_FALSE(std::isnan(eight.components[0].mean_partial_spearman));
  EXPECT_FALSE(preserved_components(random_maps(2, 40, 3, 7)).not_testable.empty());
}

TEST(PreservedComponents, ScaleAndOrderDoNotMatter) {
  const ContextMaps maps = random_maps(10, 30, 4, 8);
  ContextMaps changed = maps;
  for (Matrix& map : changed.cells) map = (1000 * map.colwise().reverse()).eval();
  std::reverse(changed.regions.begin(), changed.regions.end());
  std::reverse(changed.cells.begin(), changed.cells.end());
  const PreservedComponents a = preserved_components(maps);
  const PreservedComponents b = preserved_components(changed);
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(b.components[k].eigenvalue / a.components[k].eigenvalue, 1e6, 1e-6);
    EXPECT_NEAR(b.components[k].mean_partial_spearman, a.components[k].mean_partial_spearman,
                1e-12);
  }
}

TEST(NoiseCorrection, SaysWhyItIsNotEstimable) {
  ContextMaps maps = random_maps(2, 20, 3, 9);
  EXPECT_THAT(correct_for_noise(maps).not_estimable, ::testing::HasSubstr("standard errors"));
  maps.se = {Matrix::Constant(20, 3, 0.1), Matrix::Constant(20, 3, 5)};
  const NoiseCorrection noisy = correct_for_noise(maps);
  EXPECT_TRUE(std::isnan(noisy.pairs[0].rho.value));
  EXPECT_THAT(noisy.pairs[0].reason, ::testing::HasSubstr("region 1 is too low"));
  maps.se[1].setConstant(0.9);
  const NoiseCorrection corrected = correct_for_noise(maps);
  EXPECT_GT(corrected.pairs[0].rho.value, corrected.pairs[0].r);
  EXPECT_TRUE(std::isnan(corrected.mean_rho.se)) << "no replicates, no interval";
}

TEST(Heterogeneity, AlikeDifferentUndecidedAndNotEstimable) {
  ContextMaps maps = random_maps(12, 4, 1, 10);
  maps.se.assign(12, Matrix::Constant(4, 1, 0.001));
  for (std::size_t g = 0; g < 12; ++g) {
    maps.cells[g](0, 0) = 0.1;                     // equal and precise
    maps.cells[g](1, 0) = g % 2 == 0 ? 0.1 : 0.2;  // apart and precise
    maps.cells[g](2, 0) = 0.1;                     // equal, imprecise
    maps.se[g](2, 0) = 0.5;
    maps.cells[g](3, 0) = g == 0 ? 0.1 : kNaN;
  }
  const Heterogeneity cells = heterogeneity(maps, 0.01, 0.05);
  EXPECT_EQ(cells.cells[0].verdict, CellVerdict::kAlike);
  EXPECT_EQ(cells.cells[1].verdict, CellVerdict::kDifferent);
  EXPECT_EQ(cells.cells[2].verdict, CellVerdict::kUndecided) << "not significant is never alike";
  EXPECT_EQ(cells.cells[3].verdict, CellVerdict::kNotEstimable);
  EXPECT_TRUE(std::isnan(cells.cells[3].effects.mean));
  EXPECT_EQ(cells.cells[0].effects.tau2, 0);
  EXPECT_NEAR(cells.cells[1].effects.mean, 0.15, 1e-12);
  EXPECT_GT(cells.cells[1].effects.i2, 0.99);
  EXPECT_NEAR(cells.cells[1].effects.deviations[0].shrunken, -0.05, 1e-4);
}

TEST(Clustering, JoinsTheNearestFirst) {
  Matrix distance(4, 4);
  distance << 0, 1, 9, 9, 1, 0, 9, 9, 9, 9, 0, 2, 9, 9, 2, 0;
  const ClusterTree tree = average_linkage(distance);
  EXPECT_EQ(tree.merges[0].a, 0U);
  EXPECT_EQ(tree.merges[0].b, 1U);
  EXPECT_EQ(tree.merges[1].height, 2);
  EXPECT_EQ(tree.merges[2].height, 9);
  EXPECT_EQ(tree.merges[2].size, 4U);
  EXPECT_THAT(tree.leaf_order, ::testing::ElementsAre(0U, 1U, 2U, 3U));
  EXPECT_TRUE(average_linkage(Matrix::Zero(1, 1)).merges.empty());
  EXPECT_EQ(average_linkage(Matrix::Zero(5, 5)).merges.size(), 4U) << "all equal";
}

TEST(Permutation, ALevelNeverZeroAndTheSameForASeed) {
  Matrix a = Matrix::Zero(6, 6);
  for (Eigen::Index i = 0; i < 6; ++i) {
    for (Eigen::Index j = 0; j < 6; ++j) a(i, j) = std::abs(static_cast<double>(i - j));
  }
  const PermutationTest same = mantel(a, a, Tail::kUpper, 999, 1);
  EXPECT_NEAR(same.observed, 1, 1e-12);
  EXPECT_GT(same.p, 0);
  EXPECT_LT(same.p, 0.02);  // the order and its reverse: 2 of 720
  EXPECT_EQ(same.p, mantel(a, a, Tail::kUpper, 999, 1).p);
  EXPECT_EQ(mantel(a, a, Tail::kLower, 999, 1).p, 1);
  EXPECT_FALSE(
      mantel(a.topLeftCorner(3, 3), a.topLeftCorner(3, 3), Tail::kUpper, 9, 1).reason.empty());
  EXPECT_FALSE(mantel(a, Matrix::Ones(6, 6), Tail::kUpper, 9, 1).reason.empty());
}

TEST(Geography, DistancesOnTheGlobe) {
  EXPECT_NEAR(great_circle_km({0, 0}, {0, 90}), 6371.0088 * std::acos(0.0), 1e-6);
  EXPECT_NEAR(great_circle_km({0, 179}, {0, -179}), 2 * 111.1951, 1e-3);
  EXPECT_EQ(great_circle_km({10, 20}, {10, 20}), 0);
}

TEST(Rotation, VarimaxFindsSimpleStructureAgain) {
  Matrix simple(6, 2);
  simple << 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1;
  const double angle = 0.6;
  Matrix turn(2, 2);
  turn << std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle);
  const Matrix found = varimax(simple * turn).loadings.cwiseAbs();
  const bool straight = (found - simple).norm() < 1e-6;
  const bool swapped = (found - simple.rowwise().reverse()).norm() < 1e-6;
  EXPECT_TRUE(straight || swapped) << found;
}

TEST(Rotation, ProcrustesIsBlindToTurnScaleAndPlace) {
  const ContextMaps maps = random_maps(2, 8, 3, 11);
  const Matrix turned = (3 * maps.cells[0].rowwise().reverse()).array() + 5;
  EXPECT_NEAR(procrustes_disparity(maps.cells[0], turned), 0, 1e-12);
  EXPECT_LT(procrustes_test(maps.cells[0], turned, 199, 1).p, 0.01);
  EXPECT_TRUE(std::isnan(procrustes_disparity(maps.cells[0], Matrix::Ones(8, 3))));
}

TEST(GeneralisedCorrelations, EqualMapsAgreeWholly) {
  ContextMaps maps = random_maps(1, 20, 3, 12);
  EXPECT_FALSE(generalised_correlations(maps, 0).not_estimable.empty());
  for (int g = 0; g < 3; ++g) {
    maps.regions.push_back("more");
    maps.cells.push_back(maps.cells[0]);
  }
  for (const double eigenvalue : generalised_correlations(maps, 0).eigenvalues) {
    EXPECT_NEAR(eigenvalue, 4, 1e-12);
  }
  EXPECT_LT(generalised_correlations(maps, 0.5).eigenvalues[0], 4);
  EXPECT_FALSE(generalised_correlations(random_maps(3, 4, 3, 12), 0).not_estimable.empty());
}

TEST(CanonicalCorrelations, CollinearContextsGetARidgeAndNoBartlett) {
  Random random(13);
  RegionCovariance region{Matrix::Zero(3, 3), Matrix::Zero(3, 2), Matrix::Zero(2, 2), 100};
  for (int i = 0; i < 100; ++i) {
    Eigen::VectorXd x(3);
    x << random.normal(), random.normal(), 0;
    x(2) = x(0) + x(1);
    Eigen::VectorXd y(2);
    y << x(0) + random.normal(), random.normal();
    region.xx += x * x.transpose() / 100;
    region.xy += x * y.transpose() / 100;
    region.yy += y * y.transpose() / 100;
  }
  const std::vector<RegionCovariance> regions = {region, region, region};
  const CanonicalCorrelations ridged = canonical_correlations(regions);
  EXPECT_GT(ridged.ridge, 0);
  ASSERT_EQ(ridged.pairs.size(), 2U);
  EXPECT_TRUE(std::isnan(ridged.pairs[0].bartlett));
  EXPECT_FALSE(ridged.not_testable.empty()) << "three regions";
  EXPECT_GT(ridged.pairs[0].heldout[0], 0.5);
  std::vector<RegionCovariance> constant = regions;
  for (RegionCovariance& of : constant) of.yy.setZero();
  EXPECT_FALSE(canonical_correlations(constant).not_estimable.empty());
  EXPECT_FALSE(canonical_correlations({}).not_estimable.empty());
}

TEST(ContextOrder, KeepsSimilarContextsTogetherAndFindsNoChance) {
  ContextMaps maps = random_maps(5, 60, 4, 14);
  maps.cells[3].row(5).setConstant(kNaN);
  for (Matrix& map : maps.cells) map.row(8) = map.row(2);
  const std::vector<std::size_t> order = similar_contexts_together(maps);
  EXPECT_EQ(order.size(), 59U);
  EXPECT_EQ(std::set<std::size_t>(order.begin(), order.end()).size(), 59U);
  const auto place = [&](std::size_t c) { return std::find(order.begin(), order.end(), c); };
  EXPECT_EQ(std::abs(place(8) - place(2)), 1);
  const ContextNull null = context_group_null(maps, order, 5, 199, 1);
  EXPECT_NEAR(null.test.observed, pairwise_similarity(complete_maps(maps).maps).mean_r, 1e-12);
  EXPECT_LE(null.test.p, 0.01);
  EXPECT_LT(std::abs(null.null_mean), 0.1);
  EXPECT_FALSE(context_group_null(maps, order, 30, 9, 1).test.reason.empty());
}

TEST(ContextOrder, StaysAsItIsWhereNoExpressionIsMeasuredInEveryRegion) {
  ContextMaps maps = random_maps(2, 3, 2, 15);
  maps.cells[0].col(0).setConstant(kNaN);
  maps.cells[1].col(1).setConstant(kNaN);
  EXPECT_EQ(similar_contexts_together(maps), (std::vector<std::size_t>{0, 1, 2}));
}

TEST(Embedding, KeepsGroupsApartAndIsTheSameEveryTime) {
  Random random(15);
  Matrix points(60, 3);
  for (Eigen::Index i = 0; i < 60; ++i) {
    for (Eigen::Index k = 0; k < 3; ++k) points(i, k) = random.normal() + (i < 30 ? 20 : 0);
  }
  const Matrix plane = embed(points, 10);
  EXPECT_EQ(plane, embed(points, 10));
  ASSERT_TRUE(plane.allFinite());
  const Eigen::RowVectorXd first = plane.topRows(30).colwise().mean();
  const Eigen::RowVectorXd second = plane.bottomRows(30).colwise().mean();
  for (Eigen::Index i = 0; i < 60; ++i) {
    const double to_first = (plane.row(i) - first).norm();
    const double to_second = (plane.row(i) - second).norm();
    EXPECT_EQ(to_first < to_second, i < 30) << i;
  }
  EXPECT_EQ(embed(Matrix::Ones(2, 3)).rows(), 2);
}

TEST(ContextColours, FollowTheLeadingComponent) {
  Matrix scores(3, 2);
  scores << 2, -1, -1, 3, -1, -1;
  const std::vector<std::string> colours = context_colours(scores);
  EXPECT_EQ(colours[0], component_colour(0));
  EXPECT_EQ(colours[1], component_colour(1));
  EXPECT_EQ(colours[2], "#bbbbbb");
  EXPECT_EQ(component_colour(0), "#e69f00");
}

}  // namespace
}  // namespace mien
