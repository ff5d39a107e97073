#include "context/text_evaluation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "context/operating_points.h"

namespace mien {
namespace {

TEST(TextEvaluation, CountsAsAPersonWould) {
  // Three contexts, threshold 0.5. Texts: right; second best right; of none and a false one; of
  // none; not answered.
  const double nan = std::nan("");
  const std::vector<TextScores> scores = {{"", {{0, 0.9}, {1, 0.1}, {2, 0.01}}, 0.1},
                                          {"", {{0, 0.8}, {1, 0.6}, {2, 0.01}}, 0.1},
                                          {"", {{2, 0.7}, {1, 0.1}, {0, 0.01}}, 0.4},
                                          {"", {{2, 0.2}, {1, 0.1}, {0, 0.01}}, 0.9},
                                          {"no_words", {}, nan}};
  const std::vector<std::vector<std::uint32_t>> labels = {{0}, {1}, {}, {}, {2}};
  const std::vector<double> thresholds = {0.5, 0.5, 0.5};
  const TextEvaluation e = evaluate_texts(scores, labels, thresholds);
  EXPECT_EQ(e.texts, 5);
  EXPECT_EQ(e.answered, 4);
  EXPECT_EQ(e.with_context, 3);
  EXPECT_EQ(e.none, 2);
  EXPECT_DOUBLE_EQ(e.top1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(e.top3, 2.0 / 3);
  EXPECT_DOUBLE_EQ(e.precision_at_3, 2.0 / 9);
  EXPECT_DOUBLE_EQ(e.none_above, 0.5);
  // Given: 0, 0, 1, 2; right: two of them; labels: three.
  EXPECT_DOUBLE_EQ(e.precision, 0.5);
  EXPECT_DOUBLE_EQ(e.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(e.micro_f1, 4.0 / 7);
  EXPECT_DOUBLE_EQ(e.macro_f1, (2.0 / 3 + 1.0 + 0.0) / 3);
  EXPECT_NEAR(e.none_brier, (0.01 + 0.01 + 0.36 + 0.01) / 4, 1e-12);
  EXPECT_EQ(e.contexts[0].given, 2);
  EXPECT_EQ(e.contexts[2].texts, 1);
  int scored = 0;
  for (const ReliabilityBin& bin : e.bins) scored += bin.scores;
  EXPECT_EQ(scored, 12);
  EXPECT_EQ(e.bins.back().scores, 2);  // 0.9, right, and 0.8, wrong
  EXPECT_DOUBLE_EQ(e.bins.back().share_right, 0.5);
}

// The fewer texts of no context may be given one, the higher the threshold and the less is found.
TEST(OperatingPoints, GoDownToNoFalseName) {
  const double nan = std::nan("");
  const std::vector<TextScores> scores = {{"", {{0, 0.9}, {1, 0.65}}, 0.1},
                                          {"", {{1, 0.6}, {0, 0.2}}, 0.1},
                                          {"", {{1, 0.7}, {0, 0.1}}, 0.4},   // of none
                                          {"", {{0, 0.55}, {1, 0.1}}, 0.5},  // of none
                                          {"", {{0, 0.4}, {1, 0.3}}, 0.9},   // of none, given none
                                          {"no_words", {}, nan}};
  const std::vector<std::vector<std::uint32_t>> labels = {{0, 1}, {1}, {}, {}, {}, {0}};
  const std::vector<double> thresholds = {0.5, 0.5};
  const std::vector<OperatingPoint> points = operating_points(scores, labels, thresholds);
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[0].none_given, 2);
  EXPECT_DOUBLE_EQ(points[0].least_prob, 0);
  EXPECT_DOUBLE_EQ(points[0].found, 2.0 / 3);
  EXPECT_DOUBLE_EQ(points[0].precision, 3.0 / 5);
  EXPECT_DOUBLE_EQ(points[0].recall, 3.0 / 4);
  EXPECT_EQ(points[1].none_given, 1);
  EXPECT_NEAR(points[1].least_prob, 0.55, 1e-12);
  EXPECT_GT(points[1].least_prob, 0.55);
  EXPECT_DOUBLE_EQ(points[1].precision, 3.0 / 4);
  EXPECT_EQ(points[2].none_given, 0);
  EXPECT_DOUBLE_EQ(points[2].found, 1.0 / 3);  // 0.9 alone is above 0.7
  EXPECT_DOUBLE_EQ(points[2].precision, 1);
  EXPECT_DOUBLE_EQ(points[2].recall, 1.0 / 4);
  EXPECT_DOUBLE_EQ(points[2].micro_f1, 2.0 / 5);
  // What a point says is what an evaluation with its threshold says.
  const std::vector<double> raised = {points[1].least_prob, points[1].least_prob};
  EXPECT_DOUBLE_EQ(evaluate_texts(scores, labels, raised).micro_f1, points[1].micro_f1);
  EXPECT_DOUBLE_EQ(evaluate_texts(scores, labels, raised).none_above, 1.0 / 3);
}

}  // namespace
}  // namespace mien
