// A line in the logit, a label each, that makes scores probabilities: p = sigmoid(intercept + slope
// z) (Platt 1999), by maximum likelihood against mean ratings weighted by their raters. A slope is
// drawn toward 1 as by a normal prior of SD 1, so that labels that were seldom chosen keep theirs;
// a label whose scores tell nothing (slope not above 0) becomes its rate, for every clip.
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
