// The figures that were computed from the published maps when this program was planned, to the
// digits printed there, for both experiments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "support/paths.h"

#include "pipeline/compare/compare.h"
#include "pipeline/compare/published_maps.h"

namespace mien {
namespace {

constexpr double kPrinted = 0.0005 + 1e-9;  // three digits

class PublishedFigures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(folder())) GTEST_SKIP() << "published-maps is not there";
  }

  static std::filesystem::path folder() {
    return testing::shared_dir() / "data" / "published-maps";
  }

  static const Comparison& experiment(int number) {
    static const Comparison kVisual = compare_published(folder(), 1, {}).value();
    static const Comparison kText = compare_published(folder(), 2, {}).value();
    return number == 1 ? kVisual : kText;
  }

  static double against_rest(const Comparison& comparison, const std::string& region) {
    const auto& regions = comparison.maps.regions;
    const auto at = std::find(regions.begin(), regions.end(), region) - regions.begin();
    return comparison.against_rest.at(static_cast<std::size_t>(at)).r;
  }

  static double expression(const Comparison& comparison, const std::string& name) {
    const auto& names = comparison.maps.expressions;
    const auto at = std::find(names.begin(), names.end(), name) - names.begin();
    return comparison.per_expression.at(static_cast<std::size_t>(at)).similarity;
  }

  static std::vector<double> expressions_falling(const Comparison& comparison) {
    std::vector<double> values;
    for (const PartSimilarity& part : comparison.per_expression) values.push_back(part.similarity);
    std::sort(values.rbegin(), values.rend());
    return values;
  }

  // Components that are positive in all regions left out, and the counts of the others.
  static std::vector<std::size_t> not_all_positive(const Comparison& comparison) {
    std::vector<std::size_t> others;
    for (const PreservedComponent& component : comparison.preserved.components) {
      if (component.heldout_positive != 12) others.push_back(component.heldout_positive);
    }
    return others;
  }
};

TEST_F(PublishedFigures, ShapeAndTraps) {
  EXPECT_EQ(experiment(1).maps.regions.size(), 12U);
  EXPECT_EQ(experiment(1).maps.contexts.size(), 653U);
  EXPECT_EQ(experiment(2).maps.contexts.size(), 1953U);
  EXPECT_EQ(experiment(1).maps.expressions.size(), 16U);
  EXPECT_THAT(experiment(1).repeated_contexts,
              ::testing::UnorderedElementsAre("Football", "Cream", "Goal", "Fish"));
  EXPECT_THAT(experiment(2).repeated_contexts, ::testing::IsEmpty());
  ASSERT_EQ(experiment(1).dropped_rows.size(), 2U);
  const auto& visual = experiment(1).maps;
  EXPECT_EQ(visual.regions[experiment(1).dropped_rows[0].region], "Africa");
  EXPECT_EQ(visual.contexts[experiment(1).dropped_rows[0].context], "Pocket Billiards");
  EXPECT_EQ(visual.regions[experiment(1).dropped_rows[1].region], "EasternEurope");
  EXPECT_EQ(visual.contexts[experiment(1).dropped_rows[1].context], "Drama");
  EXPECT_THAT(experiment(2).dropped_rows, ::testing::IsEmpty());
}

TEST_F(PublishedFigures, SimilarityOfRegions) {
  const PairwiseSimilarity& visual = experiment(1).pairwise;
  EXPECT_EQ(visual.pairs.size(), 66U);
  EXPECT_NEAR(visual.mean_r, 0.480, kPrinted);
  EXPECT_NEAR(visual.min, 0.217, kPrinted);
  EXPECT_NEAR(visual.max, 0.764, kPrinted);
  EXPECT_NEAR(visual.mean_spearman, 0.382, kPrinted);
  EXPECT_NEAR(visual.mean_r_winsorised, 0.458, kPrinted);
  const PairwiseSimilarity& text = experiment(2).pairwise;
  EXPECT_NEAR(text.mean_r, 0.345, kPrinted);
  EXPECT_NEAR(text.min, 0.185, kPrinted);
  EXPECT_NEAR(text.max, 0.585, kPrinted);
  EXPECT_NEAR(text.mean_spearman, 0.317, kPrinted);
  EXPECT_NEAR(text.mean_r_winsorised, 0.348, kPrinted);
}

