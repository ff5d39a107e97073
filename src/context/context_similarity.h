// How near a video's words are to each context of a vocabulary: what a calibration turns into
// probabilities (calibration.h).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "context/prepared_text.h"

namespace mien {

struct Similarities {
  std::vector<std::string> reasons;  // one a text: empty, or why its row holds NaN
  std::vector<float> values;         // texts x contexts, row major; larger is nearer
};

// Thread-safe; the same text has the same row whatever it is compared with.
class ContextSimilarity {
 public:
  virtual ~ContextSimilarity() = default;
  virtual std::string identity() const = 0;                   // changes whenever a similarity may
  virtual std::span<const std::string> contexts() const = 0;  // ids, in the columns' order
  virtual Result<Similarities> compare(std::span<const PreparedText> texts) const = 0;

 protected:
  ContextSimilarity() = default;
  ContextSimilarity(const ContextSimilarity&) = default;
  ContextSimilarity& operator=(const ContextSimilarity&) = default;
};

}  // namespace mien
