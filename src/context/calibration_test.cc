#include "context/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "context/calibration_fit.h"
#include "context/text_scorer.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

// Texts drawn from the model itself: what the fit must find again.
struct Drawn {
  std::vector<std::string> contexts;
  std::vector<float> similarities;
  std::vector<std::vector<std::uint32_t>> labels;
};

Drawn draw(std::size_t texts, std::size_t contexts, const Calibration& truth, double first_offset) {
  Drawn drawn;
  for (std::size_t c = 0; c < contexts; ++c) drawn.contexts.push_back("c" + std::to_string(c));
  std::vector<double> offsets(contexts, 0.0);
  offsets[0] = first_offset;
  Random random(5);
  std::vector<double> logits(contexts);
  for (std::size_t t = 0; t < texts; ++t) {
    std::vector<float> row;
    for (std::size_t c = 0; c < contexts; ++c) row.push_back(static_cast<float>(random.normal()));
    calibrated_logits(truth, row, offsets, logits);
    std::vector<std::uint32_t>& own = drawn.labels.emplace_back();
    for (std::uint32_t c = 0; c < contexts; ++c) {
      if (random.uniform() < logistic(logits[c])) own.push_back(c);
    }
    drawn.similarities.insert(drawn.similarities.end(), row.begin(), row.end());
  }
  return drawn;
}

Calibration truth() {
  Calibration calibration;
  calibration.intercept = -2.5;
  calibration.slope = 1.5;
  calibration.margin_slope = -0.6;
  return calibration;
}

TEST(Calibration, FindsTheParametersThatTextsWereDrawnFrom) {
  const Drawn drawn = draw(4000, 10, truth(), 0);
  const auto fit = fit_calibration({drawn.contexts, drawn.similarities, drawn.labels, {}});
  ASSERT_TRUE(fit.ok()) << fit.error().message;
  EXPECT_NEAR(fit->intercept, -2.5, 0.2);
  EXPECT_NEAR(fit->slope, 1.5, 0.12);
  EXPECT_NEAR(fit->margin_slope, -0.6, 0.12);
  EXPECT_EQ(fit->texts, 4000);
  EXPECT_GT(fit->none_texts, 100);
  EXPECT_LT(fit->none_slope, 0);  // the likelier the best context, the less likely none
  // P(none) is right on average: the likelihood's own condition.
  EXPECT_GT(fit->threshold_prob, 0.1);
  EXPECT_LT(fit->threshold_prob, 0.7);  // that of texts of no context
}

TEST(Calibration, OffsetsAreDrawnTowardsNaughtByFewTexts) {
  const auto offset = [](std::size_t texts) {
    const Drawn drawn = draw(texts, 10, truth(), 1.0);
    const auto fit = fit_calibration({drawn.contexts, drawn.similarities, drawn.labels, {}});
    return fit->contexts.at("c0").offset;
  };
  const double many = offset(4000);
  EXPECT_NEAR(many, 1.0, 0.25);
  EXPECT_LT(std::abs(offset(30)), many);
}

TEST(Calibration, AncestorsCountForNothing) {
  Drawn drawn = draw(400, 4, truth(), 0);
  for (auto& own : drawn.labels) std::erase(own, 3U);  // 3 is above 0: never said, though it fits
  const std::vector<std::vector<std::uint32_t>> above = {{3}, {}, {}, {}};
  const auto with = fit_calibration({drawn.contexts, drawn.similarities, drawn.labels, above});
  const auto without = fit_calibration({drawn.contexts, drawn.similarities, drawn.labels, {}});
  EXPECT_GT(with->contexts.at("c3").offset, without->contexts.at("c3").offset);
}

