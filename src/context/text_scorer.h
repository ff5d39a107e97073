// Words of a video -> how likely each context of a vocabulary is.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "context/calibration.h"
#include "context/context_similarity.h"
#include "context/prepared_text.h"

namespace mien {

struct ContextScore {
  std::uint32_t context = 0;  // position in contexts()
  double prob = 0;
};

struct TextScores {
  std::string reason;                // empty where there are scores
  std::vector<ContextScore> scores;  // as kept_scores gives them
  double none_prob = 0;              // that no context fits; NaN where nothing is scored
};

// Each score of at least this is kept, and a video's best so many in any case.
constexpr double kKeptProb = 0.01;
constexpr std::size_t kKeptBest = 5;

// Those of `logits` (one a context) that are kept, best first; of equal ones the first context.
std::vector<ContextScore> kept_scores(std::span<const double> logits);

// Thread-safe; the same text has the same scores whatever it is scored with.
class TextScorer {
 public:
  // No context is given below `least_prob`, whatever the calibration's own thresholds are.
  TextScorer(std::unique_ptr<const ContextSimilarity> similarity, const Calibration& calibration,
             double least_prob = 0);

  // One line that changes whenever scores may: model, vocabulary, calibration.
  const std::string& identity() const { return identity_; }
  std::span<const std::string> contexts() const { return similarity_->contexts(); }  // ids
  std::span<const double> thresholds() const { return thresholds_; }  // of prob, one a context
  Result<std::vector<TextScores>> score(std::span<const PreparedText> texts) const;

 private:
  std::unique_ptr<const ContextSimilarity> similarity_;
  Calibration calibration_;
  std::vector<double> offsets_, thresholds_;  // one a context
  std::string identity_;
};

}  // namespace mien
