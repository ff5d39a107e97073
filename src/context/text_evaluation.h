// How well contexts are read from texts: scores held against labels.
//
// A text counts as answered where it has scores. Over all texts, answered or not:
//   top1, top3         share of texts of a context whose best (one of the 3 best) is a label
//   none_above         share of texts of no context to which any context is given (above threshold)
//   micro F1           over all pairs of text and context above the threshold
//   macro F1           mean over the contexts that some text has
// Over the answered ones: Brier score of the kept scores and their reliability in bins; Brier score
// of P(none). A context above the one that was asked for counts as wrong.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "context/text_scorer.h"

namespace mien {

struct ContextCounts {
  int texts = 0;  // that have it
  int given = 0;  // that it is given to
  int right = 0;
  double f1() const {
    return texts + given == 0 ? 0 : 2.0 * right / static_cast<double>(texts + given);
  }
};

struct ReliabilityBin {
  double low = 0, high = 0;
  int scores = 0;
  double mean_prob = 0;
  double share_right = 0;
};

struct TextEvaluation {
  int texts = 0, with_context = 0, none = 0, answered = 0;
  double top1 = 0, top3 = 0;
  double none_above = 0;
  double micro_f1 = 0, macro_f1 = 0, precision = 0, recall = 0;
  double precision_at_3 = 0;  // share of the 3 best that is right; of the best one it is top1
  double none_brier = 0;
  double calibration_error = 0;  // mean over kept scores of |bin's mean prob - share right|
  std::vector<ReliabilityBin> bins;
  std::vector<ContextCounts> contexts;
};

TextEvaluation evaluate_texts(std::span<const TextScores> scores,
                              std::span<const std::vector<std::uint32_t>> labels,
                              std::span<const double> thresholds);

}  // namespace mien