TEST(Calibration, FewTextsOfNoContextAreGivenOne) {
  const Drawn drawn = draw(600, 6, truth(), 1.0);
  const auto fit = fit_calibration({drawn.contexts, drawn.similarities, drawn.labels, {}});
  ASSERT_TRUE(fit.ok()) << fit.error().message;
  std::vector<double> offsets;
  std::vector<double> thresholds;
  for (const std::string& id : drawn.contexts) {
    offsets.push_back(fit->contexts.at(id).offset);
    thresholds.push_back(fit->contexts.at(id).threshold_prob);
  }
  int none = 0;
  int given = 0;
  std::vector<double> logits(offsets.size());
  for (std::size_t t = 0; t < drawn.labels.size(); ++t) {
    if (!drawn.labels[t].empty()) continue;
    ++none;
    calibrated_logits(*fit, std::span(drawn.similarities).subspan(6 * t, 6), offsets, logits);
    bool any = false;
    for (std::size_t c = 0; c < 6; ++c) any |= logistic(logits[c]) >= thresholds[c];
    given += any ? 1 : 0;
  }
  EXPECT_EQ(fit->none_texts, none);
  EXPECT_GE(none, 100);
  EXPECT_LE(given, kMostNoneGiven * none);
  EXPECT_GE(given, kMostNoneGiven * none - 2);  // and no lower than that asks for
}

TEST(Calibration, RefusesTooLittleToLearnFrom) {
  const Drawn drawn = draw(10, 4, truth(), 0);
  const auto few = fit_calibration({drawn.contexts, drawn.similarities, drawn.labels, {}});
  ASSERT_FALSE(few.ok());
  EXPECT_EQ(few.error().code, ErrorCode::kUsage);
  const Drawn many = draw(50, 4, truth(), 0);
  const std::vector<std::vector<std::uint32_t>> none(50);
  EXPECT_FALSE(fit_calibration({many.contexts, many.similarities, none, {}}).ok());
}

TEST(Calibration, ComesBackFromItsFile) {
  const Drawn drawn = draw(300, 5, truth(), 0);
  Calibration made = *fit_calibration({drawn.contexts, drawn.similarities, drawn.labels, {}});
  made.model = "m 1";
  made.vocabulary = "v";
  made.background = {0.25F, -1.5F};
  const std::string json = calibration_json(made);
  const auto back = parse_calibration(json, "c.json");
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(calibration_json(*back), json);
  for (const char* bad : {"", "[]", "{\"model\": 3}", "{}"}) {
    const auto refused = parse_calibration(bad, "c.json");
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_THAT(refused.error().message, HasSubstr("c.json"));
    EXPECT_THAT(refused.error().message, HasSubstr("remedy"));
  }
  const auto other_model = calibration_for(made, "c.json", "m 2", "v");
  ASSERT_FALSE(other_model.ok());
  EXPECT_EQ(other_model.error().code, ErrorCode::kMismatch);
  EXPECT_EQ(calibration_for(made, "c.json", "m 1", "v")->contexts.size(), 5U);
  EXPECT_TRUE(calibration_for(made, "c.json", "m 1", "w")->contexts.empty());
}

TEST(Calibration, KeepsTheBestAndWhatIsProbable) {
  const auto logit = [](double prob) { return std::log(prob / (1 - prob)); };
  std::vector<double> logits;
  for (const double prob : {0.001, 0.5, 0.002, 0.02, 0.001, 0.0005, 0.03}) {
    logits.push_back(logit(prob));
  }
  const std::vector<ContextScore> kept = kept_scores(logits);
  ASSERT_EQ(kept.size(), kKeptBest);
  EXPECT_EQ(kept[0].context, 1U);
  EXPECT_DOUBLE_EQ(kept[0].prob, 0.5);
  EXPECT_EQ(kept[2].context, 3U);
  EXPECT_EQ(kept[4].context, 0U);  // before 4, which is as likely
  EXPECT_EQ(kept_scores(std::vector<double>(9, logit(0.2))).size(), 9U);
  EXPECT_EQ(kept_scores(std::vector<double>(2, logit(0.001))).size(), 2U);
}

}  // namespace
}  // namespace mien
