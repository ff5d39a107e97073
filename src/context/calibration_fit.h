// Calibrations made from labelled texts.
//
// Intercept, slopes and offsets are the maximum of the log-likelihood over all pairs of text and
// context (maximum a posteriori: offsets have a normal prior of SD kOffsetSd logits about 0, which
// is the shrinkage), found by Newton's method. A pair counts for nothing where the context is an
// ancestor of one that the text has: it may well fit too. Then P(none) is fitted on the texts'
// largest logits. The common threshold maximises F1 over all pairs; a context's own is the mean of
// the one that maximises its F1, weighted with its texts, and the common one, weighted with
// kThresholdWeight; contexts of fewer than kOwnThresholdTexts texts have the common one. No
// threshold is so low that more than kMostNoneGiven of the texts of no context would be given one:
// F1 counts such a text no more than any other wrong pair, and texts of no context, of which real
// corpora have more than calibrations, would all be given something.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "context/calibration.h"
#include "context/context_similarity.h"
#include "context/vocabulary.h"

namespace mien {

constexpr double kOffsetSd = 0.5;
constexpr int kOwnThresholdTexts = 10;
constexpr double kThresholdWeight = 20;
constexpr double kMostNoneGiven = 0.1;

struct CalibrationData {
  std::span<const std::string> contexts;  // ids
  std::span<const float> similarities;    // texts x contexts; rows with NaN are passed over
  std::span<const std::vector<std::uint32_t>> labels;     // one a text: positions; empty: none
  std::span<const std::vector<std::uint32_t>> ancestors;  // one a context; empty: none known
};

// Without model, hashes and background. kUsage where fewer than 20 texts can be read, or none of
// them has a context.
Result<Calibration> fit_calibration(const CalibrationData& data);

// The threshold between two probabilities that maximises F1 of points of a probability and whether
// the label holds; 0.5 where none holds.
double best_threshold(std::vector<std::pair<double, bool>> points);

// All contexts above each one, rising.
std::vector<std::vector<std::uint32_t>> ancestors_of(const ContextVocabulary& vocabulary);

}  // namespace mien
