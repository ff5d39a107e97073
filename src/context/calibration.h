// Similarities -> probabilities.
//
// For the similarity s_c of a text to context c and the largest one s_max of that text,
//   logit P(c) = intercept + offset_c + slope s_c + margin_slope (s_max - s_c)
//   logit P(none) = none_intercept + none_slope max_c logit P(c).
// The first is Platt's (1999) scaling with a second term, since right and wrong similarities
// overlap and the nearest context is more often right than its similarity alone tells. offset_c is
// drawn towards 0 (calibration_fit.h), so that a context with few examples shares what is common to
// all.
//
// A calibration belongs to one model; its offsets and own thresholds belong to one vocabulary.
// With another vocabulary the common values hold.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mien {

struct ContextCalibration {
  int texts = 0;  // of the context that it was fitted on
  double offset = 0;
  double threshold_prob = 0;
};

struct Calibration {
  std::string model;       // identity of what gave the similarities, without the vocabulary
  std::string vocabulary;  // SHA-256 of the file
  std::string titles;      // SHA-256 of the labelled texts
  int texts = 0;           // labelled texts it was fitted on
  int none_texts = 0;      // of them, of no context
  double intercept = 0;
  double slope = 1;
  double margin_slope = 0;
  double none_intercept = 0;
  double none_slope = -1;
  double threshold_prob = 0.5;
  std::vector<float> background;  // mean vector of texts (encoder_similarity.h); may be empty
  std::map<std::string, ContextCalibration> contexts;  // by id
};

double logistic(double logit);

// logits, one a similarity; `offsets` one a context.
void calibrated_logits(const Calibration& calibration, std::span<const float> similarities,
                       std::span<const double> offsets, std::span<double> logits);
// NaN where the calibration has seen no text of no context.
double none_probability(const Calibration& calibration, std::span<const double> logits);

// kCorrupt names `name`, the member and the remedy.
Result<Calibration> parse_calibration(std::string_view bytes, const std::string& name);
std::string calibration_json(const Calibration& calibration);  // ends with a line end

// kMismatch where the calibration is for another model; without offsets and own thresholds where it
// is for another vocabulary.
Result<Calibration> calibration_for(Calibration calibration, const std::string& name,
                                    const std::string& model, const std::string& vocabulary);

}  // namespace mien
