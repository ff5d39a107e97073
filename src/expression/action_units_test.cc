// Action Units from blendshapes: each unit moves with its own shapes alone.
#include "expression/action_units.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <set>

#include "support/paths.h"

#include "model/manifest.h"

namespace mien {
namespace {

std::vector<std::string> labels() {
  return read_manifest(testing::source_dir() / "models/bundle/mediapipe_blendshapes.json")
      .value()
      .labels;
}

TEST(ActionUnits, EachMovesWithItsOwnShapesAlone) {
  const std::vector<std::string> shapes = labels();
  const ActionUnits units = ActionUnits::open(shapes).value();
  std::set<std::string> used;
  for (std::size_t shape = 0; shape < shapes.size(); ++shape) {
    std::vector<float> values(shapes.size(), 0.0F);
    values[shape] = 0.8F;
    const std::vector<float> found = units.from(values);
    ASSERT_EQ(found.size(), action_unit_specs().size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      const ActionUnitSpec& unit = action_unit_specs()[i];
      const bool is_one = unit.shapes[0] == shapes[shape] || unit.shapes[1] == shapes[shape];
      const bool is_half = !unit.shapes[1].empty() && unit.rule == ShapesRule::kMean;
      EXPECT_FLOAT_EQ(found[i], is_one ? is_half ? 0.4F : 0.8F : 0.0F)
          << shapes[shape] << ", AU" << unit.number;
      if (is_one) used.insert(shapes[shape]);
    }
  }
  // What stands for no unit, and what the network leaves at 0 on every face.
  for (const char* left_out :
       {"cheek_squint_left", "nose_sneer_right", "jaw_forward", "cheek_puff"})
    EXPECT_FALSE(used.contains(left_out));
}

TEST(ActionUnits, OfAFaceWithoutBlendshapesAreMissing) {
  const std::vector<std::string> shapes = labels();
  const ActionUnits units = ActionUnits::open(shapes).value();
  const std::vector<float> none(shapes.size(), std::numeric_limits<float>::quiet_NaN());
  for (const float value : units.from(none)) EXPECT_TRUE(std::isnan(value));
}

TEST(ActionUnits, OfAnotherNetworkAreRefusedWithTheMissingShape) {
  std::vector<std::string> shapes = labels();
  std::erase(shapes, "jaw_open");
  const auto opened = ActionUnits::open(shapes);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(opened.error().message, ::testing::HasSubstr("'jaw_open'"));
}

TEST(ActionUnits, HaveColumnsInTheOrderOfTheirNumbers) {
  const std::vector<ColumnSpec> columns = action_unit_columns();
  ASSERT_EQ(columns.size(), action_unit_specs().size());
  for (std::size_t i = 1; i < columns.size(); ++i) EXPECT_LT(columns[i - 1].name, columns[i].name);
  EXPECT_EQ(columns.front().name, "au_01");
}

}  // namespace
}  // namespace mien
