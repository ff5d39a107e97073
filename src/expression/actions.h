// Facial actions of one face on one frame, from its landmarks alone: no emotion word, no rater, no
// network beside the one that gave the landmarks.
//
// Each action approximates an Action Unit of the Facial Action Coding System (Ekman, Friesen and
// Hager 2002) by a formula over the upright landmarks of face/alignment.h, so it does not depend on
// where the face is, how large, how it is turned in the picture, and, as far as landmarks and pose
// are right, where the head points; how far that is: docs/actions.md. The unit is the distance of
// the face's own outer eye corners; head angles are degrees, closure of the eyes a share.
//
// Zero is a typical neutral face: the median over pictures labelled neutral. It is not the
// person's own neutral face; no clip's neutral is assumed or taken off.
#pragma once

#include <array>
#include <string_view>

#include "face/face.h"

namespace mien {

inline constexpr std::size_t kActionCount = 26;

struct ActionSpec {
  std::string_view name;          // the column is "action_" + name
  std::string_view action_units;  // what it approximates
  std::string_view description;   // what rises when it rises
  std::string_view unit;          // "eye distances", "degrees", "share"
};
const std::array<ActionSpec, kActionCount>& action_specs();

using Actions = std::array<float, kActionCount>;  // in the order of action_specs()

// All NaN where the landmarks cannot be aligned. Costs half a per cent of basic7's network.
Actions measure_actions(const Landmarks& landmarks);

// What the actions are made of: plain distances and heights, before a neutral face's are taken off.
// For the measurement of those constants (norms_main.cc) and its test.
inline constexpr std::size_t kMeasureCount = 19;
using Measures = std::array<double, kMeasureCount>;
Measures measures_of(const Landmarks& landmarks);
const Measures& neutral_measures();

}  // namespace mien
