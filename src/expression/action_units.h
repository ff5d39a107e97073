// FACS Action Units read off blendshapes: channel `au`, one number of 0 to 1 an Action Unit.
//
// Which blendshapes stand for which unit: Ozel, M., "ARKit to FACS: blendshape cheat sheet"
// (melindaozel.com), with units as Ekman, Friesen and Hager (2002) number them. Of the shapes of
// the two sides the mean is given. The numbers are no FACS intensities (A to E): nobody coded the
// faces that MediaPipe's network learned from. Units whose only shapes MediaPipe's network leaves
// at 0 on every face (AU6, AU9, AU29, AU34) are left out instead of being given as 0. Table,
// figures and limits: docs/action-units.md.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "table/schema.h"

namespace mien {

enum class ShapesRule { kMean, kLarger };

struct ActionUnitSpec {
  int number;                              // in FACS
  std::string_view name;                   // as FACS names it
  std::array<std::string_view, 2> shapes;  // labels of blendshapes; the second may be empty
  ShapesRule rule = ShapesRule::kMean;
};
std::span<const ActionUnitSpec> action_unit_specs();

// "au_01".
std::string action_unit_column(int number);
std::vector<ColumnSpec> action_unit_columns();

class ActionUnits {
 public:
  // `labels` are the network's, in its order. kMismatch where a shape is not among them.
  static Result<ActionUnits> open(std::span<const std::string> labels);

  // One number a unit, in the order of action_unit_specs(), from one number a label; NaN where the
  // shapes are NaN.
  std::vector<float> from(std::span<const float> shapes) const;

 private:
  std::vector<std::array<std::size_t, 2>> places_;  // twice the same where there is one shape
};

}  // namespace mien
