// What a model of contexts finds when it may name fewer and fewer texts of no context wrongly:
// points of one curve, to hold models against each other at the same rate of false names.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "context/text_scorer.h"

namespace mien {

struct OperatingPoint {
  double least_prob = 0;  // no context is given below it, nor below its own threshold
  int none_given = 0;     // texts of no context that any context is given to
  double found = 0;       // share of the texts of a context whose best one is right and given
  double precision = 0;   // over all pairs of text and context given
  double recall = 0;
  double micro_f1 = 0;
};

// The first with the thresholds as they are, then one for each smaller number of texts of no
// context that are given one, with the least `least_prob` that gives it, down to none. Where a
// share has nothing to be taken of it is NaN. `scores`, `labels`, `thresholds` as in
// evaluate_texts.
std::vector<OperatingPoint> operating_points(std::span<const TextScores> scores,
                                             std::span<const std::vector<std::uint32_t>> labels,
                                             std::span<const double> thresholds);

}  // namespace mien
