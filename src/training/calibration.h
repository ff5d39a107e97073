// Makes scores probabilities: p = sigmoid(intercept + slope z), by maximum likelihood against mean
// ratings weighted by their raters. All labels share one slope, which is temperature scaling (Guo
// et al. 2017), drawn toward 1 as by a normal prior of SD 1; each has an intercept of its own,
// which meets its rate. (With a slope of its own a label that is hard to tell is hardly ever the
// highest: on labelled faces one of six labels all but vanished from the first place.) A label
// whose scores tell nothing, of which a line of its own (Platt 1999) does not rise, becomes its
// rate for every clip.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "training/dataset.h"

namespace mien {

struct CalibrationLine {
  std::vector<float> slope, intercept;  // of each label
};

// `logits` [clips][labels], beside `clips`, which number rows of `targets`.
CalibrationLine calibrate(std::span<const float> logits, std::span<const std::uint32_t> clips,
                          const Targets& targets);

// The probabilities, [clips][labels]; logits are held within +-kMostLogit.
std::vector<float> calibrated(std::span<const float> logits, const CalibrationLine& line);

}  // namespace mien
