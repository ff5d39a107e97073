// Objects against Human, the npm library that ships the network
// (tests/reference/objects/expected.mjs): each of its finds of at least 0.3 is found with the same
// class, a score within 0.1 and a box that overlaps by at least 0.7. The two bring pictures to the
// network's size in different ways; on the same numbers the networks agree, see
// model_reference_test.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"
#include "support/real_pictures.h"

#include "context/object_finder.h"

namespace mien {
namespace {

Image picture(const std::string& name) {
  const std::size_t at = name.find('@');
  if (at == std::string::npos) {
    return testing::still(testing::npm_package("@vladmandic/face-api/demo") / name);
  }
  const int second = std::stoi(name.substr(at + 1));
  return std::move(testing::clip_at(name.substr(0, at), 1, second + 1).back());
}

TEST(ObjectReference, FindsWhatHumanFinds) {
  const auto root = testing::source_dir();
  std::ifstream file(root / "tests/reference/objects/expected.json");
  const nlohmann::json expected = nlohmann::json::parse(file).at("centernet");
  auto finder =
      ObjectFinder::open(ModelSet::open(root / "models", root / "build/models").value()).value();
  int compared = 0;
  double worst = 0;
  for (const auto& [name, wanted] : expected.items()) {
    const Image image = picture(name);
    ASSERT_EQ(image.width_px(), wanted.at("width").get<int>()) << name;
    ASSERT_EQ(image.height_px(), wanted.at("height").get<int>()) << name;
    const auto found = finder.find(image.view(), 0.1F);
    ASSERT_TRUE(found.ok()) << found.error().message;
    for (const auto& object : wanted.at("objects")) {
      const double score = object.at("score");
      if (score < 0.3) continue;
      const auto part = object.at("box").get<std::vector<float>>();
      const auto w = static_cast<float>(image.width_px());
      const auto h = static_cast<float>(image.height_px());
      const Box box{part[0] * w, part[1] * h, part[2] * w, part[3] * h};
      double best = 1;
      for (const FoundObject& mine : *found) {
        if (finder.labels()[mine.label] != object.at("label").get<std::string>()) continue;
        if (intersection_over_union(mine.box, box) < 0.7F) continue;
        best = std::min(best, std::abs(static_cast<double>(mine.score_prob) - score));
      }
      EXPECT_LT(best, 0.1) << name << " " << object.dump();
      worst = std::max(worst, best);
      ++compared;
    }
  }
  EXPECT_GE(compared, 30);
  RecordProperty("worst_score_difference", std::to_string(worst));
}

}  // namespace
}  // namespace mien
