// Weights from a file: the formula, what the shipped file says, and files that are refused.
#include "expression/prototype.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "support/paths.h"

#include "expression/actions.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

std::filesystem::path shipped_file() {
  return testing::source_dir() / "data/prototype16.json";
}

Json shipped() {
  std::ifstream file(shipped_file());
  return Json::parse(file);
}

Json small() {
  return Json::parse(R"json({"id": "small", "notice": "No rating.",
    "scale": {"intercept": -1, "z_limit": 3}, "sources": {"a": "A (2000)."},
    "labels": [
      {"label": "glad", "weights": [{"channel": "up", "weight": 3, "source": "a"},
                                    {"channel": "abs(tilt)", "weight": -4, "source": "a"}]},
      {"label": "low", "weights": [{"channel": "up", "weight": -1, "source": "a"}]}],
    "norms": {"channels": {"up": {"mean": 1, "sd": 2}, "abs(tilt)": {"mean": 5, "sd": 10}}}})json");
}

Result<Prototype> parsed(const Json& json) {
  return Prototype::parse(json.dump(), "weights.json");
}

double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

TEST(Prototype, FollowsItsFormula) {
  const Prototype prototype = parsed(small()).value();
  EXPECT_THAT(prototype.labels(), ElementsAre("glad", "low"));
  EXPECT_THAT(prototype.inputs(), ElementsAre("up", "tilt"));
  const auto scores = prototype.score(std::vector<float>{2, -25});
  // z: (2 - 1) / 2 and (25 - 5) / 10; weights 3 and -4 over their length 5.
  EXPECT_NEAR(scores[0], logistic(-1 + 0.6 * 0.5 - 0.8 * 2), 1e-6);
  EXPECT_NEAR(scores[1], logistic(-1 - 0.5), 1e-6);
}

TEST(Prototype, CutsWhatIsFarOut) {
  const Prototype prototype = parsed(small()).value();
  EXPECT_NEAR(prototype.score(std::vector<float>{1e6F, 0})[1], logistic(-1 - 3), 1e-6);
  EXPECT_NEAR(prototype.score(std::vector<float>{-1e6F, 0})[1], logistic(-1 + 3), 1e-6);
}

TEST(Prototype, IsMissingWhereWhatItNeedsIsMissing) {
  const Prototype prototype = parsed(small()).value();
  const auto scores = prototype.score(std::vector<float>{1, std::nanf("")});
  EXPECT_TRUE(std::isnan(scores[0]));
  EXPECT_NEAR(scores[1], logistic(-1), 1e-6);
}

TEST(Prototype, GivesAnAverageFaceOneScoreForEveryLabel) {
  const Json json = shipped();
  const Prototype prototype = Prototype::read(shipped_file()).value();
  const Json& norms = json.at("norms").at("channels");
  // abs() terms see the magnitude of an average, so labels that use them are left out.
  std::vector<float> average;
  for (const std::string& input : prototype.inputs()) {
    average.push_back(norms.at(input).at("mean").get<float>());
  }
  const auto scores = prototype.score(average);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (json.at("labels").at(i).dump().find("abs(") != std::string::npos) continue;
    EXPECT_NEAR(scores[i], logistic(-1), 1e-4) << prototype.labels()[i];
  }
}

TEST(Prototype16, HasTheSixteenLabels) {
  const auto prototype = Prototype::read(shipped_file());
  ASSERT_TRUE(prototype.ok()) << prototype.error().message;
  EXPECT_THAT(prototype->labels(),
              ElementsAre("amusement", "anger", "awe", "concentration", "confusion", "contempt",
                          "contentment", "desire", "disappointment", "doubt", "elation", "interest",
                          "pain", "sadness", "surprise", "triumph"));
  EXPECT_THAT(prototype->notice(), HasSubstr("No rating validated"));
}

TEST(Prototype16, NamesASourceForEveryWeightAndUsesEverySource) {
  const Json json = shipped();
  std::vector<std::string> used;
  for (const Json& label : json.at("labels")) {
    for (const Json& weight : label.at("weights")) {
      used.push_back(weight.at("source"));
      EXPECT_FALSE(weight.at("stands_for").get<std::string>().empty());
      EXPECT_LE(std::abs(weight.at("weight").get<double>()), 1) << label.at("label");
    }
  }
  for (const auto& [key, citation] : json.at("sources").items()) {
    EXPECT_GT(std::count(used.begin(), used.end(), key), 0) << key;
    EXPECT_THAT(citation.get<std::string>(), ::testing::ContainsRegex("\\([12][0-9][0-9][0-9]\\)"));
  }
}