TEST_F(PublishedFigures, RegionAgainstTheRestAndWhatAveragingAloneGives) {
  const Comparison& visual = experiment(1);
  EXPECT_NEAR(visual.mean_against_rest, 0.658, kPrinted);
  EXPECT_NEAR(against_rest(visual, "CentralNorthernEurope"), 0.463, kPrinted);
  EXPECT_NEAR(against_rest(visual, "Brazil"), 0.828, kPrinted);
  for (const RegionAgainstRest& region : visual.against_rest) {
    EXPECT_GE(region.r, 0.463 - kPrinted);
    EXPECT_LE(region.r, 0.828 + kPrinted);
  }
  EXPECT_NEAR(visual.expected_against_rest, 0.661, kPrinted);
  EXPECT_NEAR(experiment(2).mean_against_rest, 0.538, kPrinted);
  EXPECT_NEAR(experiment(2).expected_against_rest, 0.542, kPrinted);
}

TEST_F(PublishedFigures, SimilarityOfExpressions) {
  const Comparison& visual = experiment(1);
  EXPECT_NEAR(expression(visual, "Doubt"), 0.628, kPrinted);
  EXPECT_NEAR(expression(visual, "Disappointment"), 0.627, kPrinted);
  EXPECT_NEAR(expression(visual, "Concentration"), 0.627, kPrinted);
  EXPECT_NEAR(expression(visual, "Amusement"), 0.175, kPrinted);
  EXPECT_EQ(expressions_falling(visual).front(), expression(visual, "Doubt"));
  EXPECT_EQ(expressions_falling(visual).back(), expression(visual, "Amusement"));
  const Comparison& text = experiment(2);
  EXPECT_NEAR(expression(text, "Doubt"), 0.481, kPrinted);
  EXPECT_NEAR(expression(text, "Awe"), 0.438, kPrinted);
  EXPECT_NEAR(expression(text, "Amusement"), 0.187, kPrinted);
  EXPECT_EQ(expressions_falling(text)[1], expression(text, "Awe"));
  EXPECT_EQ(expressions_falling(text).back(), expression(text, "Amusement"));
}

TEST_F(PublishedFigures, PreservedComponents) {
  const PreservedComponents& visual = experiment(1).preserved;
  EXPECT_EQ(visual.components.size(), 16U);
  EXPECT_EQ(visual.kept_contexts.size(), 651U);
  EXPECT_THAT(not_all_positive(experiment(1)), ::testing::ElementsAre(10U));
  EXPECT_EQ(visual.components[14].heldout_positive, 10U);
  EXPECT_NEAR(visual.components[0].mean_partial_spearman, 0.761, kPrinted);
  const PreservedComponents& text = experiment(2).preserved;
  EXPECT_EQ(text.kept_contexts.size(), 1953U);
  EXPECT_THAT(not_all_positive(experiment(2)), ::testing::ElementsAre(11U));
  EXPECT_EQ(text.components[10].heldout_positive, 11U);
  EXPECT_NEAR(text.components[0].mean_partial_spearman, 0.681, kPrinted);
}

TEST_F(PublishedFigures, OrderOfContextsDoesNotMatter) {
  ContextMaps maps = read_published_maps(folder(), 1).value().maps;
  std::reverse(maps.contexts.begin(), maps.contexts.end());
  for (Matrix& cells : maps.cells) cells = cells.colwise().reverse().eval();
  const Comparison reversed = compare_maps(std::move(maps), {}, {}).value();
  const Comparison& straight = experiment(1);
  EXPECT_NEAR(reversed.pairwise.mean_r, straight.pairwise.mean_r, 1e-12);
  EXPECT_NEAR(reversed.pairwise.mean_spearman, straight.pairwise.mean_spearman, 1e-12);
  for (std::size_t k = 0; k < 16; ++k) {
    EXPECT_NEAR(reversed.preserved.components[k].eigenvalue,
                straight.preserved.components[k].eigenvalue, 1e-12);
    EXPECT_NEAR(reversed.preserved.components[k].mean_partial_spearman,
                straight.preserved.components[k].mean_partial_spearman, 1e-12);
  }
}

}  // namespace
}  // namespace mien
