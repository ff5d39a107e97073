#include "expression/action_units.h"

#include <fmt/format.h>

#include <algorithm>

namespace mien {

namespace {

constexpr std::array<ActionUnitSpec, 23> kActionUnits = {{
    {1, "inner brow raiser", {"brow_inner_up", ""}},
    {2, "outer brow raiser", {"brow_outer_up_left", "brow_outer_up_right"}},
    {4, "brow lowerer", {"brow_down_left", "brow_down_right"}},
    {5, "upper lid raiser", {"eye_wide_left", "eye_wide_right"}},
    {7, "lid tightener", {"eye_squint_left", "eye_squint_right"}},
    {10, "upper lip raiser", {"mouth_upper_up_left", "mouth_upper_up_right"}},
    {12, "lip corner puller", {"mouth_smile_left", "mouth_smile_right"}},
    {14, "dimpler", {"mouth_dimple_left", "mouth_dimple_right"}},
    {15, "lip corner depressor", {"mouth_frown_left", "mouth_frown_right"}},
    {16, "lower lip depressor", {"mouth_lower_down_left", "mouth_lower_down_right"}},
    {17, "chin raiser", {"mouth_shrug_lower", ""}},
    {18, "lip pucker", {"mouth_pucker", ""}},
    {20, "lip stretcher", {"mouth_stretch_left", "mouth_stretch_right"}},
    {22, "lip funneler", {"mouth_funnel", ""}},
    {24, "lip presser", {"mouth_press_left", "mouth_press_right"}},
    {26, "jaw drop", {"jaw_open", ""}},
    {28, "lip suck", {"mouth_roll_lower", "mouth_roll_upper"}},
    {30, "jaw sideways", {"jaw_left", "jaw_right"}, ShapesRule::kLarger},
    {43, "eyes closed", {"eye_blink_left", "eye_blink_right"}},
    {61, "eyes turn left", {"eye_look_out_left", "eye_look_in_right"}},
    {62, "eyes turn right", {"eye_look_in_left", "eye_look_out_right"}},
    {63, "eyes up", {"eye_look_up_left", "eye_look_up_right"}},
    {64, "eyes down", {"eye_look_down_left", "eye_look_down_right"}},
}};

std::string shapes_of(const ActionUnitSpec& unit) {
  if (unit.shapes[1].empty()) return std::string(unit.shapes[0]);
  return fmt::format("{} of {} and {}", unit.rule == ShapesRule::kMean ? "mean" : "larger",
                     unit.shapes[0], unit.shapes[1]);
}

}  // namespace

std::span<const ActionUnitSpec> action_unit_specs() {
  return kActionUnits;
}

std::string action_unit_column(int number) {
  return fmt::format("au_{:02}", number);
}

std::vector<ColumnSpec> action_unit_columns() {
  std::vector<ColumnSpec> columns;
  for (const ActionUnitSpec& unit : kActionUnits) {
    columns.push_back(
        {action_unit_column(unit.number), ColumnType::kDouble,
         fmt::format("Action Unit {} ({}), 0 to 1, as blendshapes have it ({}); no FACS intensity, "
                     "and no coder stands behind it. Only where the channel is asked for.",
                     unit.number, unit.name, shapes_of(unit))});
  }
  return columns;
}

Result<ActionUnits> ActionUnits::open(std::span<const std::string> labels) {
  ActionUnits units;
  for (const ActionUnitSpec& unit : kActionUnits) {
    std::array<std::size_t, 2> places{};
    for (std::size_t side = 0; side < 2; ++side) {
      const std::string_view shape = unit.shapes[1].empty() ? unit.shapes[0] : unit.shapes.at(side);
      const auto found = std::ranges::find(labels, shape);
      if (found == labels.end()) {
        return Error{ErrorCode::kMismatch,
                     fmt::format("the network of blendshapes has no label '{}', which Action Unit "
                                 "{} needs; remedy: add the bundle again (mien models add)",
                                 shape, unit.number)};
      }
      places.at(side) = static_cast<std::size_t>(found - labels.begin());
    }
    units.places_.push_back(places);
  }
  return units;
}

std::vector<float> ActionUnits::from(std::span<const float> shapes) const {
  std::vector<float> values;
  values.reserve(places_.size());
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const float left = shapes[places_[i][0]];
    const float right = shapes[places_[i][1]];
    const bool is_mean = kActionUnits.at(i).rule == ShapesRule::kMean;
    values.push_back(is_mean ? (left + right) / 2 : std::max(left, right));
  }
  return values;
}

}  // namespace mien
