// Reliability against other people's programs (tests/reference/rating) and published examples.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"

#include "rating/reliability.h"

namespace mien {
namespace {

std::filesystem::path reference(const std::string& name) {
  return testing::source_dir() / "tests/reference/rating" / name;
}

nlohmann::json expected_cases() {
  std::ifstream file(reference("expected.json"));
  return nlohmann::json::parse(file)["cases"];
}

Ratings read_case(const std::string& name) {
  std::ifstream file(reference("cases/" + name + ".csv"));
  std::string line;
  std::getline(file, line);
  RatingsBuilder builder;
  while (std::getline(file, line)) {
    std::vector<std::string> fields;
    std::size_t at = 0;
    for (std::size_t comma = 0; comma != std::string::npos; at = comma + 1) {
      comma = line.find(',', at);
      fields.push_back(line.substr(at, comma == std::string::npos ? comma : comma - at));
    }
    RatingsBuilder::Row row;
    row.rater = fields[0];
    row.clip = fields[1];
    row.label = fields[2];
    row.value = std::strtod(fields[3].c_str(), nullptr);
    builder.add(row);
  }
  auto ratings = std::move(builder).finish(RatingMode::kValue);
  EXPECT_TRUE(ratings.ok());
  return *std::move(ratings);
}

class RatingCase : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    expected_ = expected_cases()[GetParam()];
    ReliabilityOptions options;
    options.replicates = 20;
    const ReliabilityReport report = reliability_of(read_case(GetParam()), options);
    ASSERT_EQ(report.labels.size(), 1U);
    label_ = report.labels[0];
  }
  nlohmann::json expected_;
  LabelReliability label_;
};

TEST_P(RatingCase, AlphaIsKrippendorffs) {
  const std::map<std::string, const Measure*> alpha{{"nominal", &label_.alpha_nominal},
                                                    {"ordinal", &label_.alpha_ordinal},
                                                    {"interval", &label_.alpha_interval},
                                                    {"ratio", &label_.alpha_ratio}};
  for (const auto& [metric, measure] : alpha) {
    if (expected_["alpha"].contains(metric)) {
      EXPECT_NEAR(measure->estimate, expected_["alpha"][metric].get<double>(), 1e-9) << metric;
    } else {
      EXPECT_TRUE(std::isnan(measure->estimate)) << metric;
      EXPECT_EQ(measure->reason, "negative_values");
    }
  }
}

TEST_P(RatingCase, IntraclassCorrelationsArePingouins) {
  EXPECT_EQ(label_.block_clips, expected_["complete_clips"].get<std::size_t>());
  const std::map<std::string, const Interval*> icc{
      {"icc1", &label_.icc.icc1},   {"icc2", &label_.icc.icc2},   {"icc3", &label_.icc.icc3},
      {"icc1k", &label_.icc.icc1k}, {"icc2k", &label_.icc.icc2k}, {"icc3k", &label_.icc.icc3k}};
  for (const auto& [form, interval] : icc) {
    const auto& numbers = expected_["icc"][form];
    EXPECT_NEAR(interval->estimate, numbers[0].get<double>(), 1e-9) << form;
    EXPECT_NEAR(interval->lower, numbers[1].get<double>(), 0.0051) << form;  // rounded there
    EXPECT_NEAR(interval->upper, numbers[2].get<double>(), 0.0051) << form;
  }
}

TEST_P(RatingCase, KappasAreTheLibraries) {
  if (expected_.contains("fleiss")) {
    EXPECT_NEAR(label_.kappa_fleiss.estimate, expected_["fleiss"].get<double>(), 1e-9);
  }
  if (expected_.contains("cohen")) {
    EXPECT_NEAR(label_.kappa_cohen, expected_["cohen"].get<double>(), 1e-9);
    EXPECT_EQ(label_.rater_pairs, 1U);
  }
}

TEST_P(RatingCase, ComponentsMaximiseTheRestrictedLikelihood) {
  EXPECT_EQ(label_.components.method, "reml");
  EXPECT_NEAR(label_.components.row, expected_["components"][0].get<double>(), 1e-4);
  EXPECT_NEAR(label_.components.column, expected_["components"][1].get<double>(), 1e-4);
  EXPECT_NEAR(label_.components.residual, expected_["components"][2].get<double>(), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(All, RatingCase,
                         ::testing::Values("canonical", "shrout_fleiss", "points", "amounts",
                                           "complete", "yes_no", "two_raters"),
                         [](const auto& instance) { return instance.param; });

TEST(PublishedExamples, KrippendorffsFourByTwelve) {
  const ReliabilityReport report = reliability_of(read_case("canonical"), {.replicates = 2});
  const LabelReliability& label = report.labels.at(0);
  EXPECT_NEAR(label.alpha_nominal.estimate, 0.743421, 5e-7);
  EXPECT_NEAR(label.alpha_ordinal.estimate, 0.815388, 5e-7);
  EXPECT_NEAR(label.alpha_interval.estimate, 0.849107, 5e-7);
  EXPECT_NEAR(label.alpha_ratio.estimate, 0.797403, 5e-7);
}

TEST(PublishedExamples, ShroutAndFleissSixByFour) {
  const ReliabilityReport report = reliability_of(read_case("shrout_fleiss"), {.replicates = 2});
  const IntraclassCorrelations& icc = report.labels.at(0).icc;
  EXPECT_NEAR(icc.icc1.estimate, 0.165742, 5e-7);
  EXPECT_NEAR(icc.icc2.estimate, 0.289764, 5e-7);
  EXPECT_NEAR(icc.icc3.estimate, 0.714841, 5e-7);
  EXPECT_NEAR(icc.icc1k.estimate, 0.442797, 5e-7);
  EXPECT_NEAR(icc.icc2k.estimate, 0.620051, 5e-7);
  EXPECT_NEAR(icc.icc3k.estimate, 0.909316, 5e-7);
}

}  // namespace
}  // namespace mien
