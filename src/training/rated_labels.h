// Which labels can be learned from the ratings of some clips, and what each clip's target is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "training/dataset.h"

namespace mien {

inline constexpr double kFewestChosen = 5;  // clips of either side that a label needs
inline constexpr double kSmoothingRaters = 0.1;

struct LabelChoice {
  std::vector<std::size_t> labels;    // those that are learned, ascending
  std::vector<std::string> left_out;  // "awe: nobody chose it", with what would help
  std::vector<std::string> warnings;  // of the ratings as a whole
};

// A label is left out where nobody chose it, where every rating of it is the same, or where fewer
// than kFewestChosen clips are above, or not above, its mean. kUsage, with the remedy, where
// nothing remains.
Result<LabelChoice> labels_to_learn(const Ratings& ratings, const Targets& targets);

// The same targets, of the labels chosen only.
Targets only_labels(const Targets& targets, std::span<const std::size_t> labels);

// (n m + a rate) / (n + a): a mean m of n raters moves toward the label's rate over `clips` as
// a = kSmoothingRaters more raters would move it. With one rater that is label smoothing of 0.09
// (Szegedy et al. 2016 used 0.1); with many it fades.
Targets smoothed(const Targets& targets, std::span<const std::uint32_t> clips);

// Smoothed targets whose weights even out labels: a clip's raters count c times, c the mean of 1 /
// (L rate of label) over what they chose, held within 1/kMostBalance..kMostBalance and scaled to
// keep the sum. So a label that is rarely chosen is learned as well as a common one; calibration,
// which counts every rater once, brings the rates back.
Targets training_targets(const Targets& targets, std::span<const std::uint32_t> clips);
inline constexpr double kMostBalance = 4;

// The lowest and the highest value that was given, of value ratings.
std::pair<double, double> value_range(const Ratings& ratings);

// The clips of which somebody rated some label.
std::vector<std::uint32_t> rated_clips(const Targets& targets);

// The ratings of these clips, which become 0, 1, 2...; raters, labels and groups stay.
Ratings only_clips(const Ratings& ratings, std::span<const std::uint32_t> clips);

}  // namespace mien