TEST(Prototype16, RaisesEachLabelWithEachOfItsWeights) {
  const Json json = shipped();
  const Prototype prototype = Prototype::read(shipped_file()).value();
  const Json& norms = json.at("norms").at("channels");
  std::vector<float> average;
  for (const std::string& input : prototype.inputs()) {
    average.push_back(norms.at(input).at("mean").get<float>());
  }
  for (std::size_t l = 0; l < prototype.labels().size(); ++l) {
    for (const Json& weight : json.at("labels").at(l).at("weights")) {
      auto channel = weight.at("channel").get<std::string>();
      const float sd = norms.at(channel).at("sd").get<float>();
      if (channel.starts_with("abs(")) channel = channel.substr(4, channel.size() - 5);
      const auto input = std::find(prototype.inputs().begin(), prototype.inputs().end(), channel);
      ASSERT_NE(input, prototype.inputs().end()) << channel;
      std::vector<float> moved = average;
      const double sign = weight.at("weight").get<double>() > 0 ? 1 : -1;
      float& value = moved[static_cast<std::size_t>(input - prototype.inputs().begin())];
      value = static_cast<float>(sign) * (std::abs(value) + 2 * sd);
      EXPECT_GT(prototype.score(moved)[l], prototype.score(average)[l] + 0.01F)
          << prototype.labels()[l] << " " << channel;
    }
  }
}

struct Damage {
  const char* name;
  void (*apply)(Json&);
  const char* said;
};

class PrototypeRefuses : public ::testing::TestWithParam<Damage> {};

TEST_P(PrototypeRefuses, WithFileAndPlace) {
  Json json = small();
  GetParam().apply(json);
  const auto prototype = parsed(json);
  ASSERT_FALSE(prototype.ok());
  EXPECT_EQ(prototype.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(prototype.error().message, HasSubstr("weights.json"));
  EXPECT_THAT(prototype.error().message, HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    Files, PrototypeRefuses,
    ::testing::Values(
        Damage{"list", [](Json& j) { j = Json::array(); }, "no JSON object"},
        Damage{"id", [](Json& j) { j.erase("id"); }, "id"},
        Damage{"notice", [](Json& j) { j["notice"] = ""; }, "notice"},
        Damage{"scale", [](Json& j) { j["scale"] = 3; }, "scale.intercept"},
        Damage{"limit", [](Json& j) { j["scale"]["z_limit"] = 0; }, "scale.z_limit"},
        Damage{"labels", [](Json& j) { j["labels"] = Json::array(); }, "labels"},
        Damage{"entry", [](Json& j) { j["labels"][0] = 7; }, "labels"},
        Damage{"twice", [](Json& j) { j["labels"][1]["label"] = "glad"; }, "glad"},
        Damage{"no_weights", [](Json& j) { j["labels"][1]["weights"] = Json::array(); }, "low"},
        Damage{"zero", [](Json& j) { j["labels"][1]["weights"][0]["weight"] = 0; }, "low, up"},
        Damage{"word", [](Json& j) { j["labels"][1]["weights"][0]["weight"] = "1"; }, "low, up"},
        Damage{"unsourced", [](Json& j) { j["labels"][0]["weights"][0].erase("source"); },
               "glad, up"},
        Damage{"unlisted", [](Json& j) { j["labels"][0]["weights"][0]["source"] = "b"; },
               "glad, up"},
        Damage{"no_norms", [](Json& j) { j.erase("norms"); }, "glad, up"},
        Damage{"norms_number", [](Json& j) { j["norms"] = 3; }, "glad, up"},
        Damage{"norms_list", [](Json& j) { j["norms"]["channels"] = Json::array(); },
               "norms.channels"},
        Damage{"no_spread", [](Json& j) { j["norms"]["channels"]["up"]["sd"] = 0; }, "glad, up"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Prototype, SaysWhereTheFileShouldBe) {
  const auto none = Prototype::read("nowhere/weights.json");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(none.error().message, HasSubstr("nowhere/weights.json"));
  EXPECT_FALSE(Prototype::read(testing::source_dir()).ok());  // a folder
  EXPECT_FALSE(Prototype::parse("{", "weights.json").ok());
}

}  // namespace
}  // namespace mien
