// Trains a classifier of contexts on labelled texts, and measures it on texts that it has not seen.
//
//   OUT/model.ftz      fastText, one-vs-all, quantised
//   OUT/manifest.json  for --model: contexts, SHA-256, calibration, evaluation, how it was made
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "context/fasttext_model.h"
#include "pipeline/texts/text_model.h"

namespace mien {

struct TrainTextRequest {
  std::filesystem::path labels;  // labelled_text.h
  std::filesystem::path out;
  std::string id = "contexts";
  FastTextOptions options;
};

struct TrainTextSummary {
  int training = 0, calibration = 0, held_out = 0;  // texts
  TextModelEvaluation evaluation;                   // on the held-out ones
  double train_s = 0;
};

// Texts are divided by the SHA-256 of seed and uploader (or, without one, of the text itself), so
// that no uploader and no repeated text stands on two sides: 70% train, 15% calibrate, 15% are held
// out. The same labels, options and seed give the same model. kUsage for too few texts; kMismatch
// where training met NaN.
Result<TrainTextSummary> train_text(const TrainTextRequest& request);

}  // namespace mien
